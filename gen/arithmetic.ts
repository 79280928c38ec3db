/** Arithmetic that units share, built from signals. */
import { cat, checkSome, type SInt, type Sign, type Signal, type UInt } from './signal.ts';

/** Exact sum of many values by a balanced tree of adders; `name` is what partial sums are called in the output. */
export function sum<S extends Sign>(terms: readonly Signal<S>[], name: string): Signal<S> {
  checkSome(terms, 'sum', sum);
  return terms[0]!.module.located(() => {
    let level = terms;
    for (let depth = 1; level.length > 1; depth++) {
      level = Array.from({ length: Math.ceil(level.length / 2) }, (_, i) => {
        const right = level[2 * i + 1];
        return right === undefined ? level[2 * i]! : level[2 * i]!.add(right).named(`${name}_${depth}_${i}`);
      });
    }
    return level[0]!;
  }, sum);
}

/** x / 2^n rounded half up: floor(x / 2^n + 1/2), n bits narrower and one wider. */
export function roundShift(x: SInt, n: number): SInt {
  return n === 0 ? x : x.module.located(() => x.add(1n << BigInt(n - 1)).shr(n), roundShift);
}

/** The nearest value in `width` bits: clamped to -2^(width-1) .. 2^(width-1) - 1. */
export function saturate(x: SInt, width: number): SInt {
  if (!(Number.isInteger(width) && width >= 1)) {
    x.module.report({
      id: 'saturate-width',
      what: `nothing can be saturated to ${width} bits`,
      location: x.module.locate(saturate),
      expected: 'a whole number of bits, 1 or more',
      found: `${width}`,
      remedy: 'correct the width',
    });
    return x;
  }
  return x.module.located(() => {
    if (width >= x.width) return x.ext(width);
    const sign = x.bit(x.width - 1);
    const top = x.slice(x.width - 1, width - 1);
    const fits = top.all().or(top.any().not());
    const limit = width === 1 ? sign : cat(sign, ...repeat(sign.not(), width - 1));
    return fits.mux(x.trunc(width), limit.asSigned());
  }, saturate);
}

/** `count` copies of a signal, for a concatenation. */
export const repeat = <S extends Sign>(x: Signal<S>, count: number): Signal<S>[] =>
  Array.from({ length: count }, () => x);

/** Many equal values as one word, the first in the least significant bits. */
export const pack = (lanes: readonly Signal[]): UInt => cat(...([...lanes].reverse() as [Signal, ...Signal[]]));

/** The fields of `width` bits of a word, the least significant first. */
export function unpack(word: UInt, width: number): UInt[] {
  const whole = Number.isInteger(width) && width >= 1 && word.width % width === 0;
  if (!whole)
    word.module.report({
      id: 'unpack-width',
      what: `a word of ${word.width} bits cannot be split into fields of ${width}`,
      location: word.module.locate(unpack),
      expected: `a width that divides ${word.width}`,
      found: `${width}`,
      remedy: 'correct the width, or take the fields with .slice',
    });
  const fields = whole ? word.width / width : 0;
  return Array.from({ length: fields }, (_, i) => word.slice((i + 1) * width - 1, i * width));
}

/** x <= k for any k >= 0, also one that x cannot reach. */
export function atMost(x: UInt, k: number): UInt {
  return x.module.located(() => x.le(Math.min(k, 2 ** x.width - 1)), atMost);
}

/** x - k in the width of x, for where x >= k is known; wraps around elsewhere. */
export function lessBy(x: UInt, k: number | UInt): UInt {
  return x.module.located(() => x.sub(k).trunc(x.width).asUnsigned(), lessBy);
}

/** x + 1 in the width of x, wrapping around. */
export function increment(x: UInt): UInt {
  return x.module.located(() => x.add(1).trunc(x.width), increment);
}
