/** Eight stimuli through the scan unit: one after the other, and as a batch. */
import { type Batch, createBatch, createSimulator, type Stimulus } from '../../sim/index.ts';
import { designs } from './designs.ts';

const count = 8;

export interface BatchTimes {
  /** Seconds for eight short runs, from the design to the last result: a simulator for each, and one batch on two threads. */
  readonly single: number;
  readonly batch: number;
  /** Seconds for eight long runs of compiled designs, on one thread and on two. */
  readonly oneThread: number;
  readonly twoThreads: number;
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

const best = async (times: number, work: () => unknown): Promise<number> => {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < times; i++) least = Math.min(least, await seconds(work));
  return least;
};

export async function timeBatch(): Promise<BatchTimes> {
  const cycles = { short: 20_000, long: 60_000 };
  const short = stimuli(cycles.short);
  let [apart, together]: [Uint32Array[], Uint32Array[]] = [[], []];
  const single = await best(2, () => {
    apart = short.map((s) => createSimulator(designs.scan().module).replay(s.inputs, s.cycles));
  });
  const batch = await best(2, async () => {
    const opened = createBatch(designs.scan().module, { threads: 2 });
    together = await opened.replay(short);
    await opened.close();
  });
  const long = stimuli(cycles.long);
  const [one, two] = [1, 2].map((threads) => createBatch(designs.scan().module, { threads })) as [Batch, Batch];
  await one.replay(short);
  await two.replay(short);
  const oneThread = await best(3, () => one.replay(long));
  const twoThreads = await best(3, () => two.replay(long));
  await Promise.all([one.close(), two.close()]);
  const sameResults = apart.every((rows, i) => rows.every((w, k) => w === together[i]![k]));
  return { single, batch, oneThread, twoThreads, cycles, sameResults };
}
