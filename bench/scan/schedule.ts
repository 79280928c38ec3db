/** A layer of 2.7B on the planned lanes, simulated at full speed: cycles, busy lanes, state traffic. */
import { defaultNumerics, type ScanShape } from '../../golden/fixed/index.ts';
import type { ModelConfig } from '../../golden/index.ts';
import { planScan, type ScanParameters, type ScanPlan, scanCore, storeSize } from '../../hw/index.ts';
import { createRandom, createSimulator, driveStream, monitorStream, reset, runUntil } from '../../sim/index.ts';
import { activationFeeds, coreToken } from '../../verify/bench-scan.ts';
import { externalMemory } from '../../verify/external-memory.ts';
import { goldenScan } from '../../verify/golden-scan.ts';
import type { ScanJob } from '../../verify/job.ts';
import { randomScanInput } from '../../verify/jobs-corner-scan.ts';
import { splitFields } from '../../verify/words.ts';

/** 460 GB/s at 300 MHz: what a U280's memory delivers. */
export const bitsPerCycle = (8 * 460e9) / 300e6;

const released = (dModel: number, nLayer: number): ModelConfig => ({
  ...{ dModel, nLayer, vocabSize: 32000, paddedVocabSize: 32000, dInner: 2 * dModel, nHeads: dModel / 32, headDim: 64 },
  ...{ dState: 128, nGroups: 1, dConv: 4, convBias: true, normEps: 1e-5, tieEmbeddings: true, notHonoured: [] },
});
const models = { '780M': released(1536, 48), '1.3B': released(2048, 48), '2.7B': released(2560, 64) };

export const plans = (): Readonly<Record<keyof typeof models, ScanPlan>> => {
  const formats = { numerics: defaultNumerics.scan, state: defaultNumerics.state };
  const plan = (name: keyof typeof models) => planScan(models[name], bitsPerCycle, formats);
  return { '780M': plan('780M'), '1.3B': plan('1.3B'), '2.7B': plan('2.7B') };
};

export interface Schedule {
  /** From one token of a layer to the next layer's. */
  readonly cyclesPerToken: number;
  /** Elements updated, over lanes times cycles. */
  readonly busy: number;
  /** Per element and token; the most of any word, and the least. */
  readonly reads: readonly [number, number];
  readonly writes: readonly [number, number];
  /** Wrong y. */
  readonly wrong: number;
  readonly vectors: number;
}

const layers = 2;
const tokens = 3;

/** `tokens` tokens through `layers` layers, decode order, the state in a memory outside. */
export function simulateSchedule(p: ScanParameters, shape: ScanShape): Schedule {
  const size = storeSize(shape, p);
  const random = createRandom(5);
  const scans = Array.from({ length: layers }, (_, slot) => goldenScan(shape, { slot, layer: slot }, p));
  const jobs = Array.from({ length: layers * tokens }, (_, i) =>
    scans[i % layers]!.next(randomScanInput(shape, p, random, 'random'), { group: '', label: `${i}` }),
  );
  const engine = createSimulator(scanCore(p).module, { properties: 'throw' });
  reset(engine);
  const feeds = { token: () => jobs.map((j) => coreToken(j, p)), ...activationFeeds(jobs, p) };
  const drivers = Object.entries(feeds).map(([name, beats]) => driveStream(engine, name, beats()));
  const y = monitorStream(engine, 'y', { count: jobs.length * size.rows });
  const memory = (stream: string, words: number) =>
    externalMemory(engine, stream, new Array<bigint>(layers * words).fill(0n), words, jobs, { stall: 0 });
  const [state, exponent] = [memory('state', size.words), memory('exponent', size.rows)];
  const ends: number[] = [];
  const onCycle = (cycle: number): void => {
    if (y.moved === (ends.length + 1) * size.rows) ends.push(cycle);
  };
  runUntil(engine, [...drivers, y, state, exponent], { limit: jobs.length * (size.words + 200), onCycle });
  engine.close();
  const cyclesPerToken = (ends.at(-1)! - ends[0]!) / (jobs.length - 1);
  const elements = shape.heads * shape.headDim * shape.dState;
  const each = (counts: readonly number[]): readonly [number, number] => [
    Math.max(...counts) / tokens,
    Math.min(...counts) / tokens,
  ];
  return {
    cyclesPerToken,
    busy: elements / (p.lanes * p.rows * cyclesPerToken),
    reads: each([...state.reads, ...exponent.reads]),
    writes: each([...state.writes, ...exponent.writes]),
    wrong: wrongRows(jobs, p, y.beats),
    vectors: jobs.length * shape.heads * shape.headDim,
  };
}

function wrongRows(
  jobs: readonly ScanJob[],
  p: ScanParameters,
  beats: readonly Readonly<Record<string, bigint>>[],
): number {
  const { heads, headDim } = jobs[0]!.shape;
  const perHead = Math.ceil(headDim / p.rows);
  let wrong = 0;
  for (const [i, beat] of beats.entries()) {
    const group = i % (heads * perHead);
    const [head, first] = [Math.floor(group / perHead), (group % perHead) * p.rows];
    const { expected } = jobs[Math.floor(i / (heads * perHead))]!;
    for (const [r, found] of splitFields(beat['y']!, p.numerics.outputBits, p.rows).entries())
      if (first + r < headDim && found !== expected[head * headDim + first + r]) wrong++;
  }
  return wrong;
}
