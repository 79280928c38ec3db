/** Streams matmul jobs through the array and judges its results. */

import type { PlaneMatrix, TiledVector } from '../golden/fixed/index.ts';
import {
  type BeatStream,
  beatValue,
  type MatmulParameters,
  type MatmulWidths,
  matmulWidths,
  weightStream,
} from '../hw/index.ts';
import { type Beat, createRandom, type Random } from '../sim/index.ts';
import type { MatmulJob } from './job.ts';
import { notPlanted, VerifyProblem } from './problem.ts';
import { type UnitBench, type Verdict, type WrongWord, wrongWord } from './unit-bench.ts';
import { joinFields, padded, splitFields } from './words.ts';

/** With `flipWeight` one weight bit that meets a non-zero activation arrives flipped. Lanes beyond a matrix carry noise. */
export function matmulBench(jobs: readonly MatmulJob[], p: MatmulParameters, flipWeight: boolean): UnitBench {
  const w = matmulWidths(p);
  const streamOf = rememberStreams(p);
  const fault = flipWeight ? faultIn(jobs, p) : undefined;
  function* desc(): Generator<Beat> {
    for (const job of jobs) {
      const { rows, planes } = job.matrix;
      const signs = job.coding === 'signs' ? 1 : 0;
      const order = job.order === 'column-major' ? 1 : 0;
      yield { rows, cols: colsOf(job), tokens: job.vectors.length, planes: planes.length, signs, order };
    }
  }
  function* act(): Generator<Beat> {
    const noise = createRandom(17);
    for (const { vectors } of jobs) for (const v of vectors) yield* activationBeats(v, p, w, noise);
  }
  function* token(): Generator<Beat> {
    for (const { vectors } of jobs) for (const { round, bias } of vectors) yield { round, bias };
  }
  function* weight(): Generator<Beat> {
    const noise = createRandom(18);
    for (const [n, job] of jobs.entries()) {
      const stream = streamOf(job);
      const groupOf = columnGroups(job, p);
      const used = colsOf(job) - (groupOf.count - 1) * p.columns;
      const beyond = used < p.columns ? laneMask(p, used) : 0n;
      for (let i = 0; i < stream.beats; i++) {
        const flipped = fault?.job === n && fault.beat === i ? 1n << BigInt(fault.bit) : 0n;
        const rubbish = groupOf.beat(i) === groupOf.count - 1 ? beyond & noise.bits(p.lanes * p.columns) : 0n;
        yield { w: beatValue(stream, i) ^ flipped ^ rubbish };
      }
    }
  }
  const results = jobs.map((j) => resultBeats(j, p));
  function* factor(): Generator<Beat> {
    const noise = createRandom(19);
    for (const [n, { factors }] of jobs.entries()) {
      if (factors === undefined) throw noFactors(jobs[n]!.label);
      const word = (of: ArrayLike<number>, { row, rows }: ResultBeat): bigint => {
        const values = Int32Array.from({ length: rows }, (_, i) => of[row + i]!);
        return joinFields(padded(values, p.drain, noise), p.rowScaleBits!);
      };
      for (const beat of results[n]!) yield { scale: word(factors.scale, beat), offset: word(factors.offset, beat) };
    }
  }
  return {
    unit: 'matmul',
    flush: 'flush',
    feeds: { desc, act, token, weight, ...(p.rowScaleBits === undefined ? {} : { factor }) },
    collects: { result: results.reduce((sum, beats) => sum + beats.length, 0) },
    cycleBound: jobs.reduce((sum, j, i) => sum + cyclesAtMost(j, p, streamOf(j).beats, results[i]!.length), 64),
    operations: jobs.reduce((sum, j) => sum + j.matrix.rows * colsOf(j) * j.matrix.planes.length * j.vectors.length, 0),
    operation: 'binary multiply-accumulates',
    judge: (taken) => judge(jobs, results, taken['result'] ?? [], w.result),
  };
}

const noFactors = (label: string): VerifyProblem =>
  new VerifyProblem(
    'row-scales',
    'the array scales its results by row, and these have no such scale',
    label,
    'scaling pattern row in all projections',
    'another pattern',
    'verify the other units: --unit scan,conv,norm',
  );

const colsOf = ({ vectors }: MatmulJob): number => vectors[0]!.to - vectors[0]!.from;

/** The groups of K columns of a job, and to which a beat of weights belongs. */
function columnGroups(job: MatmulJob, p: MatmulParameters) {
  const count = Math.ceil(colsOf(job) / p.columns);
  const planes = job.matrix.planes.length;
  const tiles = Math.ceil(job.matrix.rows / p.lanes);
  const beat = (i: number): number => {
    const step = Math.floor(i / planes);
    return job.order === 'row-major' ? step % count : Math.floor(step / tiles);
  };
  return { count, beat };
}

/** Loading, computing and draining one after the other. A load of the look-up engine takes 16 cycles, one of popcounts as many as passes. */
function cyclesAtMost(job: MatmulJob, p: MatmulParameters, weights: number, results: number): number {
  const loads = Math.ceil(colsOf(job) / p.columns) * (p.columns / (p.load ?? p.columns));
  const { passes } = matmulWidths(p);
  const perLoad = p.engine === 'table' ? 16 : passes;
  return weights * passes + results + job.vectors.length * loads * perLoad + 40;
}

/** Matrices come again with every token; their streams are made once. */
function rememberStreams(p: MatmulParameters): (job: MatmulJob) => BeatStream {
  const known = new Map<PlaneMatrix, Map<number, BeatStream>>();
  return ({ matrix, vectors, coding, order }) => {
    const { from, to } = vectors[0]!;
    const parts = known.get(matrix) ?? new Map<number, BeatStream>();
    const stream = parts.get(from) ?? weightStream(matrix, p, { from, to, coding, order });
    known.set(matrix, parts.set(from, stream));
    return stream;
  };
}

function* activationBeats(v: TiledVector, p: MatmulParameters, w: MatmulWidths, noise: Random): Generator<Beat> {
  for (let i = v.from; i < v.to; i += w.load) {
    const q = padded(v.q.subarray(i, Math.min(v.to, i + w.load)), w.load, noise);
    const shifts = Array.from({ length: w.loadSegments }, (_, s) => {
      const column = i + s * p.segment;
      return column < v.to ? v.shifts[Math.floor((column - v.from) / v.tile)]! : noise.below(p.maxShift + 1);
    });
    yield { q: joinFields(q, w.activation), shift: joinFields(shifts, w.shift) };
  }
}

/** What a beat of results must be: rows from `row` on of a vector. */
interface ResultBeat {
  readonly token: number;
  readonly row: number;
  readonly rows: number;
  readonly last: boolean;
}

function resultBeats({ matrix, vectors }: MatmulJob, p: MatmulParameters): readonly ResultBeat[] {
  const beats: ResultBeat[] = [];
  for (let tile = 0; tile < matrix.rows; tile += p.lanes) {
    const end = Math.min(matrix.rows, tile + p.lanes);
    for (const token of vectors.keys()) {
      for (let row = tile; row < end; row += p.drain) {
        const rows = Math.min(p.drain, end - row);
        beats.push({ token, row, rows, last: row + rows === matrix.rows && token === vectors.length - 1 });
      }
    }
  }
  return beats;
}

/** Ones in the columns from `used` on of every lane. */
function laneMask(p: MatmulParameters, used: number): bigint {
  const lane = ((1n << BigInt(p.columns)) - 1n) ^ ((1n << BigInt(used)) - 1n);
  let mask = 0n;
  for (let r = 0; r < p.lanes; r++) mask |= lane << BigInt(r * p.columns);
  return mask;
}

/** The first weight of the first row of a matrix in the middle of the work that meets a non-zero activation. */
function faultIn(jobs: readonly MatmulJob[], p: MatmulParameters): { job: number; beat: number; bit: number } {
  for (let job = Math.floor(jobs.length / 2); job < jobs.length; job++) {
    const { q, from, to } = jobs[job]!.vectors[0]!;
    const column = q.subarray(from, to).findIndex((v) => v !== 0);
    if (column < 0) continue;
    const { matrix, order } = jobs[job]!;
    const tiles = order === 'row-major' ? 1 : Math.ceil(matrix.rows / p.lanes);
    const beat = Math.floor(column / p.columns) * tiles * matrix.planes.length;
    return { job, beat, bit: column % p.columns };
  }
  throw notPlanted('every activation is zero');
}

function judge(
  jobs: readonly MatmulJob[],
  results: readonly (readonly ResultBeat[])[],
  beats: readonly Readonly<Record<string, bigint>>[],
  bits: number,
): Verdict[] {
  let next = 0;
  return jobs.map((job, n): Verdict => {
    let mismatch: WrongWord | undefined;
    for (const result of results[n]!) {
      const index = next++;
      mismatch ??= judgeBeat(job.expected[result.token]!, result, index, beats[index], bits);
    }
    return { group: job.group, label: job.label, words: job.matrix.rows * job.vectors.length, mismatch };
  });
}

/** The first word of a beat of results that is wrong. */
function judgeBeat(
  results: ArrayLike<number>,
  { token, row, rows, last }: ResultBeat,
  index: number,
  beat: Readonly<Record<string, bigint>> | undefined,
  bits: number,
): WrongWord | undefined {
  const place = (lane: number): string => `${token > 0 ? `vector ${token}, ` : ''}row ${row + lane}`;
  if (beat === undefined) return { text: `${place(0)}: no result came`, at: undefined };
  for (const [field, expected] of [
    ['rows', BigInt(rows)],
    ['last', last ? 1n : 0n],
    ['token', BigInt(token)],
  ] as const) {
    const found = beat[field]!;
    const text = `${place(0)}: ${field} = ${expected} expected, ${found} found`;
    if (found !== expected) return wrongWord(text, 'result', index, field, [expected, found], 32);
  }
  const found = splitFields(beat['y']!, bits, rows);
  const lane = found.findIndex((y, l) => y !== results[row + l]);
  if (lane < 0) return undefined;
  const [is, should] = [found[lane]!, results[row + lane]!];
  const text = `${place(lane)}: ${should} expected, ${is} found`;
  return wrongWord(text, 'result', index, 'y', [BigInt(should), BigInt(is)], bits, lane * bits);
}
