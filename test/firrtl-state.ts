/** Every kind of state in one module: memory ports of all kinds, masks, two writers, reset styles, two clocks. */
import type { Clock, Memory, Module, Node, ReadPort, WritePort } from '../gen/ir.ts';
import { clk, type Sketch, s, sketch, u } from '../sim/testing/ir.ts';

const other: Clock = { clock: 'clk_b', reset: 'rst_b', resetStyle: 'asynchronous' };
/** The other clock with the first clock's reset, once per style. */
const mixed: readonly Clock[] = [
  { clock: 'clk_b', reset: 'rst', resetStyle: 'synchronous' },
  { clock: 'clk_b', reset: 'rst', resetStyle: 'asynchronous' },
];

type Reading = Pick<ReadPort, 'kind' | 'underWrite'> & { readonly gated: boolean };

const registered = (underWrite: ReadPort['underWrite'], gated: boolean): Reading => ({
  kind: 'registered',
  underWrite,
  gated,
});
const now: Reading = { kind: 'combinational', underWrite: 'old', gated: false };

const readings: readonly (readonly Reading[])[] = [
  [registered('old', false)],
  [registered('old', true), now],
  [registered('new', false)],
  [registered('new', true), registered('old', true)],
  [registered('new', false), now],
  [registered('undefined', false)],
  [registered('undefined', true)],
];

interface Inputs {
  readonly read: Node;
  readonly apart: Node;
  readonly write: readonly Node[];
  readonly data: readonly Node[];
  readonly enable: readonly Node[];
  readonly masks: readonly (Node | undefined)[];
  readonly gate: Node;
}

/** Width 12: masks of 3 and 2 bits meet in six groups. */
const width = 12;

function inputsOf(sk: Sketch, depth: number): Inputs {
  const bits = Math.max(1, (depth - 1).toString(2).length);
  const address = (name: string): Node => sk.node({ tag: 'slice', ...u(bits), a: sk.input(name, u(4)), low: 0 });
  const write = [address('write_0'), address('write_1')];
  return {
    read: address('read'),
    apart: sk.node({ tag: 'not', ...u(bits), a: write[0]! }),
    write,
    data: [sk.input('data_0', u(width)), sk.input('data_1', u(width))],
    enable: [sk.input('enable_0', u(1)), sk.input('enable_1', u(1))],
    masks: [sk.input('mask_0', u(3)), sk.input('mask_1', u(2)), undefined],
    gate: sk.input('gate', u(1)),
  };
}

function memory(
  sk: Sketch,
  name: string,
  depth: number,
  reads: readonly Reading[],
  masks: readonly number[],
  x: Inputs,
  clocks: readonly Clock[],
): void {
  const careless = reads.some((r) => r.underWrite === 'undefined');
  const writes = masks.map(
    (mask, i): WritePort => ({
      clock: clocks[0]!,
      address: x.write[i]!,
      data: x.data[i]!,
      enable: x.enable[i]!,
      mask: x.masks[mask],
    }),
  );
  const ports = reads.map(({ kind, underWrite, gated }, i): ReadPort => {
    const node = sk.node({ tag: 'read', ...u(width) });
    sk.names.set(node, `${name}_word_${i}`);
    const address = careless ? x.apart : x.read;
    return { node, clock: clocks.at(-1)!, kind, underWrite, address, enable: gated ? x.gate : undefined };
  });
  const at = x.read.location;
  sk.memories.push({
    name,
    depth,
    width,
    style: 'auto',
    init: undefined,
    reads: ports,
    writes,
    location: at,
  } satisfies Memory);
  for (const [i, { node }] of ports.entries()) sk.output(`${name}_${i}`, node);
}

function counters(sk: Sketch, x: Inputs): void {
  for (const [i, clock] of [clk, other, ...mixed].entries()) {
    for (const enable of [undefined, x.gate]) {
      const node = sk.node({ tag: 'reg', ...s(13) });
      const name = `count_${i}${enable === undefined ? '' : '_gated'}`;
      sk.names.set(node, name);
      const data = sk.node({ tag: 'resize', ...s(13), a: x.data[0]! });
      const sum = sk.node({ tag: 'add', ...s(14), a: node, b: data });
      sk.register({ node, clock, next: sk.node({ tag: 'resize', ...s(13), a: sum }), enable, reset: -7n - BigInt(i) });
      sk.output(name, node);
    }
  }
}

export function stateDesign(): Module {
  const sk = sketch('state');
  const x = inputsOf(sk, 16);
  for (const [i, reads] of readings.entries()) {
    const careless = reads.some((r) => r.underWrite === 'undefined');
    for (const masks of careless ? [[2], [0]] : [[2], [0], [2, 2], [0, 1], [2, 1]]) {
      memory(sk, `memory_${i}_${masks.join('_')}`, 16, reads, masks, x, [clk]);
    }
  }
  memory(sk, 'across', 16, [registered('undefined', true), registered('undefined', false)], [0], x, [clk, other]);
  memory(sk, 'across_free', 16, [registered('undefined', false)], [0], x, [clk, other]);
  // One word, written at addresses of which only the first exists.
  const bit = (a: Node): Node => sk.node({ tag: 'slice', ...u(1), a, low: 0 });
  const first = sk.node({ tag: 'const', ...u(1), value: 0n });
  memory(sk, 'single', 1, [registered('old', false), now], [2, 0], { ...x, read: first, write: x.write.map(bit) }, [
    clk,
  ]);
  counters(sk, x);
  sk.property('cover', 'gated', x.gate, other);
  return sk.finish([clk, other, ...mixed]);
}
