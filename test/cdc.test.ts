/**
 * The elements of gen/cdc in the simulator and in Verilator: order and number of what crosses, for clocks of many ratios
 * and phases, edges at the same time included, with random stalls. Data sheets: latency and throughput.
 */
import { describe, expect, it } from 'vitest';
import { asyncFifo, handshake, pulse, synchroniser } from '../gen/cdc/index.ts';
import { type Design, printVerilog, uint } from '../gen/index.ts';
import {
  createSimulator,
  createVerilator,
  driveStream,
  type Engine,
  lockStep,
  monitorStream,
  reset,
  runUntil,
  type Simulator,
} from '../sim/index.ts';
import { createRandom } from '../sim/random.ts';

/** The clocks that rise at the n-th moment: 1 is `from`, 2 is `to`, 3 both at once. */
type Clocks = (moment: number) => number;

/** Edges of clocks with whole periods; where they fall together they are simultaneous. */
const periods = (from: number, to: number, phase = 0): Clocks => {
  const moments: number[] = [];
  for (let t = 0; moments.length < from * to * 4; t++) {
    const mask = (t % from === 0 ? 1 : 0) + ((t + phase) % to === 0 ? 2 : 0);
    if (mask > 0) moments.push(mask);
  }
  return (moment) => moments[moment % moments.length]!;
};

/** Edges in any order, a third of them simultaneous: the clocks drift freely. */
const drifting = (seed: number): Clocks => {
  const random = createRandom(seed);
  const moments = Array.from({ length: 5000 }, () => 1 + random.below(3));
  return (moment) => moments[moment % moments.length]!;
};

const ratios: readonly (readonly [string, Clocks])[] = [
  ['equal clocks in phase', periods(1, 1)],
  ['equal clocks, half a period apart', periods(2, 2, 1)],
  ['to slower, 1 : 3', periods(1, 3)],
  ['to faster, 3 : 1', periods(3, 1)],
  ['5 : 7', periods(5, 7)],
  ['10 : 11', periods(10, 11, 3)],
  ['drifting', drifting(9)],
];

const beats = Array.from({ length: 400 }, (_, i) => (i * 37 + 11) % 256);
const payload = uint(8);

interface Stalls {
  readonly in: number;
  readonly out: number;
}

/** Runs beats through a crossing; returns what came out. */
function carry(engine: Engine, clocks: Clocks, stalls: Stalls, seed = 1): readonly number[] {
  reset(engine, 8, 3);
  const driver = driveStream(engine, 'in', beats, { stall: stalls.in, seed, clock: 0 });
  const monitor = monitorStream(engine, 'out', { stall: stalls.out, seed: seed + 1, count: beats.length, clock: 1 });
  runUntil(engine, [driver, monitor], { limit: 40_000, clocks });
  return monitor.beats.map((b) => Number(b['data']));
}

async function inVerilator(design: Design, run: (engine: Engine) => void): Promise<void> {
  const { files, top } = printVerilog(design);
  const { module } = design;
  const verilator = await createVerilator({
    files: Object.fromEntries(files.map((f) => [f.name, f.text])),
    top,
    module,
  });
  const result = lockStep({ leader: createSimulator(module), followers: [verilator] }, run);
  verilator.close();
  expect(result.mismatch).toBe(undefined);
}

const bridges: readonly (readonly [string, Design])[] = [
  ['FIFO of 2', asyncFifo(payload, { depth: 2 })],
  ['FIFO of 8', asyncFifo(payload, { depth: 8 })],
  ['FIFO of 16 with three flops', asyncFifo(payload, { depth: 16, flops: 3 })],
  ['handshake', handshake(payload)],
];
const mixes: readonly Stalls[] = [
  { in: 0, out: 0 },
  { in: 0.6, out: 0 },
  { in: 0, out: 0.6 },
  { in: 0.3, out: 0.3 },
];

describe.each(bridges)('%s', (_name, design) => {
  it.each(ratios)('keeps every beat and their order: %s', (_ratio, clocks) => {
    for (const stalls of mixes) {
      const sim = createSimulator(design.module, { properties: 'throw' });
      expect(carry(sim, clocks, stalls)).toEqual(beats);
      expect(sim.status().undefinedReads).toBe(0);
    }
  });

  it('does in Verilator what it does in the simulator, with every ratio', () =>
    inVerilator(design, (engine) => {
      for (const [i, [, clocks]] of ratios.entries()) carry(engine, clocks, mixes[i % mixes.length]!, i);
    }));
});

/** Edges of `to` from the one after the beat moved in until it is seen; the clocks' first common moment decides. */
function latency(design: Design, clocks: Clocks): number {
  const sim = createSimulator(design.module);
  reset(sim, 8, 3);
  sim.poke('in_valid', 1);
  sim.poke('out_ready', 1);
  let edges = 0;
  let moved = false;
  for (let moment = 0; moment < 1000; moment++) {
    const mask = clocks(moment);
    sim.eval();
    if (sim.peek('out_valid') === 1n) return edges;
    const moves = !moved && (mask & 1) === 1 && sim.peek('in_ready') === 1n;
    sim.tick(mask);
    if (moved && (mask & 2) === 2) edges++;
    if (moves) {
      sim.poke('in_valid', 0);
      moved = true;
    }
  }
  return Number.NaN;
}

describe('data sheets', () => {
  it.each([2, 3])('latency is flops + 1 edges, %d flops', (flops) => {
    for (const clocks of [periods(1, 1), periods(2, 2, 1), periods(3, 1), periods(1, 3)]) {
      expect(latency(asyncFifo(payload, { depth: 8, flops }), clocks)).toBe(flops + 1);
      expect(latency(handshake(payload, { flops }), clocks)).toBe(flops + 1);
    }
  });

  it.each([2, 3])('a FIFO of 2 flops + 4 words or more moves a beat per cycle, %d flops', (flops) => {
    const depth = flops === 2 ? 8 : 16;
    const rate = (words: number, clocks: Clocks): number => {
      const sim = createSimulator(asyncFifo(payload, { depth: words, flops }).module);
      reset(sim, 8, 3);
      const driver = driveStream(sim, 'in', beats, { clock: 0 });
      const monitor = monitorStream(sim, 'out', { count: beats.length, clock: 1 });
      return runUntil(sim, [driver, monitor], { limit: 40_000, clocks }) - beats.length;
    };
    expect(rate(depth, periods(1, 1))).toBeLessThanOrEqual(flops + 3);
    expect(rate(4, periods(1, 1))).toBeGreaterThan(100);
  });

  it('a handshake moves a beat per 2 flops + 2 cycles of equal clocks', () => {
    const sim = createSimulator(handshake(payload).module);
    reset(sim, 8, 3);
    const driver = driveStream(sim, 'in', beats);
    const monitor = monitorStream(sim, 'out', { count: beats.length, clock: 1 });
    expect(runUntil(sim, [driver, monitor], { limit: 9000, clocks: periods(1, 1) }) / beats.length).toBeCloseTo(6, 1);
  });
});

describe('one bit', () => {
  const count = (sim: Engine, clocks: Clocks): { readonly fired: number; readonly seen: number } => {
    const random = createRandom(4);
    let fired = 0;
    let seen = 0;
    reset(sim, 8, 3);
    for (let moment = 0; moment < 3000; moment++) {
      const mask = clocks(moment);
      if (moment > 2900) sim.poke('fire', 0);
      sim.eval();
      if (mask & 1 && sim.peek('fire') === 1n && sim.peek('ready') === 1n) fired++;
      if (mask & 2 && sim.peek('fired') === 1n) seen++;
      sim.tick(mask);
      if (mask & 1) sim.poke('fire', random.below(2));
    }
    return { fired, seen };
  };

  it.each(ratios)('every event is seen once: %s', (_ratio, clocks) => {
    const { fired, seen } = count(createSimulator(pulse().module), clocks);
    expect(fired).toBeGreaterThan(50);
    expect(seen).toBe(fired);
  });

  it('does in Verilator what it does in the simulator', () =>
    inVerilator(pulse({ flops: 3 }), (engine) => {
      for (const [, clocks] of ratios) count(engine, clocks);
    }));

  it('takes as many edges as the synchroniser has registers', () => {
    for (const flops of [2, 4]) {
      const sim: Simulator = createSimulator(synchroniser({ flops, reset: 0 }).module);
      reset(sim);
      sim.poke('d', 1);
      const seen = Array.from({ length: 6 }, () => {
        sim.tick();
        sim.eval();
        return Number(sim.peek('q'));
      });
      expect(seen).toEqual(Array.from({ length: 6 }, (_, i) => (i + 1 >= flops ? 1 : 0)));
    }
  });
});
