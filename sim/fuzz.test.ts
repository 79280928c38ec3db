import { describe, expect, it } from 'vitest';
import type { Memory, Module, Register } from '../gen/ir.ts';
import { flatten } from '../gen/passes/flatten.ts';
import type { Engine } from './engine.ts';
import { randomDesign } from './fuzz/bundle.ts';
import { createRandom } from './random.ts';
import { createReference } from './reference.ts';
import { createSimulator, type Simulator } from './simulator.ts';

/** Random inputs, now and then all ones or zeros, a reset once in a while; returns the clocks that rise, maybe none. */
function stimulate(engine: Pick<Engine, 'ports' | 'poke'>, seed: number): () => number {
  const random = createRandom(seed);
  return () => {
    for (const { name, width, direction, reset } of engine.ports) {
      if (direction === 'output') continue;
      const extreme = random.chance(0.2) ? -BigInt(random.below(2)) : random.bits(width);
      engine.poke(name, reset === true ? BigInt(random.chance(0.05)) : extreme);
    }
    return random.below(4);
  };
}

/** The first difference of a simulator from the reference for `module`, if there is one. */
function compare(
  sim: Simulator,
  module: Module,
  seed: number,
  cycles: number,
  keep: 'ports' | 'named' = 'ports',
): string | undefined {
  const reference = createReference(flatten(module, { keep }));
  const poke = (port: string, value: bigint | number) => {
    sim.poke(port, value);
    reference.set(port, BigInt(value));
  };
  const next = stimulate({ ports: sim.ports, poke }, seed);
  for (let cycle = 0; cycle < cycles; cycle++) {
    const clocks = next();
    sim.eval();
    for (const [port, value] of reference.eval()) {
      if (sim.peek(port) !== value) return `cycle ${cycle} ${port}: ${sim.peek(port)}, expected ${value}`;
    }
    sim.tick(clocks);
    reference.tick(clocks);
  }
  const { violations, covered, undefinedReads } = reference.seen();
  const expected = [...violations.slice(0, 1000), ...[...covered].map(String), violations.length, undefinedReads];
  const { violations: total, undefinedReads: undefinedFound } = sim.status();
  const found = [
    ...sim.violations().map((v) => `${v.name}@${v.cycle}`),
    ...sim.covered().map((c) => `${c.name},${c.count}`),
    ...[total, undefinedFound],
  ];
  const first = expected.findIndex((e, i) => e !== found[i]);
  if (first < 0 && found.length === expected.length) return undefined;
  return `seen: ${found[first]}, expected ${expected[first]}`;
}

describe('random modules', () => {
  it.each([1, 2, 3, 4, 5, 6])('simulator equals the reference, seed %d', (seed) => {
    const module = randomDesign(seed, 40, 12);
    const visibility = seed % 2 === 0 ? 'named' : 'ports';
    const sim = createSimulator(module, { functionBytes: 1 << (6 + 2 * seed), visibility });
    expect(compare(sim, module, seed, 200, visibility)).toBe(undefined);
    expect(sim.status().violations).toBeGreaterThan(0);
    expect(sim.status().undefinedReads).toBeGreaterThan(0);
  });
});

describe('the comparison fails when the reference is told otherwise', () => {
  const registers = (change: (r: Register) => Partial<Register>) => (m: Module) => ({
    ...m,
    registers: m.registers.map((r) => ({ ...r, ...change(r) })),
  });
  const memories = (change: (m: Memory) => Partial<Memory>) => (m: Module) => ({
    ...m,
    memories: m.memories.map((memory) => ({ ...memory, ...change(memory) })),
  });
  const reads = (from: string, to: 'old' | 'new' | 'undefined') =>
    memories((m) => ({ reads: m.reads.map((r) => (r.underWrite === from ? { ...r, underWrite: to } : r)) }));
  const faults: Readonly<Record<string, (m: Module) => Module>> = {
    'asynchronous resets are synchronous': registers((r) => ({ clock: { ...r.clock, resetStyle: 'synchronous' } })),
    'synchronous resets are asynchronous': registers((r) => ({ clock: { ...r.clock, resetStyle: 'asynchronous' } })),
    'registers start at 0': registers(() => ({ init: 0n })),
    'all registers have one clock': registers((r) => ({ clock: { ...r.clock, clock: 'clk' } })),
    'memories start at 0': memories(() => ({ init: undefined })),
    'writes have no mask': memories((m) => ({ writes: m.writes.map((w) => ({ ...w, mask: undefined })) })),
    'the first write wins': memories((m) => ({ writes: m.writes.toReversed() })),
    'new words are old': reads('new', 'old'),
    'old words are new': reads('old', 'new'),
    'undefined words are new': reads('undefined', 'new'),
    'asserts are covers': (m) => ({ ...m, properties: m.properties.map((p) => ({ ...p, kind: 'cover' as const })) }),
    'assertions hold in reset': (m) => ({
      ...m,
      properties: m.properties.map((p) => ({ ...p, clock: { ...p.clock, reset: 'rst' } })),
    }),
  };
  it.each(Object.entries(faults))('%s', (_, fault) => {
    const found = [1, 2, 3].some((seed) => {
      const module = randomDesign(seed, 60, 10);
      const instances = module.instances.map((i) => ({ ...i, module: fault(i.module) }));
      const sim = createSimulator(module);
      return compare(sim, { ...module, instances }, seed, 300) !== undefined;
    });
    expect(found).toBe(true);
  });
});
