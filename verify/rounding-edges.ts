/** Numbers at which a result is about to round up, which random ones hardly ever meet. */
import type { Table } from '../golden/fixed/index.ts';
import type { Random } from '../sim/index.ts';

/**
 * An argument of `table` whose product of rise and place in the segment lies half-way between two results, or up to 31 below or above,
 * as near as the segment has one.
 */
export function roundingEdge({ values, stepBits }: Table, random: Random): number {
  const step = 2 ** stepBits;
  const i = random.below(values.length - 1);
  const rise = values[i + 1]! - values[i]!;
  const wanted = step / 2 + (random.chance(0.7) ? -random.below(2) : random.below(63) - 31);
  const start = random.below(step);
  let [best, distance] = [0, step];
  for (let k = 0; k < step && distance > 0; k++) {
    const place = (start + k) % step;
    const rest = (((rise * place) % step) + step) % step;
    if (Math.abs(rest - wanted) < distance) [best, distance] = [place, Math.abs(rest - wanted)];
  }
  return i * step + best;
}

/** The factor below 2^bits whose product with an odd x is `wanted` modulo 2^bits. */
export function factorFor(x: number, bits: number, wanted: number): number {
  const whole = BigInt(x);
  let inverse = whole;
  // Newton's iteration: 3 bits are right at first, then twice as many each time.
  for (let right = 3; right < bits; right *= 2) inverse = BigInt.asUintN(bits, inverse * (2n - whole * inverse));
  return Number(BigInt.asUintN(bits, BigInt(wanted) * inverse));
}
