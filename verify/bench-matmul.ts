/** Streams matmul jobs through the array and judges its results. */

import type { SignMatrix } from '../golden/fixed/index.ts';
import { beatValue, type MatmulParameters, matmulWidths, type WeightStream, weightStream } from '../hw/index.ts';
import type { Beat } from '../sim/index.ts';
import type { MatmulJob } from './job.ts';
import type { UnitBench, Verdict } from './unit-bench.ts';
import { joinFields, splitFields } from './words.ts';

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
  function* act(): Generator<Beat> {
    for (const { matrix, activations } of jobs) {
      for (let i = 0; i < matrix.cols; i += p.columns) {
        yield { q: joinFields(activations.q.subarray(i, i + p.columns), w.activation) };
      }
    }
  }
  function* weight(): Generator<Beat> {
    for (const [n, { matrix }] of jobs.entries()) {
      const stream = streamOf(matrix);
      for (let i = 0; i < stream.beats; i++) {
        const fault = flipWeight && n === Math.floor(jobs.length / 2) && i === 0 ? 1n : 0n;
        yield { w: beatValue(stream, i) ^ fault };
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

function judge(
  jobs: readonly MatmulJob[],
  beats: readonly Readonly<Record<string, bigint>>[],
  p: MatmulParameters,
  bits: number,
): Verdict[] {
  let next = 0;
  return jobs.map((job): Verdict => {
    let mismatch: string | undefined;
    for (let row = 0; row < job.matrix.rows; row += p.lanes) {
      const beat = beats[next++];
      if (mismatch !== undefined || beat === undefined) continue;
      const valid = Math.min(p.lanes, job.matrix.rows - row);
      const last = row + p.lanes >= job.matrix.rows ? 1n : 0n;
      if (beat['rows'] !== BigInt(valid))
        mismatch = `row ${row}: ${valid} valid rows expected, ${beat['rows']} announced`;
      else if (beat['last'] !== last) mismatch = `row ${row}: last = ${last} expected, ${beat['last']} found`;
      else {
        const found = splitFields(beat['y']!, bits, valid);
        const wrong = found.findIndex((y, lane) => y !== job.expected[row + lane]);
        if (wrong >= 0) mismatch = `row ${row + wrong}: ${job.expected[row + wrong]} expected, ${found[wrong]} found`;
      }
    }
    return { group: job.group, label: job.label, words: job.matrix.rows, mismatch };
  });
}
