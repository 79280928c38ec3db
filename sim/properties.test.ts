import { describe, expect, it } from 'vitest';
import type { Module } from '../gen/ir.ts';
import { rowLayout } from './engine.ts';
import { createSimulator, type SimulatorOptions } from './simulator.ts';
import { clk, sameClocks, sketch, u } from './testing/ir.ts';

/** A counter, and claims about its inputs and itself. */
function counter(properties = true): Module {
  const sk = sketch('counter');
  const [ok, given] = [sk.input('ok', u(1)), sk.input('given', u(1))];
  const node = sk.node({ tag: 'reg', ...u(16) });
  sk.names.set(node, 'count');
  const one = sk.node({ tag: 'const', ...u(1), value: 1n });
  const sum = sk.node({ tag: 'add', ...u(17), a: node, b: one });
  sk.register({ node, next: sk.node({ tag: 'resize', ...u(16), a: sum }), enable: undefined, reset: 0n });
  sk.output('value', node);
  if (properties) {
    sk.property('assert', 'fine', ok);
    sk.property('assume', 'supplied', given);
    sk.property('cover', 'odd', sk.node({ tag: 'slice', ...u(1), a: node, low: 0 }));
  }
  return sk.finish([clk]);
}

/** Two counters in instances. */
function pair(): Module {
  const sk = sketch('pair');
  const inputs = new Map(['ok', 'given'].map((port) => [port, sk.input(port, u(1))]));
  const module = counter();
  for (const name of ['left', 'right']) {
    const result = sk.node({ tag: 'result', ...u(16) });
    sk.output(name, result);
    const results = new Map([['value', result]]);
    sk.instances.push({ name, module, clocks: sameClocks(module), inputs, results, location: module.location });
  }
  return sk.finish([clk]);
}

const start = (options: SimulatorOptions = {}, module = counter()) => {
  const sim = createSimulator(module, options);
  sim.poke('ok', 1);
  sim.poke('given', 1);
  return sim;
};

describe('properties', () => {
  it('are looked at before the edge, outside reset', () => {
    const sim = start();
    sim.tick();
    sim.poke('ok', 0);
    sim.poke('rst', 1);
    sim.tick();
    sim.poke('rst', 0);
    sim.tick(); // cycle 2
    sim.poke('ok', 1);
    sim.poke('given', 0);
    sim.tick(); // cycle 3, count 1
    expect(sim.violations().map(({ kind, name, message, cycle }) => [kind, name, message, cycle])).toEqual([
      ['assert', 'fine', 'fine is broken', 2],
      ['assume', 'supplied', 'supplied is broken', 3],
    ]);
    expect(`${sim.violations()[0]!.location}`).toMatch(/properties\.test\.ts:\d+:\d+/);
    expect(sim.covered().map((c) => [c.name, c.count])).toEqual([['odd', 1]]);
    expect(sim.status()).toEqual({ violations: 2, undefinedReads: 0 });
  });

  it('are counted by step and replay as by tick, and recorded to a bound', () => {
    const [a, b, c] = [start(), start(), start()];
    for (const sim of [a, b, c]) sim.poke('given', 0);
    for (let i = 0; i < 1500; i++) a.tick();
    b.step(1500);
    const { words, fields } = rowLayout(c.ports, 'input');
    const row = new Uint32Array(words);
    row[fields.find((f) => f.port.name === 'ok')!.at] = 1;
    const rows = new Uint32Array(1500 * words);
    for (let i = 0; i < 1500; i++) rows.set(row, i * words);
    c.replay(rows, 1500);
    for (const sim of [a, b, c]) {
      expect(sim.status().violations).toBe(1500);
      expect(sim.violations().map((v) => v.cycle)).toEqual(Array.from({ length: 1000 }, (_, i) => i));
      expect(sim.covered()[0]!.count).toBe(750);
    }
  });

  it('have the path of their instance in their name, and the cycle of a restored state', () => {
    const sim = start({}, pair());
    sim.tick();
    const saved = sim.save();
    sim.step(5);
    sim.restore(saved);
    sim.poke('ok', 0);
    sim.tick();
    expect(sim.violations().map((v) => `${v.name} ${v.cycle}`)).toEqual(['left.fine 1', 'right.fine 1']);
    expect(sim.covered().map((c) => c.name)).toEqual(['left.odd', 'right.odd']);
  });

  it('throw before the edge when that is asked for, and go on afterwards', () => {
    const sim = start({ properties: 'throw' });
    sim.step(3);
    sim.poke('ok', 0);
    expect(() => sim.tick()).toThrow(/assert fine does not hold in cycle 3: fine is broken/);
    sim.eval();
    expect(sim.peek('value')).toBe(3n);
    expect(() => sim.step(10)).toThrow(/cycle 3/);
    sim.poke('ok', 1);
    sim.step(2);
    sim.eval();
    expect(sim.peek('value')).toBe(5n);
    sim.poke('given', 0);
    const row = new Uint32Array(rowLayout(sim.ports, 'input').words);
    expect(() => sim.replay(row, 1)).toThrow(/assert fine does not hold in cycle 5/);
    expect(sim.violations().map((v) => `${v.name} ${v.cycle}`)).toEqual(['fine 3', 'fine 3', 'fine 5', 'supplied 5']);
  });

  it('cost nothing when they are off or when there are none', () => {
    const off = start({ properties: 'off' });
    const none = start({}, counter(false));
    expect(off.statistics).toEqual(none.statistics);
    off.poke('ok', 0);
    off.tick();
    expect([off.violations(), off.covered(), off.status()]).toEqual([[], [], { violations: 0, undefinedReads: 0 }]);
    expect(start().statistics.wasmBytes).toBeGreaterThan(none.statistics.wasmBytes);
  });
});
