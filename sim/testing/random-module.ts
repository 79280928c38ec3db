/** For tests: random modules over all tags, and a top that holds many of them, so that one build tests them all. */
import { type BitType, bitsFor, type Clock, type Module, type Node, type Reg, type Result } from '../../gen/ir.ts';
import { createRandom, type Random } from '../random.ts';
import { read } from '../reference.ts';
import { clk, type Sketch, s, sameClocks, sketch, u } from './ir.ts';
import { type Pick, randomMemory } from './random-memory.ts';

const widths = [1, 2, 5, 8, 16, 31, 32, 33, 48, 63, 64, 65, 90, 127, 128, 130];
const randomType = (random: Random): BitType => ({
  width: widths[random.below(widths.length)]!,
  signed: random.chance(0.4),
});

/** The ports of every random module, shared by the top that holds them. */
const inputs: readonly (readonly [string, BitType])[] = [
  ['bit_in', u(1)],
  ['five', u(5)],
  ['byte_in', s(8)],
  ['word', u(32)],
  ['widest', s(64)],
  ['wide', u(130)],
];

type Draw = (sk: Sketch, random: Random, pick: Pick) => Node;

/** One entry per group of tags; each makes a node from operands of fitting types. */
const draws: readonly Draw[] = [
  (sk, random, pick) => {
    const a = pick();
    const type = { width: a.width, signed: a.signed };
    return random.chance(0.5)
      ? sk.node({ tag: 'not', ...type, a })
      : sk.node({ tag: 'resize', ...randomType(random), a });
  },
  (sk, random, pick) => {
    const a = pick();
    const tag = (['popcount', 'any', 'parity'] as const)[random.below(3)]!;
    return sk.node({ tag, ...u(tag === 'popcount' ? bitsFor(BigInt(a.width)) : 1), a });
  },
  (sk, random, pick) => {
    const a = pick();
    const low = random.below(a.width);
    return sk.node({ tag: 'slice', ...u(1 + random.below(a.width - low)), a, low });
  },
  (sk, random, pick) => {
    const a = pick();
    const b = pick({ width: 1 + random.below(70), signed: a.signed });
    const tag = (['add', 'sub', 'mul'] as const)[random.below(3)]!;
    const width = tag === 'mul' ? a.width + b.width : Math.max(a.width, b.width) + 1;
    return sk.node({ tag, width, signed: tag === 'sub' || a.signed, a, b });
  },
  (sk, random, pick) => {
    const a = pick();
    const type = { width: a.width, signed: a.signed };
    const tag = (['and', 'or', 'xor', 'eq', 'lt', 'mux'] as const)[random.below(6)]!;
    const b = pick(type);
    if (tag === 'mux') return sk.node({ tag, ...type, select: pick(u(1)), a, b });
    return sk.node({ tag, ...(tag === 'eq' || tag === 'lt' ? u(1) : type), a, b });
  },
  (sk, random, pick) => {
    const a = pick();
    const b = pick(u(1 + random.below(9)));
    return sk.node({ tag: random.chance(0.5) ? 'shl' : 'shr', width: a.width, signed: a.signed, a, b });
  },
  (sk, random, pick) => {
    const parts = Array.from({ length: 2 + random.below(3) }, () => pick());
    return sk.node({ tag: 'cat', ...u(parts.reduce((sum, p) => sum + p.width, 0)), parts });
  },
  (sk, random) => {
    const type = randomType(random);
    const bits = random.bits(type.width);
    return sk.node({ tag: 'const', ...type, value: type.signed ? BigInt.asIntN(type.width, bits) : bits });
  },
];

/** The clocks of every random module, and bits of the mask of `tick`: one for each kind of reset. */
export const randomClocks: readonly Clock[] = [clk, { clock: 'clk_b', reset: 'rst_b', resetStyle: 'asynchronous' }];

/** Registers of both clocks; the last few are wide and share an enable. */
function randomRegisters(sk: Sketch, random: Random): readonly Reg[] {
  return Array.from({ length: 9 }, (_, i): Reg => {
    const node = sk.node({ tag: 'reg', ...(i < 6 ? randomType(random) : u(100 + random.below(150))) });
    sk.names.set(node, `state_${i}`);
    return node;
  });
}

function closeRegisters(sk: Sketch, random: Random, pick: Pick, registers: readonly Reg[]): void {
  const shared = { clock: randomClocks[random.below(2)]!, enable: pick(u(1)), resets: random.chance(0.7) };
  for (const [i, node] of registers.entries()) {
    const value = () => read(random.bits(node.width), node);
    const own = random.chance(0.5) ? pick(u(1)) : undefined;
    const resets = i < 6 ? random.chance(0.7) : shared.resets;
    sk.register({
      node,
      clock: i < 6 ? randomClocks[i % 2]! : shared.clock,
      next: pick({ width: node.width, signed: node.signed }),
      enable: i < 6 ? own : shared.enable,
      reset: resets ? value() : undefined,
      init: random.chance(0.5) ? value() : undefined,
    });
  }
}

/** About `size` nodes, registers, memories and properties, every loose end joined to the outputs. */
function randomModule(name: string, seed: number, size: number): Module {
  const random = createRandom(seed);
  const sk = sketch(name);
  const pool = inputs.map(([port, type]) => sk.input(port, type));
  const pick: Pick = (type?: BitType): Node => {
    const late = random.chance(0.6) ? Math.max(0, pool.length - 8) : 0;
    const node = pool[late + random.below(pool.length - late)]!;
    if (type === undefined || (type.width === node.width && type.signed === node.signed)) return node;
    return sk.node({ tag: 'resize', width: type.width, signed: type.signed, a: node });
  };
  const registers = randomRegisters(sk, random);
  pool.push(...registers);
  const word = pool.find((n) => n.width === 32)!;
  const control = (type: BitType): Node => {
    if (random.chance(0.3)) return pick(type);
    return sk.node({ tag: 'slice', ...type, a: word, low: random.below(word.width - type.width) });
  };
  const memories = ['words', 'table'].map((known) => randomMemory(known, sk, random, pick, control, randomClocks));
  for (const memory of memories) pool.push(...memory.registered);
  for (let i = 0; i < size; i++) {
    const node = draws[random.below(draws.length)]!(sk, random, pick);
    pool.push(node.width > 260 ? sk.node({ tag: 'resize', ...randomType(random), a: node }) : node);
    if (i % 20 === 10) pool.push(...memories.map((memory) => memory.readNow()));
  }
  closeRegisters(sk, random, pick, registers);
  for (const memory of memories) memory.close();
  for (const kind of ['assert', 'assume', 'cover', 'cover'] as const) {
    const clock = randomClocks[random.below(2)]!;
    const likely = sk.node({ tag: 'any', ...u(1), a: pick(u(6)) });
    sk.property(kind, `some_${kind}`, kind === 'cover' ? pick(u(1)) : likely, clock);
  }
  for (const [i, node] of pool.slice(-6).entries()) sk.output(`y${i}`, node);
  const folded = pool
    .map((node) => sk.node({ tag: 'resize', ...u(64), a: node }))
    .reduce((a, b) => sk.node({ tag: 'xor', ...u(64), a, b }) as never) as Node;
  sk.output('all', folded);
  return sk.finish(randomClocks);
}

/** A top that holds `count` random modules on the same inputs. */
export function randomDesign(seed: number, count: number, size: number): Module {
  const top = sketch('random_top');
  const drivers = new Map(inputs.map(([port, type]) => [port, top.input(port, type)]));
  for (let i = 0; i < count; i++) {
    const module = randomModule(`random_${i}`, seed * 1000 + i, size);
    const results = new Map<string, Result>();
    for (const { name, direction, width, signed } of module.ports) {
      if (direction === 'input') continue;
      const node = top.node({ tag: 'result', width, signed });
      results.set(name, node);
      top.output(`m${i}_${name}`, node);
    }
    top.instances.push({
      name: `m${i}`,
      module,
      clocks: sameClocks(module),
      inputs: drivers,
      results,
      location: module.location,
    });
  }
  return top.finish(randomClocks);
}
