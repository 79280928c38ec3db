/** Reciprocal square roots: of a mean of squares, for RMSNorm. */
import type { ModuleBuilder, Pipeline, UInt } from '../../gen/index.ts';
import { cat } from '../../gen/index.ts';
import { RSQRT_FRACTION, rsqrtTable } from '../../golden/fixed/index.ts';
import { interpolate } from './interpolate.ts';

const sumBits = 64;
/** Bits of the number whose root is looked up, the leading pair not 0: 1/4 to 1. */
const cutBits = 24;

/**
 * 1 / sqrt(x) = mantissa 2^(-16 - exponent): golden's `rsqrtFixed`, bit for bit. x: unsigned, 64 bits, 1 or more (for 0 the
 * result is undefined); mantissa: 18 bits, in (1, 2] with 16 fraction bits; exponent: 1 to 32. Latency 8: five stages that shift
 * leading pairs of zeros out, then the table. Relative error at most 2^-16.
 */
export function rsqrt(
  m: ModuleBuilder,
  p: Pipeline,
  x: UInt,
  enable: UInt,
  table = rsqrtTable,
): { readonly mantissa: UInt; readonly exponent: UInt } {
  let normal = x;
  const zeros: UInt[] = [];
  for (let step = sumBits / 2; step >= 2; step /= 2) {
    const { width } = normal;
    const empty = normal
      .slice(width - 1, width - step)
      .any()
      .not()
      .named(`rsqrt_empty_${step}`);
    const less = width - (cutBits + step - 2); // low bits that no later step can shift into the cut
    const shifted = normal.trunc(width - step).shl(step - less);
    zeros.push(p.stage(`rsqrt_zero_${step}`, empty));
    normal = p.stage(`rsqrt_normal_${step}`, empty.mux(shifted, normal.shr(less)));
  }
  const argument = normal
    .sub(2 ** (cutBits - 2))
    .trunc(cutBits)
    .asUnsigned()
    .named('rsqrt_argument');
  const mantissa = interpolate(m, p, 'rsqrt', table, argument, enable);
  const count = Object.fromEntries(zeros.map((zero, i) => [`z${i}`, zero]));
  return p.join({ mantissa, ...count }, (at) => {
    const { mantissa: found, ...pairs } = at as unknown as Record<string, UInt>;
    const skipped = cat(...(Object.values(pairs) as [UInt, ...UInt[]])).named('rsqrt_skipped');
    const exponent = m
      .constant({ ...skipped.type, width: 6 }, sumBits / 2)
      .sub(skipped)
      .trunc(6)
      .asUnsigned();
    return { mantissa: found!.trunc(RSQRT_FRACTION + 2).asUnsigned(), exponent: exponent.named('rsqrt_exponent') };
  });
}
