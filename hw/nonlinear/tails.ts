/** softplus and SiLU: what is left of max(x, 0) is a function of |x| that vanishes, a table. */
import type { ModuleBuilder, Pipeline, SInt, UInt } from '../../gen/index.ts';
import { FUNCTION_FRACTION, SOFTPLUS_FRACTION, siluTail, softplusTail, type Table } from '../../golden/fixed/index.ts';
import { resized } from '../width.ts';
import { argumentBits, interpolate } from './interpolate.ts';

/** max(x, 0), and the table's value at |x|, 0 behind its end; both at latency 4. */
function tailed(
  m: ModuleBuilder,
  p: Pipeline,
  name: string,
  table: Table,
  x: SInt,
  enable: UInt,
): { readonly positive: UInt; readonly tail: SInt } {
  const negative = x.bit(x.width - 1);
  const size = negative
    .mux(x.not(), x)
    .trunc(x.width - 1)
    .asUnsigned()
    .add(negative)
    .named(`${name}_size`);
  const bits = argumentBits(table);
  const size1 = p.stage(`${name}_size_q`, size.ext(Math.max(size.width, bits + 1)));
  const positive = p.stage(`${name}_positive`, negative.not().mux(x.trunc(x.width - 1).asUnsigned(), 0));
  const beyond = size1
    .slice(size1.width - 1, bits)
    .any()
    .named(`${name}_beyond`);
  const value = interpolate(m, p, name, table, size1.trunc(bits), enable);
  return p.join({ positive, value, beyond }, (at) => ({
    positive: at.positive,
    tail: at.beyond.mux(m.constant(at.value.type, 0), at.value).named(`${name}_tail`),
  }));
}

/**
 * log(1 + exp(x)): golden's `softplusFixed`, bit for bit. x: two's complement, 16 fraction bits; result: unsigned, 20 fraction
 * bits, x.width + 4 bits, which hold it. Latency 5. Absolute error at most 2^-16.
 */
export function softplus(m: ModuleBuilder, p: Pipeline, x: SInt, enable: UInt, table = softplusTail): UInt {
  const { positive, tail } = tailed(m, p, 'softplus', table, x, enable);
  const line = positive.shl(SOFTPLUS_FRACTION - FUNCTION_FRACTION).toSigned();
  const width = Math.max(x.width + SOFTPLUS_FRACTION - FUNCTION_FRACTION, tail.width);
  return p.stage(
    'softplus',
    resized(line.add(tail), width + 1)
      .trunc(width)
      .asUnsigned(),
  );
}

/**
 * x / (1 + exp(-x)): golden's `siluFixed`, bit for bit. x and result: two's complement, 16 fraction bits; the result has as
 * many bits as x, and at least 16, which hold the least value, -0.28. Latency 5. Absolute error at most 2^-15.
 */
export function silu(m: ModuleBuilder, p: Pipeline, x: SInt, enable: UInt, table = siluTail): SInt {
  const { positive, tail } = tailed(m, p, 'silu', table, x, enable);
  return p.stage('silu', resized(positive.toSigned().sub(tail), Math.max(x.width, FUNCTION_FRACTION)));
}

/** SiLU is no less: it is below 0 by the tail alone, and a line between samples does not pass above them. */
export const siluLeast = -Math.max(...siluTail.values);
