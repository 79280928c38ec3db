/** Powers of two with a fraction: the decay of the scan. */
import type { ModuleBuilder, Pipeline, UInt } from '../../gen/index.ts';
import { DECAY_FRACTION, exp2Table, FUNCTION_FRACTION } from '../../golden/fixed/index.ts';
import { interpolate } from './interpolate.ts';

/** Fraction bits of the table's values below those of the result. */
const guard = Math.log2(exp2Table.values[0]!) - DECAY_FRACTION;

/**
 * 2^-t: golden's `exp2Fixed`, bit for bit. t: unsigned, 16 fraction bits, more than 16 bits; result: unsigned, 17 bits, 16
 * fraction bits, 0 to 1. Latency 4: the table of the fraction, then a right shift by the whole part, rounded half up.
 * Absolute error at most 2^-16.
 */
export function exp2(m: ModuleBuilder, p: Pipeline, t: UInt, enable: UInt, table = exp2Table): UInt {
  const fraction = interpolate(m, p, 'exp2', table, t.trunc(FUNCTION_FRACTION), enable);
  const whole = t.slice(t.width - 1, FUNCTION_FRACTION).named('exp2_whole');
  return p.join({ whole, fraction }, (at) => {
    const shifted = at.fraction
      .asUnsigned()
      .shr(guard - 1)
      .shiftRight(at.whole)
      .named('exp2_shifted');
    return p.stage(
      'exp2',
      shifted
        .add(1)
        .shr(1)
        .trunc(DECAY_FRACTION + 1),
    );
  });
}
