/** Random nodes: one of every tag that computes, from operands of fitting types. */
import { type BitType, bitsFor, type Node } from '../../gen/ir.ts';
import type { Random } from '../random.ts';
import { type Sketch, s, u } from '../testing/ir.ts';

/** Some value of the module; resized where a type is asked for. */
export type Pick = (type?: BitType) => Node;

/** Wider values are cut down before they are used again. */
export const mostBits = 200;

/** Widths where words, limbs and bytes meet; others are drawn between them. */
const corners = [1, 1, 2, 7, 8, 9, 16, 31, 32, 33, 63, 64, 65, 127, 128, 129, 192, 200];

export function randomType(random: Random): BitType {
  const kind = random.unit();
  const corner = corners[random.below(corners.length)]!;
  const width = kind < 0.5 ? corner : 1 + random.below(kind < 0.9 ? 20 : mostBits);
  return { width, signed: random.chance(0.4) };
}

type Draw = (sk: Sketch, random: Random, pick: Pick) => Node;

const one = <T>(random: Random, ...choices: readonly T[]): T => choices[random.below(choices.length)]!;

const draws: readonly Draw[] = [
  (sk, _, pick) => {
    const a = pick();
    return sk.node({ tag: 'not', width: a.width, signed: a.signed, a });
  },
  (sk, random, pick) => sk.node({ tag: 'resize', ...randomType(random), a: pick() }),
  (sk, random, pick) => {
    const a = pick();
    const tag = one(random, 'popcount', 'any', 'parity');
    return sk.node({ tag, ...u(tag === 'popcount' ? bitsFor(BigInt(a.width)) : 1), a });
  },
  (sk, random, pick) => {
    const a = pick();
    const low = random.below(a.width);
    return sk.node({ tag: 'slice', ...u(1 + random.below(a.width - low)), a, low });
  },
  (sk, random, pick) => {
    const a = pick();
    const b = pick({ width: randomType(random).width, signed: a.signed });
    const tag = one(random, 'add', 'sub', 'mul');
    const width = tag === 'mul' ? a.width + b.width : Math.max(a.width, b.width) + 1;
    return sk.node({ tag, width, signed: tag === 'sub' || a.signed, a, b });
  },
  (sk, random, pick) => {
    const a = pick();
    const type = { width: a.width, signed: a.signed };
    return sk.node({ tag: one(random, 'and', 'or', 'xor'), ...type, a, b: pick(type) });
  },
  (sk, random, pick) => {
    const a = pick();
    const b = pick({ width: a.width, signed: a.signed });
    return sk.node({ tag: one(random, 'eq', 'lt'), ...u(1), a, b });
  },
  (sk, random, pick) => {
    const type = random.chance(0.5) ? randomType(random) : undefined;
    const a = pick(type);
    const b = pick({ width: a.width, signed: a.signed });
    return sk.node({ tag: 'mux', width: a.width, signed: a.signed, select: pick(u(1)), a, b });
  },
  (sk, random, pick) => {
    const a = pick();
    const b = pick(u(1 + random.below(random.chance(0.9) ? 9 : 40)));
    const tag = one(random, 'shl', 'shr');
    const width = tag === 'shl' && random.chance(0.3) ? randomType(random).width : a.width;
    return sk.node({ tag, width, signed: a.signed, a, b });
  },
  (sk, random, pick) => {
    const parts = Array.from({ length: 2 + random.below(2) }, () => pick());
    return sk.node({ tag: 'cat', ...u(parts.reduce((sum, p) => sum + p.width, 0)), parts });
  },
  (sk, random) => randomConst(sk, random, randomType(random)),
];

export function randomConst(sk: Sketch, random: Random, type: BitType): Node {
  const bits = random.chance(0.3) ? -BigInt(random.below(2)) : random.bits(type.width);
  return sk.node({ tag: 'const', ...type, value: BigInt[type.signed ? 'asIntN' : 'asUintN'](type.width, bits) });
}

export function randomNode(sk: Sketch, random: Random, pick: Pick): Node {
  const node = draws[random.below(draws.length)]!(sk, random, pick);
  if (node.width <= mostBits) return node;
  return sk.node({ tag: 'resize', ...(node.signed ? s : u)(1 + random.below(mostBits)), a: node });
}
