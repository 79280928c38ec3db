/** Results of in_proj that 1/rms and a layer's units turn into wanted numbers. */
import { largest, RSQRT_FRACTION, smallest } from '../golden/fixed/index.ts';
import type { FixedLayer } from '../golden/fixed/model.ts';
import type { MixerParameters } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { any, pick } from './draw.ts';

/** Units with which all results are shifted to the right, most of them by a little. */
export function projectionOf(
  { zUnit, dtUnit }: Pick<FixedLayer, 'zUnit' | 'dtUnit'>,
  resultFraction: number,
  random: Random,
): { readonly weightUnit: number; readonly xbcUnit: number; readonly shift: number } {
  const least = 8; // of what the units add to a scale's shift
  const amount = (): number => (random.chance(0.8) ? pick(random, 15, 22) : random.below(40));
  const shift = random.chance(0.05) ? pick(random, 40, 60) : pick(random, -30, 6);
  const base = Math.min(zUnit, dtUnit) + RSQRT_FRACTION + resultFraction;
  const weightUnit = base - Math.max(least, amount() - shift);
  const xbcUnit = Math.max(least, amount() - shift) - RSQRT_FRACTION - resultFraction + weightUnit;
  return { weightUnit, xbcUnit, shift };
}

/**
 * A result of in_proj that mantissa / 2^amount turns into `value`, at an edge of rounding where it can be, or where `value` is an end of its
 * format beyond that; or, seldom, any.
 */
export function beforeScale(
  value: number,
  mantissa: number,
  amount: number,
  p: MixerParameters,
  random: Random,
): number {
  const { projectedBits } = p.numerics.mixer;
  const [low, high] = [smallest(p.resultBits), largest(p.resultBits)];
  if (random.chance(0.02)) return any(random, [low, high, pick(random, low, high)]);
  const exact = (value * 2 ** amount) / mantissa;
  const half = 2 ** amount / mantissa / 2;
  const beyond = value === smallest(projectedBits) ? [low] : value === largest(projectedBits) ? [high] : [];
  const edge = any(random, [Math.round(exact), Math.ceil(exact - half), Math.ceil(exact + half) - 1, ...beyond]);
  return Math.min(high, Math.max(low, edge));
}
