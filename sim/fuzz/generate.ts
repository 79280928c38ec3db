/**
 * Random modules over all of the intermediate representation, whose outputs never depend on an unknown value once the
 * first cycle, in which every reset is 1 and every clock rises, is over.
 *
 * Half of them start by initial values, half by resets, which is all that FIRRTL can say.
 */
import { type BitType, type Clock, controlPorts, type Module, type Node, type Reg, type Result } from '../../gen/ir.ts';
import { createRandom, type Random } from '../random.ts';
import { read } from '../reference.ts';
import { clk, type Sketch, sketch, u, usedClocks } from '../testing/ir.ts';
import { mostBits, type Pick, randomNode, randomType } from './draws.ts';
import { type RandomMemory, randomMemory, type Start } from './memory.ts';

/** The clocks of every random module, and bits of the mask of `tick`: one for each kind of reset. */
export const randomClocks: readonly Clock[] = [clk, { clock: 'clk_b', reset: 'rst_b', resetStyle: 'asynchronous' }];

export interface CaseSize {
  /** Nodes of a module, on average, before resizes. */
  readonly nodes: number;
}

export const defaultSize: CaseSize = { nodes: 7 };

/** A module to be compared, and what its inputs are drawn from. */
export interface Case {
  /** Unlike any other in a bundle: letters and digits. */
  readonly id: string;
  readonly index: number;
  readonly module: Module;
  /** The first cycle in which outputs are compared: 1 where a reset gives registers their first value. */
  readonly from: 0 | 1;
}

/** Case `index` of `seed`: the same whatever else is drawn. */
export function randomCase(seed: number, index: number, size: CaseSize = defaultSize): Case {
  const random = createRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  const byInit = random.chance(0.5);
  const module = randomModule(`case_${index}`, random, size.nodes, byInit, true);
  return { id: `m${index}`, index, module, from: byInit ? 0 : 1 };
}

function randomModule(name: string, random: Random, size: number, byInit: boolean, nested: boolean): Module {
  const sk = sketch(name);
  const pool: Node[] = [];
  const unused = new Set<Node>();
  const add = (...nodes: readonly Node[]): void => {
    pool.push(...nodes);
    for (const node of nodes) unused.add(node);
  };
  const pick: Pick = (type) => {
    const fresh = random.chance(0.6) ? [...unused] : pool;
    const from = fresh.length > 0 ? fresh : pool;
    const node = from[random.below(from.length)]!;
    unused.delete(node);
    if (type === undefined || (type.width === node.width && type.signed === node.signed)) return node;
    return sk.node({ tag: 'resize', width: type.width, signed: type.signed, a: node });
  };
  const word = sk.input('word', u(32));
  /** Values that change in every cycle. */
  const control: Pick = (type = u(1)) => {
    if (type.width > 8 || random.chance(0.3)) return pick(type);
    return sk.node({ tag: 'slice', ...type, a: word, low: random.below(word.width - type.width) });
  };
  for (let i = 1 + random.below(2); i > 0; i--) add(sk.input(`x${i}`, randomType(random)));

  const start: Start = (init, reset = init) =>
    byInit ? { init, reset: random.chance(0.5) ? reset : undefined } : { init: undefined, reset };
  const children = nested && random.chance(0.3) ? randomChildren(sk, random, size, byInit, pick) : [];
  const registers = Array.from({ length: random.below(3) }, (_, i) => randomRegister(sk, random, i));
  const memory: RandomMemory | undefined = random.chance(0.2)
    ? randomMemory(sk, random, pick, control, randomClocks, start)
    : undefined;
  add(...children, ...registers.map((r) => r.value), ...(memory?.values ?? []));
  const steps = 1 + random.below(2 * size - 1);
  for (let i = 0; i < steps; i++) add(randomNode(sk, random, pick));
  for (const register of registers) register.close(pick, control, start);
  memory?.close();
  if (random.chance(0.1)) randomProperties(sk, random, pick);
  closeOutputs(sk, [...unused], pool.at(-1)!);
  return sk.finish(usedClocks(sk, randomClocks));
}

interface RandomRegister {
  readonly value: Node;
  close(pick: Pick, control: Pick, start: Start): void;
}

/** One in ten has neither initial nor reset value, and a register beside it that knows whether it was written. */
function randomRegister(sk: Sketch, random: Random, index: number): RandomRegister {
  const type = randomType(random);
  const make = (name: string, type: BitType): Reg => {
    const reg = sk.node({ tag: 'reg', ...type });
    sk.names.set(reg, name);
    return reg;
  };
  const node = make(`state_${index}`, type);
  const clock = randomClocks[random.below(2)]!;
  const bare = random.chance(0.1);
  const valid = bare ? make(`valid_${index}`, u(1)) : undefined;
  const constant = (t: BitType, value: bigint): Node => sk.node({ tag: 'const', ...t, value });
  const value =
    valid === undefined
      ? node
      : sk.node({ tag: 'mux', ...type, select: valid, a: node, b: constant(type, read(5n, type)) });
  return {
    value,
    close: (pick, control, start) => {
      const enable = random.chance(0.5) ? control(u(1)) : undefined;
      const draw = () => read(random.chance(0.2) ? -1n : random.bits(node.width), node);
      const drawn = start(draw(), draw());
      const next = pick(type);
      sk.register({ node, clock, next, enable, ...(bare ? { init: undefined, reset: undefined } : drawn) });
      if (valid !== undefined) sk.register({ node: valid, clock, next: constant(u(1), 1n), enable, ...start(0n) });
    },
  };
}

/** Clock and reset ports when the two clocks change places. */
const otherPort: Readonly<Record<string, string>> = { clk: 'clk_b', rst: 'rst_b', clk_b: 'clk', rst_b: 'rst' };

/** One child, once or twice, its clocks those of the same name or swapped. */
function randomChildren(sk: Sketch, random: Random, size: number, byInit: boolean, pick: Pick): Node[] {
  const module = randomModule(`${sk.name}_part`, random, Math.ceil(size / 2), byInit, false);
  const results: Node[] = [];
  for (let i = random.below(2); i >= 0; i--) {
    const swapped = random.chance(0.3);
    const around = new Map(controlPorts(module.clocks).map((p) => [p, swapped ? otherPort[p]! : p]));
    const inputs = new Map<string, Node>();
    const made = new Map<string, Result>();
    for (const port of module.ports) {
      if (port.direction === 'input') {
        const wire = sk.node({ tag: 'wire', width: port.width, signed: port.signed });
        sk.drivers.set(wire, pick(port));
        inputs.set(port.name, wire);
      } else made.set(port.name, sk.node({ tag: 'result', width: port.width, signed: port.signed }));
    }
    results.push(...made.values());
    sk.instances.push({ name: `part_${i}`, module, clocks: around, inputs, results: made, location: module.location });
  }
  return results;
}

function randomProperties(sk: Sketch, random: Random, pick: Pick): void {
  for (const kind of ['assert', 'assume', 'cover'] as const) {
    const clock = randomClocks[random.below(2)]!;
    const likely = sk.node({ tag: 'any', ...u(1), a: pick(u(6)) });
    sk.property(kind, `some_${kind}`, kind === 'cover' ? pick(u(1)) : likely, clock);
  }
}

/** Loose ends become outputs: one alone, the others joined. */
function closeOutputs(sk: Sketch, loose: readonly Node[], last: Node): void {
  const [first = last, ...others] = loose;
  const joined = others.slice(1).reduce<Node>((a, b) => {
    const width = a.width + b.width;
    if (width <= mostBits) return sk.node({ tag: 'cat', ...u(width), parts: [a, b] });
    const type = u(Math.max(a.width, b.width));
    const [x, y] = [a, b].map((n) => sk.node({ tag: 'resize', ...type, a: n }));
    return sk.node({ tag: 'xor', ...type, a: x!, b: y! });
  }, others[0] ?? first);
  sk.output('y0', first);
  if (others.length > 0) sk.output('y1', joined);
}
