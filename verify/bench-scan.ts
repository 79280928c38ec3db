/** Streams scan jobs through the unit and judges its results. */
import { coreDescriptor, type ScanParameters, scanDescriptor, storeSize } from '../hw/index.ts';
import { type Beat, createRandom } from '../sim/index.ts';
import type { ScanJob } from './job.ts';
import { type UnitBench, type Verdict, type WrongWord, wrongStatus, wrongWord } from './unit-bench.ts';
import { joinFields, padded, splitFields } from './words.ts';

const tilesOf = (j: ScanJob, p: ScanParameters): number => Math.ceil(j.shape.dState / p.lanes);
const rowsOf = (j: ScanJob): number => j.shape.heads * j.shape.headDim;

/** A job's token as the core takes it, and as the unit does. */
export const coreToken = (j: ScanJob, p: ScanParameters) => coreDescriptor(j.shape, j, p);
export const unitToken = (j: ScanJob, p: ScanParameters) => scanDescriptor(j.shape, j, p);

export function scanBench(jobs: readonly ScanJob[], p: ScanParameters): UnitBench {
  function* token(): Generator<Beat> {
    for (const j of jobs) yield unitToken(j, p);
  }
  return {
    unit: 'scan',
    feeds: { token, ...activationFeeds(jobs, p) },
    collects: { y: jobs.reduce((sum, j) => sum + storeSize(j.shape, p).rows, 0) },
    cycleBound: jobs.reduce((sum, j) => sum + storeSize(j.shape, p).words + j.shape.groups * tilesOf(j, p) + 96, 64),
    operations: jobs.reduce((sum, j) => sum + rowsOf(j) * j.shape.dState, 0),
    operation: 'state updates',
    judge: (taken, status) => judge(jobs, p, taken['y'] ?? [], status),
  };
}

/** The beats of B and C, heads and x; what the unit must not look at is noise. */
export function activationFeeds(jobs: readonly ScanJob[], p: ScanParameters) {
  const { inputBits } = p.numerics;
  function* bc(): Generator<Beat> {
    const noise = createRandom(19);
    for (const { shape, input } of jobs) {
      for (let g = 0; g < shape.groups; g++) {
        for (let n = 0; n < shape.dState; n += p.lanes) {
          const end = g * shape.dState + Math.min(n + p.lanes, shape.dState);
          const part = (of: Int32Array): bigint =>
            joinFields(padded(of.subarray(g * shape.dState + n, end), p.lanes, noise), inputBits);
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
    const noise = createRandom(23);
    for (const { shape, input } of jobs) {
      for (const { from, to } of rowGroups(shape, p))
        yield joinFields(padded(input.x.subarray(from, to), p.rows, noise), inputBits);
    }
  }
  return { bc, head, x };
}

/** The rows of a token, Q of a head at a time. */
function* rowGroups({ heads, headDim }: ScanJob['shape'], p: ScanParameters): Generator<{ from: number; to: number }> {
  for (let h = 0; h < heads; h++) {
    for (let r = 0; r < headDim; r += p.rows)
      yield { from: h * headDim + r, to: h * headDim + Math.min(r + p.rows, headDim) };
  }
}

function judge(
  jobs: readonly ScanJob[],
  p: ScanParameters,
  beats: readonly Readonly<Record<string, bigint>>[],
  status: (port: string) => bigint,
): Verdict[] {
  let next = 0;
  const verdicts = jobs.map((job): Verdict => {
    let mismatch: WrongWord | undefined;
    for (const { from, to } of rowGroups(job.shape, p)) {
      const index = next++;
      mismatch ??= judgeBeat(job, p, from, to, index, beats[index]);
    }
    return { group: job.group, label: job.label, words: rowsOf(job), mismatch };
  });
  const last = jobs.at(-1);
  if (last === undefined || beats.length < next) return verdicts;
  const counted = (['step', 'state', 'output'] as const).map((kind) => {
    const port = `saturations_${kind}`;
    return wrongStatus(
      port,
      jobs.reduce((sum, j) => sum + j.saturations[kind], 0),
      status(port),
    );
  });
  const mismatch = counted.find((w) => w !== undefined);
  return [...verdicts, { group: last.group, label: 'status', words: 3, mismatch }];
}

function judgeBeat(
  job: ScanJob,
  p: ScanParameters,
  from: number,
  to: number,
  index: number,
  beat: Readonly<Record<string, bigint>> | undefined,
): WrongWord | undefined {
  const place = (row: number): string => `head ${Math.floor(row / job.shape.headDim)}, row ${row % job.shape.headDim}`;
  if (beat === undefined) return { text: `${place(from)}: no result came`, at: undefined };
  const { outputBits } = p.numerics;
  const found = splitFields(beat['y']!, outputBits, p.rows);
  const wrong = (row: number, field: string, pair: readonly [bigint, bigint], bits: number, low: number): WrongWord => {
    const text = `${place(row)}: ${field} = ${pair[0]} expected, ${pair[1]} found`;
    return wrongWord(text, 'y', index, field, pair, bits, low);
  };
  for (let q = 0; q < p.rows; q++) {
    const expected = from + q < to ? job.expected[from + q]! : 0;
    if (found[q] === expected) continue;
    return wrong(from + q, 'y', [BigInt(expected), BigInt(found[q]!)], outputBits, q * outputBits);
  }
  const last = to === rowsOf(job) ? 1n : 0n;
  return beat['last'] === last ? undefined : wrong(from, 'last', [last, beat['last']!], 1, 0);
}
