/** Arithmetic that units share, built from signals. */
import { literal } from './literal.ts';
import type { Rounding } from './quantize.ts';
import type { Bits, Sign } from './shape.ts';
import { cat, checkSome, Signal, type UInt } from './signal.ts';

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

/**
 * x / 2^n rounded: n bits narrower, and one wider (by none for `floor`), so that it is exact but for the rounding.
 * Formula: floor(x / 2^n) + 1 where the dropped bits ask for it.
 */
export function roundShift<S extends Sign>(x: Signal<S>, n: number, rounding: Rounding): Signal<S> {
  if (n === 0) return x;
  return x.module.located(() => {
    if (rounding === 'half-up') return x.add(1n << BigInt(n - 1)).shr(n);
    const wide = x.ext(Math.max(x.width, n + 1));
    const floor = wide.shr(n);
    if (rounding === 'floor' || (rounding === 'toward-zero' && !x.type.signed)) return floor;
    const one = roundsUp(wide, floor, n, rounding);
    return floor.add((x.type.signed ? one.toSigned() : one) as Signal as Signal<S>);
  }, roundShift);
}

function roundsUp(x: Signal, floor: Signal, n: number, rounding: Exclude<Rounding, 'floor' | 'half-up'>): UInt {
  const half = x.bit(n - 1);
  const rest = n === 1 ? undefined : x.slice(n - 2, 0).any();
  const orRest = (flag: UInt): UInt => (rest === undefined ? flag : flag.or(rest));
  const negative = x.type.signed ? x.bit(x.width - 1) : undefined;
  switch (rounding) {
    case 'half-even':
      return half.and(orRest(floor.bit(0)));
    case 'half-away':
      return negative === undefined ? half : half.and(orRest(negative.not()));
    case 'toward-zero':
      return negative!.and(orRest(half));
  }
}

/** The nearest value of another type: clamped to its range. */
export function saturate<S extends Sign>(x: Signal, type: Bits<S>): Signal<S> {
  return x.module.located(() => {
    const wide = type.signed && !x.type.signed ? x.toSigned() : x;
    const near = type.signed ? clampSigned(wide, type.width) : clampUnsigned(wide, type.width);
    return near as Signal as Signal<S>;
  }, saturate);
}

function clampSigned(x: Signal, width: number): Signal {
  if (width >= x.width) return x.ext(width);
  const sign = x.bit(x.width - 1);
  const top = x.slice(x.width - 1, width - 1);
  const fits = top.all().or(top.any().not());
  const low = x.trunc(width);
  const half = 1n << BigInt(width - 1);
  const smallest = new Signal(x.module, literal(x.module, -half, low.type, x.module.locate(saturate)));
  return fits.mux(low, sign.mux(smallest, half - 1n));
}

function clampUnsigned(x: Signal, width: number): UInt {
  const wide = x.ext(Math.max(x.width, 2));
  const negative = x.type.signed ? wide.bit(wide.width - 1) : undefined;
  const size = x.type.signed ? wide.slice(wide.width - 2, 0) : x.asUnsigned();
  const fits =
    size.width <= width
      ? undefined
      : size
          .slice(size.width - 1, width)
          .any()
          .not();
  const clamped = fits === undefined ? size.ext(width) : fits.mux(size.trunc(width), (1n << BigInt(width)) - 1n);
  return negative === undefined ? clamped : negative.not().mux(clamped, 0);
}

/** `count` copies of a signal, for a concatenation. */
export const repeat = <S extends Sign>(x: Signal<S>, count: number): Signal<S>[] =>
  Array.from({ length: count }, () => x);

/** Many equal values as one word, the first in the least significant bits. */
export function pack(lanes: readonly Signal[]): UInt {
  checkSome(lanes, 'pack', pack);
  return lanes[0]!.module.located(() => cat(...([...lanes].reverse() as [Signal, ...Signal[]])), pack);
}

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
