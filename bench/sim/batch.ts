/** Eight stimuli through the scan unit: one after the other, and as a batch. */
import { type Batch, createBatch, createPool, createSimulator, type Pool, type Stimulus } from '../../sim/index.ts';
import { designs } from './designs.ts';

const count = 8;

export interface BatchTimes {
  /** Seconds for eight short runs, from the module to the last result: a simulator for each, and one batch on two threads. */
  readonly single: number;
  readonly batch: number;
  /** Seconds for eight long runs of compiled designs, on one thread and on two that have started. */
  readonly oneThread: number;
  readonly twoThreads: number;
  /** One thread's time by two threads', for loops that need nothing but a core. */
  readonly machine: number;
  readonly cycles: { readonly short: number; readonly long: number };
  readonly sameResults: boolean;
}

/** The self-driven design has one input: its reset, for the first cycles. */
function stimulus(cycles: number, resets: number): Stimulus {
  const inputs = new Uint32Array(2 * cycles);
  for (let i = 0; i < resets; i++) inputs[2 * i] = 1;
  return { inputs, cycles };
}

const stimuli = (cycles: number) => Array.from({ length: count }, (_, i) => stimulus(cycles, 2 + i));

async function seconds(work: () => unknown): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}

/** The shortest of several times for each, taken in turns. */
async function inTurns(rounds: number, works: readonly (() => unknown)[]): Promise<number[]> {
  const least = works.map(() => Number.POSITIVE_INFINITY);
  for (let round = 0; round < rounds; round++)
    for (const [i, work] of works.entries()) least[i] = Math.min(least[i]!, await seconds(work));
  return least;
}

export async function timeBatch(): Promise<BatchTimes> {
  const cycles = { short: 20_000, long: 60_000 };
  const short = stimuli(cycles.short);
  const { module } = designs.scan();
  let [apart, together]: [Uint32Array[], Uint32Array[]] = [[], []];
  const [single, batch] = await inTurns(7, [
    () => {
      apart = short.map((s) => createSimulator(module).replay(s.inputs, s.cycles));
    },
    async () => {
      const opened = createBatch(module, { threads: 2 });
      together = await opened.replay(short);
      await opened.close();
    },
  ]);
  const long = stimuli(cycles.long);
  const [one, two] = [1, 2].map((threads) => createBatch(module, { threads })) as [Batch, Batch];
  const [alone, both] = [1, 2].map((threads) =>
    createPool<undefined, number, number>(new URL('./spin.ts', import.meta.url), () => undefined, { threads }),
  ) as [Pool<number, number>, Pool<number, number>];
  await Promise.all([two.ready(), both.ready()]);
  await one.replay(short);
  await two.replay(short);
  const loops = new Array<number>(count).fill(3e7);
  const [oneThread, twoThreads, oneLoop, twoLoops] = await inTurns(5, [
    () => one.replay(long),
    () => two.replay(long),
    () => alone.map(loops),
    () => both.map(loops),
  ]);
  await Promise.all([one, two, alone, both].map((pool) => pool.close()));
  const sameResults = apart.every((rows, i) => rows.every((w, k) => w === together[i]![k]));
  return {
    ...{ single: single!, batch: batch!, oneThread: oneThread!, twoThreads: twoThreads! },
    machine: oneLoop! / twoLoops!,
    ...{ cycles, sameResults },
  };
}
