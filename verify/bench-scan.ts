/** Streams scan jobs through the unit and judges its results. */
import type { ScanParameters } from '../hw/index.ts';
import { type Beat, createRandom } from '../sim/index.ts';
import type { ScanJob } from './job.ts';
import { type UnitBench, type Verdict, type WrongWord, wrongWord } from './unit-bench.ts';
import { joinFields, padded } from './words.ts';

export function scanBench(jobs: readonly ScanJob[], p: ScanParameters): UnitBench {
  const { inputBits } = p.numerics;
  const tilesOf = (j: ScanJob): number => Math.ceil(j.shape.dState / p.lanes);
  const rowsOf = (j: ScanJob): number => j.shape.heads * j.shape.headDim;
  function* token(): Generator<Beat> {
    for (const j of jobs) {
      yield {
        heads: j.shape.heads,
        heads_per_group: j.shape.heads / j.shape.groups,
        head_dim: j.shape.headDim,
        d_state: j.shape.dState,
        tiles: tilesOf(j),
        base: j.slot * rowsOf(j) * tilesOf(j),
        clear: j.clear ? 1 : 0,
      };
    }
  }
  function* bc(): Generator<Beat> {
    const noise = createRandom(19);
    for (const { shape, input } of jobs) {
      for (let g = 0; g < shape.groups; g++) {
        for (let n = 0; n < shape.dState; n += p.lanes) {
          const part = (of: Int32Array): bigint =>
            joinFields(
              padded(
                of.subarray(g * shape.dState + n, g * shape.dState + Math.min(n + p.lanes, shape.dState)),
                p.lanes,
                noise,
              ),
              inputBits,
            );
          yield { b: part(input.b), c: part(input.c) };
        }
      }
    }
  }
  function* head(): Generator<Beat> {
    for (const { input } of jobs) {
      for (const h of input.heads) {
        yield { decay: h.decay, dt: h.dt, direct: h.direct, step_shift: h.stepShift, output_shift: h.outputShift };
      }
    }
  }
  function* x(): Generator<Beat> {
    for (const { input } of jobs) yield* input.x;
  }
  return {
    unit: 'scan',
    feeds: { token, bc, head, x },
    collects: { y: jobs.reduce((sum, j) => sum + rowsOf(j), 0) },
    cycleBound: jobs.reduce((sum, j) => sum + (rowsOf(j) + j.shape.groups) * tilesOf(j) + 32, 64),
    operations: jobs.reduce((sum, j) => sum + rowsOf(j) * j.shape.dState, 0),
    operation: 'state updates',
    judge: (taken) => judge(jobs, taken['y'] ?? [], p.numerics.outputBits),
  };
}

function judge(jobs: readonly ScanJob[], beats: readonly Readonly<Record<string, bigint>>[], bits: number): Verdict[] {
  let next = 0;
  return jobs.map((job): Verdict => {
    let mismatch: WrongWord | undefined;
    const words = job.expected.length;
    for (let row = 0; row < words; row++) {
      const index = next++;
      mismatch ??= judgeRow(job, row, index, beats[index], bits);
    }
    return { group: job.group, label: job.label, words, mismatch };
  });
}

function judgeRow(
  job: ScanJob,
  row: number,
  index: number,
  beat: Readonly<Record<string, bigint>> | undefined,
  bits: number,
): WrongWord | undefined {
  const place = `head ${Math.floor(row / job.shape.headDim)}, row ${row % job.shape.headDim}`;
  if (beat === undefined) return { text: `${place}: no result came`, beat: undefined };
  const expected = { y: BigInt(job.expected[row]!), last: row === job.expected.length - 1 ? 1n : 0n };
  for (const field of ['y', 'last'] as const) {
    const found = beat[field]!;
    const text = `${place}: ${field} = ${expected[field]} expected, ${found} found`;
    if (found !== expected[field]) return wrongWord(text, 'y', index, field, [expected[field], found], bits);
  }
  return undefined;
}
