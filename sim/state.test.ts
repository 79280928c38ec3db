import { describe, expect, it } from 'vitest';
import type { BitType, Clock, Node, ReadPort, WritePort } from '../gen/ir.ts';
import { createSimulator, type Simulator } from './simulator.ts';
import { clk, type Sketch, s, sketch, u } from './testing/ir.ts';

const async: Clock = { clock: 'clk_a', reset: 'rst_a', resetStyle: 'asynchronous' };
const other: Clock = { clock: 'clk_b', reset: 'rst_b', resetStyle: 'synchronous' };

/** Evaluates with the inputs given and shows an output. */
const show = (sim: Simulator, output: string, inputs: Readonly<Record<string, bigint | number>> = {}): bigint => {
  for (const [port, value] of Object.entries(inputs)) sim.poke(port, value);
  sim.eval();
  return sim.peek(output);
};

/** A register that takes input `<name>_d`, at output `<name>`. */
function register(
  sk: Sketch,
  name: string,
  type: BitType,
  facts: { clock?: Clock; reset?: bigint; init?: bigint; enable?: Node } = {},
): Node {
  const node = sk.node({ tag: 'reg', ...type });
  sk.names.set(node, `${name}_q`);
  const next = sk.input(`${name}_d`, type);
  sk.register({ node, next, enable: undefined, reset: undefined, ...facts });
  sk.output(name, node);
  return node;
}

/** A memory of 5 words of 12 bits: two writes with nibbles as groups, reads of all kinds. */
function memory(reading: Clock = clk, init?: readonly bigint[]): Simulator {
  const sk = sketch('memory');
  const address = sk.input('address', u(3));
  const write = (i: number): WritePort => ({
    clock: clk,
    address: sk.input(`address_${i}`, u(3)),
    data: sk.input(`data_${i}`, u(12)),
    enable: sk.input(`enable_${i}`, u(1)),
    mask: sk.input(`mask_${i}`, u(3)),
  });
  const read = (name: string, facts: Partial<ReadPort>): ReadPort => {
    const node = sk.node({ tag: 'read', ...u(12) });
    sk.output(name, node);
    const port = { node, clock: reading, address, enable: undefined } as const;
    return { ...port, kind: 'registered', underWrite: 'old', ...facts };
  };
  const reads = [
    read('now', { kind: 'combinational' }),
    read('old', {}),
    read('new', { underWrite: 'new' }),
    read('undefined', { underWrite: 'undefined', enable: sk.input('look', u(1)) }),
  ];
  const writes = [write(0), write(1)];
  const { location } = address;
  sk.memories.push({ name: 'words', depth: 5, width: 12, style: 'auto', init, reads, writes, location });
  return createSimulator(sk.finish(reading === clk ? [clk] : [clk, reading]));
}

describe('memories', () => {
  const words = [0x111n, 0x222n, 0x333n];
  const outputs = (sim: Simulator) => ['now', 'old', 'new', 'undefined'].map((name) => Number(show(sim, name)));

  it('have their contents from the start, and again after a restore, whatever the reset', () => {
    const sim = memory(clk, words);
    const fresh = sim.save();
    const contents = () => [0, 1, 2, 3, 4].map((address) => Number(show(sim, 'now', { address })));
    expect(contents()).toEqual([0x111, 0x222, 0x333, 0, 0]);
    show(sim, 'now', { address_0: 1, data_0: 0xfff, enable_0: 1, mask_0: 7 });
    sim.tick();
    show(sim, 'now', { enable_0: 0, rst: 1 });
    sim.tick();
    expect(contents()).toEqual([0x111, 0xfff, 0x333, 0, 0]);
    sim.restore(fresh);
    expect(contents()).toEqual([0x111, 0x222, 0x333, 0, 0]);
  });

  it('write groups of bits; of two writes to a group the later port wins', () => {
    const sim = memory(clk, words);
    const both = { enable_0: 1, enable_1: 1, address_0: 1, address_1: 1, data_0: 0xabc, data_1: 0xdef };
    show(sim, 'now', { address: 1, ...both, mask_0: 0b011, mask_1: 0b110 });
    sim.tick();
    expect(Number(show(sim, 'now', { enable_0: 0, enable_1: 0 }))).toBe(0xdec);
  });

  it('show a read the old or the new word, and count what is undefined', () => {
    const sim = memory(clk, words);
    const write = { address: 2, address_0: 2, data_0: 0xabc, enable_0: 1, mask_0: 0b101 };
    show(sim, 'now', { ...write, look: 1 });
    sim.tick();
    expect(outputs(sim)).toEqual([0xa3c, 0x333, 0xa3c, 0x333]);
    expect(sim.status()).toEqual({ violations: 0, undefinedReads: 1 });
    const harmless = [{ mask_0: 0 }, { mask_0: 7, enable_0: 0 }, { enable_0: 1, look: 0 }, { look: 1, address_0: 1 }];
    for (const inputs of harmless) {
      show(sim, 'now', inputs);
      sim.tick();
    }
    expect(sim.status().undefinedReads).toBe(1);
    show(sim, 'now', { address: 6, address_0: 6 }); // beyond the depth nothing is written and nothing read
    sim.tick();
    expect(outputs(sim)).toEqual([0, 0, 0, 0]);
    expect(sim.status().undefinedReads).toBe(1);
  });

  it('leave a read undefined when another clock writes at the same time, and only then', () => {
    const sim = memory(other, words);
    const inputs = { address: 1, address_0: 1, data_0: 0xfff, enable_0: 1, mask_0: 7, look: 1 };
    show(sim, 'now', inputs);
    sim.tick(1);
    sim.tick(2);
    expect(outputs(sim)).toEqual([0xfff, 0xfff, 0xfff, 0xfff]);
    expect(sim.status().undefinedReads).toBe(0);
    show(sim, 'now', { data_0: 0 });
    sim.tick(3);
    expect(outputs(sim)).toEqual([0, 0xfff, 0xfff, 0xfff]);
    expect(sim.status().undefinedReads).toBe(3);
  });
});

describe('registers', () => {
  it('have their initial values until something else is loaded, not after a reset', () => {
    const sk = sketch('initial');
    register(sk, 'plain', s(70), { init: -5n });
    register(sk, 'both', u(8), { init: 7n, reset: 9n });
    register(sk, 'none', u(8), {});
    const sim = createSimulator(sk.finish());
    const fresh = sim.save();
    const all = () => ['plain', 'both', 'none'].map((name) => show(sim, name));
    expect(all()).toEqual([-5n, 7n, 0n]);
    sim.poke('rst', 1);
    sim.tick();
    expect(all()).toEqual([0n, 9n, 0n]);
    sim.restore(fresh);
    expect(all()).toEqual([-5n, 7n, 0n]);
  });

  it('are set at once by an asynchronous reset, stay so, and go on at the first edge after it', () => {
    const sk = sketch('asynchronous');
    const enable = sk.input('enable', u(1));
    register(sk, 'small', s(9), { clock: async, reset: -3n, init: 5n });
    register(sk, 'free', u(8), { clock: async, init: 6n });
    register(sk, 'wide', u(300), { clock: async, reset: 1n << 299n, enable });
    register(sk, 'more', u(300), { clock: async, reset: 12n, enable });
    const sim = createSimulator(sk.finish([async]));
    const all = (inputs = {}) => {
      show(sim, 'small', inputs);
      return ['small', 'free', 'wide', 'more'].map((name) => sim.peek(name));
    };
    const reset = [-3n, 6n, 1n << 299n, 12n];
    expect(all({ rst_a: 0, enable: 1, small_d: 1, free_d: 2, wide_d: 3, more_d: 4 })).toEqual([5n, 6n, 0n, 0n]);
    sim.poke('rst_a', 1);
    expect(all({ rst_a: 0 })).toEqual([5n, 6n, 0n, 0n]); // nobody saw it
    expect(all({ rst_a: 1 })).toEqual(reset);
    expect(all({ rst_a: 0 })).toEqual(reset); // a pulse between edges is enough
    sim.tick();
    expect(all()).toEqual([1n, 2n, 3n, 4n]);
    sim.poke('rst_a', 1);
    sim.step(3);
    expect(all()).toEqual([-3n, 2n, 1n << 299n, 12n]); // edges change nothing but what has no reset
    sim.poke('rst_a', 0);
    sim.step(2);
    expect(all()).toEqual([1n, 2n, 3n, 4n]);
  });

  it('of several clocks sample together before any changes', () => {
    const sk = sketch('swap');
    const [a, b] = [clk, other].map(() => sk.node({ tag: 'reg', ...u(8) }));
    sk.register({ node: a!, clock: clk, next: b!, enable: undefined, reset: undefined, init: 1n });
    sk.register({ node: b!, clock: other, next: a!, enable: undefined, reset: undefined, init: 2n });
    sk.output('a', a!);
    sk.output('b', b!);
    const sim = createSimulator(sk.finish([clk, other]));
    const both = () => [show(sim, 'a'), show(sim, 'b')];
    sim.tick(3);
    expect(both()).toEqual([2n, 1n]);
    sim.step(1, 3);
    expect(both()).toEqual([1n, 2n]);
    sim.tick(2);
    expect(both()).toEqual([1n, 1n]);
  });

  it('may have one clock and several resets: it is one bit of the mask', () => {
    const sk = sketch('resets');
    register(sk, 'first', u(8), { clock: clk, reset: 1n });
    register(sk, 'second', u(8), { clock: { ...clk, reset: 'clear', resetStyle: 'asynchronous' }, reset: 2n });
    register(sk, 'third', u(8), { clock: other });
    const sim = createSimulator(sk.finish([clk, { ...clk, reset: 'clear', resetStyle: 'asynchronous' }, other]));
    show(sim, 'first', { first_d: 11, second_d: 12, third_d: 13 });
    sim.tick(1);
    expect(['first', 'second', 'third'].map((name) => show(sim, name))).toEqual([11n, 12n, 0n]);
    sim.tick(2);
    expect(show(sim, 'third')).toBe(13n);
    expect([show(sim, 'second', { clear: 1, rst: 1 }), show(sim, 'first')]).toEqual([2n, 11n]);
    sim.tick(1);
    expect(show(sim, 'first')).toBe(1n);
  });
});
