/** Results of a projection times 1/rms. */
import {
  type ModuleBuilder,
  type Pipeline,
  pack,
  type Readable,
  repeat,
  type SInt,
  type UInt,
} from '../../gen/index.ts';
import { RSQRT_FRACTION } from '../../golden/fixed/index.ts';
import { roundShiftBy } from '../scan/arithmetic.ts';
import type { scaleShape } from './parameters.ts';

/** Bits of an amount of a shift: more than a product has. */
const amountBits = 6;

/**
 * The right shift that brings y mantissa to the wanted unit: base + shift, from 0 to 63, where larger ones leave nothing of any product
 * either. The layers' descriptors see to it that it is not negative.
 */
export function scaleAmount(m: ModuleBuilder, base: SInt, shift: SInt, valid: UInt): UInt {
  const sum = base.add(shift).named('scale_sum');
  const negative = sum.bit(sum.width - 1);
  m.assert('scale_shifts_right', valid.not().or(negative.not()), 'results are scaled by shifts to the right');
  const large = sum.slice(sum.width - 2, amountBits).any();
  return sum
    .trunc(amountBits)
    .asUnsigned()
    .or(pack(repeat(large, amountBits)));
}

/** Of 1/rms, whose mantissa is 2 at most. */
const mantissaBits = RSQRT_FRACTION + 1;

/** round(y mantissa / 2^amount), halves up, exact before; 2 stages. */
export function scaledBy(
  m: ModuleBuilder,
  pipe: Pipeline,
  name: string,
  y: SInt,
  scale: { readonly mantissa: Readable<(typeof scaleShape)['mantissa']>; readonly amount: UInt },
): SInt {
  const product = pipe.join({ y, mantissa: scale.mantissa }, (v) =>
    pipe.stage(`${name}_product`, v.y.mul(v.mantissa.toSigned()).trunc(y.width + mantissaBits)),
  );
  return pipe.join({ product, amount: scale.amount }, (v) =>
    pipe.stage(`${name}_scaled`, roundShiftBy(m, v.product, v.amount, name)),
  );
}
