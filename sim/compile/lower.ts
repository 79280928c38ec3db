/**
 * The code of every node, as an exhaustive record over the tags of the intermediate representation.
 *
 * A value of `width` bits is ceil(width / 64) words that hold the integer it denotes: sign- or zero-extended to the full
 * words. Exact arithmetic therefore needs no masks; only what drops or reinterprets bits makes its result canonical again.
 */
import type { Node, NodeOf, Tag } from '../../gen/ir.ts';
import { op } from '../wasm/op.ts';
import type { Emitter, Word } from './emitter.ts';
import {
  addWords,
  canonical,
  equalWords,
  extendWords,
  lessWords,
  mulWords,
  orAll,
  selectWords,
  shiftWords,
  sliceWords,
  subWords,
  topBits,
  type Words,
  wordsFor,
} from './wide.ts';

/** The words of a node that was lowered before. */
export type ValueOf = (node: Node) => Words;

type Lower<T extends Tag> = (e: Emitter, node: NodeOf<T>, value: ValueOf) => Words;

/** The words of an integer. */
export function constantWords(value: bigint, width: number): Words {
  return Array.from({ length: wordsFor(width) }, (_, i) => BigInt.asIntN(64, value >> BigInt(64 * i)));
}

/** The words of `node` with the bits above its width cleared. */
export function rawWords(e: Emitter, words: Words, type: { width: number; signed: boolean }): Words {
  return type.signed ? canonical(e, words, type.width, false) : words;
}

/** The value of `words`, of type `from`, resized to `to`. */
export function resizeWords(
  e: Emitter,
  words: Words,
  from: { readonly width: number; readonly signed: boolean },
  to: { readonly width: number; readonly signed: boolean },
): Words {
  const extended = extendWords(e, words, from.signed, wordsFor(to.width));
  const same = from.signed === to.signed && from.width <= to.width;
  const roomForSign = !from.signed && to.signed && from.width < to.width;
  return same || roomForSign ? extended : canonical(e, extended, to.width, to.signed);
}

const state = (node: Node): never => {
  throw new Error(`internal: ${node.tag} has its words from the layout`);
};
const gone = (node: Node): never => {
  throw new Error(`internal: ${node.tag} in a flat design`);
};

/** Operands of `add` and `sub` in the words of the result. */
function aligned(e: Emitter, node: NodeOf<'add'>, value: ValueOf): readonly [Words, Words] {
  const count = wordsFor(node.width);
  return [extendWords(e, value(node.a), node.a.signed, count), extendWords(e, value(node.b), node.b.signed, count)];
}

const bitwise =
  (code: typeof op.i64And | typeof op.i64Or | typeof op.i64Xor): Lower<'and' | 'or' | 'xor'> =>
  (e, { a, b }, value) => {
    const right = value(b);
    return value(a).map((w, i) => e.binary(code, w, right[i]!));
  };

const isFlag = ({ width, signed }: Node): boolean => width === 1 && !signed;

/** `a` if the choice is 1, else `b`, where all are 0 or 1: without a selection where one is constant. */
function chooseFlag(e: Emitter, choice: Word, a: Word, b: Word): Word {
  if (a === 1n) return e.or(choice, b);
  if (b === 0n) return e.and(choice, a);
  if (a === 0n) return e.and(e.xor(choice, 1n), b);
  if (b === 1n) return e.or(e.xor(choice, 1n), a);
  return e.select(choice, a, b);
}

/** Shifts of one word: by 64 and more, everything is shifted out. */
function shiftWord(e: Emitter, code: 'left' | 'right', a: Word, signed: boolean, amount: Words, width: number): Word {
  const shift = code === 'left' ? op.i64Shl : signed ? op.i64ShrSigned : op.i64ShrUnsigned;
  const low = amount[0]!;
  const shifted = e.binary(shift, a, low);
  if (width <= 6) return shifted;
  const over = e.binary(op.i64Ne, orAll(e, [e.shrUnsigned(low, 6), ...amount.slice(1)]), 0n);
  return e.select(over, code === 'right' && signed ? e.shrSigned(a, 63) : 0n, shifted);
}

export const lower: { readonly [T in Tag]: Lower<T> } = {
  const: (_, node) => constantWords(node.value, node.width),
  input: (_, node) => state(node),
  reg: (_, node) => state(node),
  read: (_, node) => state(node),
  wire: (_, node) => gone(node),
  result: (_, node) => gone(node),

  not: (e, { a, width, signed }, value) => {
    const ones = constantWords(signed ? -1n : 2n ** BigInt(width) - 1n, width);
    return value(a).map((w, i) => e.xor(w, ones[i]!));
  },
  popcount: (e, { a }, value) => {
    const ones = rawWords(e, value(a), a).map((w) => e.popcount(w));
    return [ones.reduce((sum, w) => e.add(sum, w))];
  },
  any: (e, { a }, value) => [e.binary(op.i64Ne, orAll(e, value(a)), 0n)],
  parity: (e, { a }, value) => {
    const folded = rawWords(e, value(a), a).reduce((sum, w) => e.xor(sum, w));
    return [e.and(e.popcount(folded), 1n)];
  },
  resize: (e, node, value) => resizeWords(e, value(node.a), node.a, node),

  slice: (e, { a, low, width }, value) => {
    const words = sliceWords(e, value(a), low, width);
    return low + width === a.width && !a.signed ? words : canonical(e, words, width, false);
  },

  add: (e, node, value) => addWords(e, ...aligned(e, node, value)),
  sub: (e, node, value) => subWords(e, ...aligned(e, node, value)),
  mul: (e, { a, b, width }, value) => {
    if (wordsFor(width) === 1) return [e.binary(op.i64Mul, value(a)[0]!, value(b)[0]!)];
    return mulWords(e, value(a), a.signed, value(b), b.signed, wordsFor(width));
  },
  and: bitwise(op.i64And),
  or: bitwise(op.i64Or),
  xor: bitwise(op.i64Xor),
  eq: (e, { a, b }, value) => {
    if (isFlag(a)) return [e.xor(e.xor(value(a)[0]!, value(b)[0]!), 1n)];
    return [equalWords(e, value(a), value(b))];
  },
  lt: (e, { a, b }, value) => [lessWords(e, value(a), value(b), a.signed)],
  shl: (e, { a, b, width, signed }, value) => {
    const words = extendWords(e, value(a), a.signed, wordsFor(width));
    const shifted =
      words.length === 1
        ? [shiftWord(e, 'left', words[0]!, signed, value(b), b.width)]
        : shiftWords(e, words, value(b), b.width, 'left', 0n);
    return canonical(e, shifted, width, signed);
  },
  shr: (e, { a, b }, value) => {
    const words = value(a);
    if (words.length === 1) return [shiftWord(e, 'right', words[0]!, a.signed, value(b), b.width)];
    const fill = a.signed ? e.shrSigned(words.at(-1)!, 63) : 0n;
    return shiftWords(e, words, value(b), b.width, 'right', fill);
  },

  mux: (e, { select, a, b }, value) => {
    const choice = value(select)[0]!;
    if (isFlag(a)) return [chooseFlag(e, choice, value(a)[0]!, value(b)[0]!)];
    return selectWords(e, choice, value(a), value(b));
  },
  cat: (e, { parts, width }, value) => {
    const words = new Array<Word>(wordsFor(width)).fill(0n);
    const reversed = parts.toReversed();
    let position = 0;
    for (let from = 0; from < parts.length; ) {
      const part = reversed[from]!;
      const shift = position % 64;
      const copies = copiesOf(reversed, from, 64 - shift, value);
      const raw = copies > 1 ? [spreadFlag(e, value(part)[0]!, copies)] : rawWords(e, value(part), part);
      const partWidth = part.width * copies;
      for (const [i, w] of raw.entries()) {
        const at = (position - shift) / 64 + i;
        const bits = i === raw.length - 1 ? topBits(partWidth) : 64;
        words[at] = e.or(words[at]!, e.shl(w, shift));
        if (bits + shift > 64) words[at + 1] = e.or(words[at + 1]!, e.shrUnsigned(w, 64 - shift));
      }
      position += partWidth;
      from += copies;
    }
    return words;
  },
};

/** How many of the parts from this one on are one and the same flag; at most `most`. */
function copiesOf(parts: readonly Node[], from: number, most: number, value: ValueOf): number {
  const part = parts[from]!;
  if (!isFlag(part)) return 1;
  const word = value(part)[0]!;
  let to = from + 1;
  while (to < parts.length && to - from < most && isFlag(parts[to]!) && value(parts[to]!)[0] === word) to++;
  return to - from;
}

/** A flag in each of `copies` bits. */
const spreadFlag = (e: Emitter, flag: Word, copies: number): Word =>
  e.extend(e.binary(op.i64Sub, 0n, flag), copies, false);

/** Lowers one node. */
export function lowerNode(e: Emitter, node: Node, value: ValueOf): Words {
  return (lower[node.tag] as (e: Emitter, n: Node, v: ValueOf) => Words)(e, node, value);
}
