/** Arithmetic on values of several 64-bit words, least significant first: the cases where words do not act alone. */
import { type Op, op } from '../wasm/op.ts';
import type { Emitter, Word } from './emitter.ts';

export type Words = readonly Word[];

export const wordsFor = (width: number): number => Math.ceil(width / 64);
/** Bits used in the most significant word: 1 to 64. */
export const topBits = (width: number): number => width - 64 * (wordsFor(width) - 1);

/** Exactly `count` words: the excess dropped, the lack filled by zero or sign. */
export function extendWords(e: Emitter, a: Words, signed: boolean, count: number): Words {
  if (a.length === count) return a;
  if (a.length > count) return a.slice(0, count);
  const fill = signed ? e.shrSigned(a.at(-1)!, 63) : 0n;
  return [...a, ...new Array<Word>(count - a.length).fill(fill)];
}

/** The low `width` bits of the words, made canonical: the top word zero- or sign-extended. */
export function canonical(e: Emitter, a: Words, width: number, signed: boolean): Words {
  const bits = topBits(width);
  return bits === 64 ? a : [...a.slice(0, -1), e.extend(a.at(-1)!, bits, signed)];
}

export function addWords(e: Emitter, a: Words, b: Words): Words {
  let carry: Word = 0n;
  return a.map((x, i) => {
    const y = b[i]!;
    const partial = e.add(x, y);
    const sum = e.add(partial, carry);
    if (i + 1 < a.length) {
      const first = y === 0n ? 0n : e.binary(op.i64LtUnsigned, partial, x);
      carry = e.or(first, carry === 0n ? 0n : e.binary(op.i64LtUnsigned, sum, partial));
    }
    return sum;
  });
}

export function subWords(e: Emitter, a: Words, b: Words): Words {
  let borrow: Word = 0n;
  return a.map((x, i) => {
    const y = b[i]!;
    const partial = e.binary(op.i64Sub, x, y);
    const difference = e.binary(op.i64Sub, partial, borrow);
    if (i + 1 < a.length) {
      const first = e.binary(op.i64LtUnsigned, x, y);
      borrow = e.or(first, e.binary(op.i64LtUnsigned, partial, borrow));
    }
    return difference;
  });
}

/** High word of the unsigned 128-bit product, from four products of 32-bit limbs. */
function mulHigh(e: Emitter, a: Word, b: Word): Word {
  const mul = (x: Word, y: Word) => e.binary(op.i64Mul, x, y);
  const low = (x: Word) => e.and(x, 0xffffffffn);
  const high = (x: Word) => e.shrUnsigned(x, 32);
  const [aLow, aHigh, bLow, bHigh] = [low(a), high(a), low(b), high(b)];
  const middle = e.add(mul(aHigh, bLow), high(mul(aLow, bLow)));
  const other = e.add(mul(aLow, bHigh), low(middle));
  return e.add(e.add(mul(aHigh, bHigh), high(middle)), high(other));
}

/** Schoolbook product modulo 2^(64 count); a negative factor is its unsigned reading less 2^(64 words). */
export function mulWords(e: Emitter, a: Words, aSigned: boolean, b: Words, bSigned: boolean, count: number): Words {
  const sum = new Array<Word>(count).fill(0n);
  for (const [i, x] of a.entries()) {
    let carry: Word = 0n;
    for (let j = 0; j < b.length && i + j < count; j++) {
      const at = i + j;
      const low = addWords(e, [e.binary(op.i64Mul, x, b[j]!), 0n], [sum[at]!, 0n]);
      const withCarry = addWords(e, [low[0]!, 0n], [carry, 0n]);
      sum[at] = withCarry[0]!;
      if (at + 1 < count) carry = e.add(mulHigh(e, x, b[j]!), e.add(low[1]!, withCarry[1]!));
    }
    if (i + b.length < count) sum[i + b.length] = carry;
  }
  const correct = (value: Words, factor: Words, signed: boolean) => {
    const shift = factor.length;
    if (!signed || shift >= count) return;
    const negative = e.shrSigned(factor.at(-1)!, 63);
    const part = value.slice(0, count - shift).map((w) => e.and(w, negative));
    const whole = sum.slice(shift);
    while (part.length < whole.length) part.push(0n);
    for (const [i, w] of subWords(e, whole, part).entries()) sum[shift + i] = w;
  };
  correct(b, a, aSigned);
  correct(a, b, bSigned);
  return sum;
}

/** 0 or 1. */
export function equalWords(e: Emitter, a: Words, b: Words): Word {
  if (a.length === 1) return e.binary(op.i64Eq, a[0]!, b[0]!);
  return e.binary(
    op.i64Eq,
    orAll(
      e,
      a.map((x, i) => e.xor(x, b[i]!)),
    ),
    0n,
  );
}

export function lessWords(e: Emitter, a: Words, b: Words, signed: boolean): Word {
  let less: Word = 0n;
  for (const [i, x] of a.entries()) {
    const y = b[i]!;
    const here = e.binary(signed && i === a.length - 1 ? op.i64LtSigned : op.i64LtUnsigned, x, y);
    less = i === 0 ? here : e.or(here, e.and(e.binary(op.i64Eq, x, y), less));
  }
  return less;
}

export function selectWords(e: Emitter, condition: Word, a: Words, b: Words): Words {
  return a.map((w, i) => e.select(condition, w, b[i]!));
}

export function storeWords(e: Emitter, words: Words, address: number, store: Op = op.i64Store): void {
  for (const [i, w] of words.entries()) e.store(w, address + 8 * i, store);
}

/** The bitwise or of all words. */
export function orAll(e: Emitter, a: Words): Word {
  return a.reduce((sum, w) => e.or(sum, w), 0n as Word);
}

/** Bits `low` to `low + width - 1`, in `wordsFor(width)` words; bits above the field may remain in the top word. */
export function sliceWords(e: Emitter, a: Words, low: number, width: number): Words {
  const shift = low % 64;
  const first = (low - shift) / 64;
  return Array.from({ length: wordsFor(width) }, (_, i) => {
    const here = e.shrUnsigned(a[first + i]!, shift);
    const next = a[first + i + 1];
    const wanted = Math.min(64, width - 64 * i);
    return next === undefined || wanted <= 64 - shift ? here : e.or(here, e.shl(next, 64 - shift));
  });
}

/** The amount's bits below `stages`, and whether any bit at or above it is set. */
function splitAmount(e: Emitter, amount: Words, width: number, stages: number): { low: Word; over: Word } {
  const low = amount[0]!;
  if (width <= stages) return { low, over: 0n };
  const high = orAll(e, [e.shrUnsigned(low, stages), ...amount.slice(1)]);
  return { low, over: e.binary(op.i64Ne, high, 0n) };
}

/** A barrel shifter: within words by the low six bits, then by whole words, bit after bit; `fill` comes in. */
export function shiftWords(
  e: Emitter,
  a: Words,
  amount: Words,
  amountWidth: number,
  direction: 'left' | 'right',
  fill: Word,
): Words {
  const count = a.length;
  const stages = 6 + Math.ceil(Math.log2(count));
  const { low, over } = splitAmount(e, amount, amountWidth, stages);
  const within = e.and(low, 63n);
  const opposite = e.xor(within, 63n);
  const at = (words: Words, i: number): Word => words[i] ?? fill;
  const step = direction === 'left' ? -1 : 1;
  const [main, cross] = direction === 'left' ? [op.i64Shl, op.i64ShrUnsigned] : [op.i64ShrUnsigned, op.i64Shl];
  let words: Words = a.map((w, i) => {
    const neighbour = e.binary(cross, e.binary(cross, at(a, i + step), 1n), opposite);
    return e.or(e.binary(main, w, within), neighbour);
  });
  for (let stage = 6; stage < stages; stage++) {
    const taken = e.and(e.shrUnsigned(low, stage), 1n);
    const distance = step * 2 ** (stage - 6);
    const before = words;
    words = before.map((w, i) => e.select(taken, at(before, i + distance), w));
  }
  return words.map((w) => e.select(over, fill, w));
}
