/** Where the state of a scan unit is: fetched from a slow memory outside, or on chip with ports that save and restore it. */
import { describe, expect, it } from 'vitest';
import { defaultNumerics, type RowStates, type ScanShape } from '../golden/fixed/index.ts';
import { type ScanParameters, scanUnit, storeSize } from '../hw/index.ts';
import {
  createRandom,
  createSimulator,
  driveStream,
  type Engine,
  monitorStream,
  reset,
  runUntil,
} from '../sim/index.ts';
import { activationFeeds, unitToken } from '../verify/bench-scan.ts';
import { goldenScan } from '../verify/golden-scan.ts';
import type { ScanJob } from '../verify/job.ts';
import { randomScanInput } from '../verify/jobs-corner-scan.ts';
import { stateWords, yWords } from '../verify/scan-words.ts';
import { slowMemory } from '../verify/slow-memory.ts';
import { splitFields } from '../verify/words.ts';

const shape: ScanShape = { heads: 8, headDim: 6, dState: 22, groups: 2 };
const slots = 3;
const sizes = { lanes: 8, rows: 2 };
const size = storeSize(shape, sizes);
const parameters = (memory: ScanParameters['memory']): ScanParameters => ({
  ...{ ...sizes, maxHeads: 8, maxHeadDim: 8, maxState: 32, maxGroups: 2 },
  ...{ stateWords: slots * size.words, rowWords: slots * size.rows },
  numerics: defaultNumerics.scan,
  state: defaultNumerics.state,
  memory: memory ?? 'chip',
});

/** Tokens of sequences in an order, each from its cleared state. */
function work(order: readonly number[], p: ScanParameters) {
  const random = createRandom(11);
  const scans = Array.from({ length: slots }, (_, slot) => goldenScan(shape, { slot, layer: slot }, p));
  const spreads = ['random', 'quiet', 'extreme'] as const;
  const jobs = order.map((slot, i) =>
    scans[slot]!.next(randomScanInput(shape, p, random, spreads[i % 3]!), { group: '', label: `token ${i}` }),
  );
  const words = scans.map((s) => stateWords(shape, s.state as RowStates, p));
  return { jobs, state: words.flatMap((w) => w.state), exponent: words.flatMap((w) => w.exponent) };
}

/** Drives tokens and monitors y. */
function attach(engine: Engine, jobs: readonly ScanJob[], p: ScanParameters, stall: number) {
  const feeds = { token: () => jobs.map((j) => unitToken(j, p)), ...activationFeeds(jobs, p) };
  const drivers = Object.entries(feeds).map(([name, beats], i) =>
    driveStream(engine, name, beats(), { stall, seed: i }),
  );
  const y = monitorStream(engine, 'y', { stall, seed: 9, count: jobs.length * size.rows });
  return { agents: [...drivers, y], y: () => y.beats.map((b) => splitFields(b['y']!, p.numerics.outputBits, p.rows)) };
}

describe('state in a memory outside', () => {
  const order = [0, 1, 2, 0, 0, 2, 1, 1, 0, 2];
  const p = parameters({ ahead: 32 });
  const run = (order: readonly number[], stall: number, latency: number) => {
    const { jobs, state, exponent } = work(order, p);
    const engine = createSimulator(scanUnit(p).module, { properties: 'throw' });
    reset(engine);
    const options = { latency, stall, seed: 4 };
    const states = slowMemory(engine, 'states', new Array<bigint>(p.stateWords).fill(12345n), options);
    const exponents = slowMemory(engine, 'exponents', new Array<bigint>(p.rowWords).fill(31n), options);
    const { agents, y } = attach(engine, jobs, p, stall);
    let cycles = 0;
    const onCycle = (cycle: number): void => {
      cycles = cycle;
    };
    runUntil(engine, [...agents, states, exponents], { limit: 100_000, onCycle });
    engine.close();
    return { jobs, state, exponent, states, exponents, y: y(), cycles };
  };

  it.each([
    [0, 1],
    [0, 12],
    [0.4, 5],
  ])(
    'stalls %s, latency %s: golden in every bit, each word fetched and put once per token, none of a new sequence fetched',
    (stall, latency) => {
      const r = run(order, stall, latency);
      expect(r.y).toEqual(yWords(r.jobs, p));
      expect(r.states.words).toEqual(r.state);
      expect(r.exponents.words).toEqual(r.exponent);
      const tokens = Array.from({ length: slots }, (_, slot) => order.filter((s) => s === slot).length);
      for (const [memory, words] of [
        [r.states, size.words],
        [r.exponents, size.rows],
      ] as const) {
        expect(memory.puts).toEqual(tokens.flatMap((n) => new Array<number>(words).fill(n)));
        expect(memory.fetches).toEqual(tokens.flatMap((n) => new Array<number>(words).fill(n - 1)));
      }
    },
  );

  it('prefetch hides the latency', () => {
    const [near, far] = [1, 12].map((latency) => run([0, 1, 2, 0, 1, 2, 0, 1, 2], 0, latency).cycles);
    expect(far! - near!).toBeLessThan(2 * 12); // of the first word that is fetched, of the last that is put
  });
});

describe('state on chip with ports', () => {
  const p = parameters('chip-ports');

  it('a sequence that is saved, overwritten and restored goes on as if nothing had happened', () => {
    const { jobs } = work([0, 1, 0, 0, 1, 0], p);
    const engine = createSimulator(scanUnit(p).module, { properties: 'throw' });
    reset(engine);
    const region = (slot: number, words: number, save: boolean) => ({ base: slot * words, words, save: save ? 1 : 0 });
    const step = (some: readonly ScanJob[], transfer?: { readonly slot: number; readonly words?: Saved }): Saved => {
      const { agents, y } = attach(engine, some, p, 0.2);
      const moves = transfer === undefined ? [] : stores.flatMap((s) => moveOf(s, transfer));
      runUntil(engine, [...agents, ...moves.map((m) => m.agent), ...moves.map((m) => m.command)], { limit: 50_000 });
      expect(y()).toEqual(yWords(some, p));
      return Object.fromEntries(moves.map((m) => [m.name, m.words()]));
    };
    const moveOf = (
      { name, words }: (typeof stores)[number],
      { slot, words: from }: { slot: number; words?: Saved },
    ) => {
      const command = driveStream(engine, `${name}_transfer`, [region(slot, words, from === undefined)]);
      const given = from?.[name];
      if (given !== undefined)
        return {
          name,
          command,
          agent: driveStream(engine, `${name}_restored`, given, { stall: 0.3, seed: 2 }),
          words: () => given,
        };
      const saved = monitorStream(engine, `${name}_saved`, { stall: 0.3, seed: 3, count: words });
      return { name, command, agent: saved, words: () => saved.beats.map((b) => Object.values(b)[0]!) };
    };
    step(jobs.slice(0, 3));
    const saved = step([], { slot: 0 });
    const again = work([0, 0], p).jobs; // another sequence in the same place
    step(again);
    step([], { slot: 0, words: saved });
    step(jobs.slice(3));
    engine.close();
  });
});

type Saved = Readonly<Record<string, readonly bigint[]>>;
const stores = [
  { name: 'states', words: size.words },
  { name: 'exponents', words: size.rows },
] as const;
