import { describe, expect, it } from 'vitest';
import { bit, defineModule, sink, source, uint } from '../gen/index.ts';
import { createSimulator } from './simulator.ts';
import { driveStream, monitorStream, reset, runUntil } from './testbench.ts';

type Fault = 'none' | 'drops-valid' | 'never-ready';

/** A one-place pipeline register: every beat plus one. */
function stage(fault: Fault = 'none') {
  const payload = { value: uint(40), last: bit };
  return defineModule(
    { name: 'stage', doc: '', ports: { in: sink(payload, ''), out: source(payload, '') } },
    (m, io) => {
      const full = m.register('full', bit, { reset: 0 });
      const ready = full.not().or(io.out.ready);
      io.in.ready.drive(fault === 'never-ready' ? m.constant(bit, 0) : ready);
      full.next(fault === 'drops-valid' ? io.in.valid.and(ready) : ready.mux(io.in.valid, full));
      io.out.valid.drive(full);
      const take = { enable: ready };
      io.out.payload.value.drive(m.delay('value', io.in.payload.value.add(1).trunc(40), take));
      io.out.payload.last.drive(m.delay('last', io.in.payload.last, take));
    },
  ).module;
}

const beats = Array.from({ length: 2000 }, (_, i) => ({ value: 1000 + i, last: i % 7 === 0 ? 1 : 0 }));

function run(stalls: { in: number; out: number }, fault: Fault = 'none', limit = 100_000) {
  const sim = createSimulator(stage(fault));
  reset(sim);
  const driver = driveStream(sim, 'in', beats, { stall: stalls.in, seed: 3 });
  const monitor = monitorStream(sim, 'out', { stall: stalls.out, seed: 4, count: beats.length });
  const cycles = runUntil(sim, [driver, monitor], { limit });
  return { cycles, beats: monitor.beats };
}

describe('streams', () => {
  const expected = beats.map((b) => ({ value: BigInt(b.value + 1), last: BigInt(b.last) }));

  it('pauses for as long as asked for, in the share of cycles asked for', () => {
    const sim = createSimulator(stage());
    reset(sim);
    const driver = driveStream(sim, 'in', beats);
    const monitor = monitorStream(sim, 'out', { stall: 0.6, pause: 30, seed: 4, count: beats.length });
    let [ready, pauses] = [true, 0];
    const onCycle = () => {
      const now = sim.peek('out_ready') === 1n;
      if (ready && !now) pauses++;
      ready = now;
    };
    const cycles = runUntil(sim, [driver, monitor], { limit: 100_000, onCycle });
    expect(monitor.beats).toEqual(expected);
    expect(Math.abs(1 - beats.length / cycles - 0.6)).toBeLessThan(0.1);
    expect(Math.abs((cycles - beats.length) / pauses - 30)).toBeLessThan(8);
  });

  it('pauses in the cycles that it is programmed to', () => {
    const sim = createSimulator(stage());
    reset(sim);
    const [valid, ready]: [boolean[], boolean[]] = [[], []];
    const driver = driveStream(sim, 'in', beats.slice(0, 10), { stall: (cycle) => (cycle < 5 ? 1 : 0) });
    const stall = (cycle: number) => (cycle % 3 === 0 ? 0 : 1);
    const monitor = monitorStream(sim, 'out', { stall, count: 10 });
    const onCycle = () => {
      valid.push(sim.peek('in_valid') === 1n);
      ready.push(sim.peek('out_ready') === 1n);
    };
    runUntil(sim, [driver, monitor], { limit: 100, onCycle });
    expect(monitor.beats).toEqual(expected.slice(0, 10));
    expect(valid.indexOf(true)).toBe(5);
    expect(ready).toEqual(ready.map((_, cycle) => cycle % 3 === 0));
  });

  it('moves a beat per cycle when nobody stalls', () => {
    const result = run({ in: 0, out: 0 });
    expect(result.beats).toEqual(expected);
    expect(result.cycles).toBe(beats.length + 1);
  });

  it.each([
    { in: 0.5, out: 0, perBeat: 2 },
    { in: 0, out: 0.75, perBeat: 4 },
  ])('stalls with the probability asked for: %o', ({ perBeat, ...stalls }) => {
    const result = run(stalls);
    expect(result.beats).toEqual(expected);
    expect(result.cycles / beats.length).toBeGreaterThan(0.9 * perBeat);
    expect(result.cycles / beats.length).toBeLessThan(1.1 * perBeat);
    expect(run(stalls).cycles).toBe(result.cycles);
  });

  it('notices a design that withdraws a beat', () => {
    expect(() => run({ in: 0.2, out: 0.5 }, 'drops-valid')).toThrow(/changed out_valid while the beat was waiting/);
  });

  it('says which stream is stuck and how far it came', () => {
    expect(() => run({ in: 0, out: 0 }, 'never-ready', 500)).toThrowErrorMatchingInlineSnapshot(`
      [SimProblem: the run did not end within 500 cycles [cycle-limit]
        where:    sim
        expected: every stream finished
        found:    driver of in: waiting for ready, 0 beats given; monitor of out: waiting for valid, 499 of 2000 beats taken
        remedy:   look at the first stream that waits; raise the limit if the work is simply longer]
    `);
  });

  it('refuses unknown streams and incomplete beats', () => {
    const sim = createSimulator(stage());
    expect(() => driveStream(sim, 'out', [])).toThrow(/no stream out that it takes/);
    const driver = driveStream(sim, 'in', [{ value: 1 }]);
    expect(() => driver.drive()).toThrow(/wrong fields[\s\S]*expected: last, value\n {2}found: {4}value/);
  });
});
