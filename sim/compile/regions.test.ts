import { describe, expect, it } from 'vitest';
import type { BitType, Clock, Node, ReadPort, Register } from '../../gen/ir.ts';
import { flatten } from '../../gen/passes/flatten.ts';
import { createRandom } from '../random.ts';
import { createReference } from '../reference.ts';
import { createSimulator } from '../simulator.ts';
import { clk, s, sketch, u } from '../testing/ir.ts';

const async: Clock = { clock: 'clk_a', reset: 'rst_a', resetStyle: 'asynchronous' };
const types: readonly BitType[] = [
  u(1),
  s(1),
  u(7),
  s(8),
  u(9),
  s(16),
  u(31),
  s(32),
  u(33),
  s(63),
  u(64),
  u(70),
  s(200),
];

type Facts = Partial<Pick<Register, 'clock' | 'reset' | 'enable'>>;

/** Lines of all types and of several lengths, with and without reset and enable, of two clocks; forks, rings, a register of itself. */
function lines() {
  const sk = sketch('lines');
  const enable = sk.input('enable', u(1));
  let count = 0;
  const follow = (type: BitType, next: Node, facts: Facts): Node => {
    const node = sk.node({ tag: 'reg', ...type });
    const reset = facts.reset === undefined ? undefined : facts.reset + BigInt(count % 2);
    sk.register({ node, next, enable: undefined, init: BigInt(count % 3), ...facts, reset });
    sk.output(`stage_${count++}`, node);
    return node;
  };
  const variants: readonly Facts[] = [
    {},
    { reset: 0n },
    { enable },
    { enable, reset: 0n },
    { clock: async, reset: 0n },
    { clock: async },
  ];
  for (const [v, facts] of variants.entries()) {
    for (const [t, type] of types.entries()) {
      let at = sk.input(`in_${v}_${t}`, type);
      for (let stage = 0; stage < 1 + ((3 * t + v) % 7); stage++) at = follow(type, at, facts);
      const fork = follow(type, at, facts);
      for (const facts of variants) follow(type, fork, facts); // only those of its own kind can be in its line
    }
    const [a, b] = [u(12), u(12)].map((type) => sk.node({ tag: 'reg', ...type }));
    sk.register({ node: a!, next: b!, enable: undefined, reset: undefined, init: 5n, ...facts });
    sk.register({ node: b!, next: a!, enable: undefined, reset: undefined, init: 6n, ...facts });
    const own = sk.node({ tag: 'reg', ...u(12) });
    sk.register({ node: own, next: own, enable: undefined, reset: undefined, init: 7n, ...facts });
    for (const node of [a!, b!, own]) sk.output(`stage_${count++}`, node);
  }
  return sk.finish([clk, async]);
}

/**
 * Words of 130 bits that registers and ports take from memories, with and without reset and enable, followed by others, beyond the depth, and
 * as they are written.
 */
function words() {
  const sk = sketch('words');
  const [enable, look] = [sk.input('enable', u(1)), sk.input('look', u(1))];
  let count = 0;
  const register = (type: BitType, next: Node, facts: Facts): Node => {
    const node = sk.node({ tag: 'reg', ...type });
    sk.register({ node, next, enable: undefined, reset: undefined, ...facts });
    sk.output(`q_${count++}`, node);
    return node;
  };
  for (const written of [false, true]) {
    const address = sk.input(`address_${written}`, u(3));
    const reads: ReadPort[] = [];
    const read = (facts: Partial<ReadPort>): Node => {
      const node = sk.node({ tag: 'read', ...u(130) });
      reads.push({ node, clock: clk, address, enable: undefined, kind: 'registered', underWrite: 'old', ...facts });
      return node;
    };
    const now = () => read({ kind: 'combinational' });
    for (const facts of [
      {},
      { reset: 0n },
      { reset: 9n },
      { enable },
      { enable, reset: 0n },
      { enable, reset: 1n << 129n },
      { clock: async, reset: 0n },
      { clock: async, reset: 5n },
    ])
      register(u(130), register(u(130), now(), facts), facts);
    const seen = now();
    register(s(130), register(u(130), seen, { enable: look }), {});
    sk.output(`q_${count++}`, seen);
    for (const facts of [{}, { enable }, { underWrite: 'new' }, { enable, clock: async }] as const) {
      const node = read(facts);
      sk.output(`q_${count++}`, node);
      register(u(130), node, 'clock' in facts ? { clock: facts.clock } : {});
    }
    const write = {
      clock: clk,
      address: sk.input('to', u(3)),
      data: sk.input('data', u(130)),
      enable: look,
      mask: undefined,
    };
    const init = Array.from({ length: 5 }, (_, i) => (BigInt(i) << 120n) + 7n);
    const { location } = address;
    const facts = { name: `words_${written}`, depth: 5, width: 130, style: 'auto', init, location } as const;
    sk.memories.push({ ...facts, reads, writes: written ? [write] : [] });
  }
  return sk.finish([clk, async]);
}

describe('state', () => {
  it.each([
    ['delay lines', 'ports', lines],
    ['delay lines', 'named', lines],
    ['fetched words', 'ports', words],
    ['fetched words', 'named', words],
  ] as const)('moves as the reference says: %s, %s visible', (_, visibility, design) => {
    const module = design();
    const sim = createSimulator(module, { visibility });
    const reference = createReference(flatten(module));
    const random = createRandom(3);
    for (let cycle = 0; cycle < 80; cycle++) {
      for (const { name, width, direction } of sim.ports) {
        if (direction === 'output') continue;
        const value = name.startsWith('rst') ? BigInt(random.chance(0.05)) : random.bits(width);
        sim.poke(name, value);
        reference.set(name, value);
      }
      sim.eval();
      const expected = reference.eval();
      expect(new Map([...expected.keys()].map((port) => [port, sim.peek(port)]))).toEqual(expected);
      const clocks = random.below(4);
      sim.tick(clocks);
      reference.tick(clocks);
    }
  });

  it('comes back as it was saved', () => {
    const sim = createSimulator(lines());
    const random = createRandom(4);
    const outputs = () => {
      sim.eval();
      return sim.ports.flatMap((p) => (p.direction === 'output' ? [sim.peek(p.name)] : []));
    };
    for (const { name, width, direction } of sim.ports)
      if (direction === 'input' && !name.startsWith('rst')) sim.poke(name, random.bits(width));
    sim.step(2);
    const [saved, then] = [sim.save(), outputs()];
    sim.step(9);
    expect(outputs()).not.toEqual(then);
    sim.restore(saved);
    expect(outputs()).toEqual(then);
  });
});
