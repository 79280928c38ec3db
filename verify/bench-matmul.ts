/** Streams matmul jobs through the array and judges its results. */

import type { SignMatrix } from '../golden/fixed/index.ts';
import { beatValue, type MatmulParameters, matmulWidths, type WeightStream, weightStream } from '../hw/index.ts';
import { type Beat, createRandom } from '../sim/index.ts';
import type { MatmulJob } from './job.ts';
import { notPlanted } from './problem.ts';
import { type UnitBench, type Verdict, type WrongWord, wrongWord } from './unit-bench.ts';
import { joinFields, padded, splitFields } from './words.ts';

/** With `flipWeight` one sign that meets a non-zero activation arrives flipped. Lanes beyond a matrix carry noise. */
export function matmulBench(jobs: readonly MatmulJob[], p: MatmulParameters, flipWeight: boolean): UnitBench {
  const w = matmulWidths(p);
  const streams = new Map<SignMatrix, WeightStream>();
  const streamOf = (m: SignMatrix): WeightStream => {
    const known = streams.get(m) ?? weightStream(m, p);
    streams.set(m, known);
    return known;
  };
  function* desc(): Generator<Beat> {
    for (const { matrix, activations } of jobs) yield { rows: matrix.rows, cols: matrix.cols, bias: activations.bias };
  }
  const fault = flipWeight ? faultIn(jobs, p) : undefined;
  function* act(): Generator<Beat> {
    const noise = createRandom(17);
    for (const { matrix, activations } of jobs) {
      for (let i = 0; i < matrix.cols; i += p.columns) {
        yield { q: joinFields(padded(activations.q.subarray(i, i + p.columns), p.columns, noise), w.activation) };
      }
    }
  }
  function* weight(): Generator<Beat> {
    const noise = createRandom(18);
    for (const [n, { matrix }] of jobs.entries()) {
      const stream = streamOf(matrix);
      const groups = Math.ceil(matrix.cols / p.columns);
      const used = matrix.cols - (groups - 1) * p.columns;
      const beyond = used < p.columns ? laneMask(p, used) : 0n;
      for (let i = 0; i < stream.beats; i++) {
        const flipped = fault?.job === n && fault.beat === i ? 1n << BigInt(fault.bit) : 0n;
        const rubbish = i % groups === groups - 1 ? beyond & noise.bits(p.lanes * p.columns) : 0n;
        yield { w: beatValue(stream, i) ^ flipped ^ rubbish };
      }
    }
  }
  const tiles = (j: MatmulJob): number => Math.ceil(j.matrix.rows / p.lanes);
  return {
    unit: 'matmul',
    feeds: { desc, act, weight },
    collects: { result: jobs.reduce((sum, j) => sum + tiles(j), 0) },
    cycleBound: jobs.reduce((sum, j) => sum + streamOf(j.matrix).beats + Math.ceil(j.matrix.cols / p.columns) + 32, 64),
    operations: jobs.reduce((sum, j) => sum + j.matrix.rows * j.matrix.cols, 0),
    operation: 'binary multiply-accumulates',
    judge: (taken) => judge(jobs, taken['result'] ?? [], p, w.result),
  };
}

/** Ones in the columns from `used` on of every lane. */
function laneMask(p: MatmulParameters, used: number): bigint {
  const lane = ((1n << BigInt(p.columns)) - 1n) ^ ((1n << BigInt(used)) - 1n);
  let mask = 0n;
  for (let r = 0; r < p.lanes; r++) mask |= lane << BigInt(r * p.columns);
  return mask;
}

/** The first sign of the first row of a matrix in the middle of the work that meets a non-zero activation. */
function faultIn(jobs: readonly MatmulJob[], p: MatmulParameters): { job: number; beat: number; bit: number } {
  for (let job = Math.floor(jobs.length / 2); job < jobs.length; job++) {
    const column = jobs[job]!.activations.q.findIndex((q) => q !== 0);
    if (column >= 0) return { job, beat: Math.floor(column / p.columns), bit: column % p.columns };
  }
  throw notPlanted('every activation is zero');
}

function judge(
  jobs: readonly MatmulJob[],
  beats: readonly Readonly<Record<string, bigint>>[],
  p: MatmulParameters,
  bits: number,
): Verdict[] {
  let next = 0;
  return jobs.map((job): Verdict => {
    let mismatch: WrongWord | undefined;
    for (let row = 0; row < job.matrix.rows; row += p.lanes) {
      const index = next++;
      mismatch ??= judgeTile(job, row, index, beats[index], p.lanes, bits);
    }
    return { group: job.group, label: job.label, words: job.matrix.rows, mismatch };
  });
}

/** The first word of a beat of results that is wrong. */
function judgeTile(
  job: MatmulJob,
  row: number,
  index: number,
  beat: Readonly<Record<string, bigint>> | undefined,
  lanes: number,
  bits: number,
): WrongWord | undefined {
  if (beat === undefined) return { text: `row ${row}: no result came`, beat: undefined };
  const valid = Math.min(lanes, job.matrix.rows - row);
  for (const [field, expected] of [
    ['rows', BigInt(valid)],
    ['last', row + lanes >= job.matrix.rows ? 1n : 0n],
  ] as const) {
    const found = beat[field]!;
    const text = `row ${row}: ${field} = ${expected} expected, ${found} found`;
    if (found !== expected) return wrongWord(text, 'result', index, field, [expected, found], 32);
  }
  const found = splitFields(beat['y']!, bits, valid);
  const lane = found.findIndex((y, l) => y !== job.expected[row + l]);
  if (lane < 0) return undefined;
  const [is, should] = [found[lane]!, job.expected[row + lane]!];
  const text = `row ${row + lane}: ${should} expected, ${is} found`;
  return wrongWord(text, 'result', index, 'y', [BigInt(should), BigInt(is)], bits, lane * bits);
}
