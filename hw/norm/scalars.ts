/** The scalars of a group: its bias term, and 1/rms. */
import { bit, type Readable, type SInt, sint, type UInt } from '../../gen/index.ts';
import { accumulate } from '../lanes/accumulate.ts';
import { rsqrt } from '../nonlinear/index.ts';
import { reduceTree, roundShiftBy } from '../scan/arithmetic.ts';
import { resized } from '../width.ts';
import type { Beat, Products } from './beat.ts';
import type { TileExponents } from './exponent.ts';
import { biasRefinement, normWidths, type scaleShape } from './parameters.ts';

/** round(sum bias x / 2^(bias_shift + top - 16)), saturated to bias_bits bits. */
export function biasTerm(beat: Beat, { biased }: Products, { top }: TileExponents): { value: SInt; clamped: UInt } {
  const { m, p, pipe, token } = beat;
  const w = normWidths(p);
  m.comment('Bias term.');
  const ofGroup = { valid: beat.issued, first: beat.groupBegins };
  const sum = reduceTree(pipe, 'dot_sum', biased, 2, (a, b) => a.add(b));
  const dot = accumulate(m, pipe, 'dot', ofGroup, sum, m.constant(sint(w.dot), 0), (a, b) =>
    a.add(b.ext(Math.max(w.dot, b.width))).trunc(w.dot),
  );
  const amount = pipe.join({ top, by: token.bias_shift }, (v) => pipe.stage('bias_amount', v.by.add(v.top)));
  const rounded = pipe.join({ dot, amount }, (v) =>
    pipe.stage('bias_rounded_q', roundShiftBy(m, v.dot.shl(biasRefinement), v.amount, 'bias')),
  );
  return pipe.join({ rounded, bits: token.bias_bits }, (v) => {
    const places = v.bits.sub(1).trunc(v.bits.width).asUnsigned().named('bias_places');
    const sign = v.rounded.bit(v.rounded.width - 1);
    const beyond = v.rounded.shiftRight(places).named('bias_beyond');
    const clamped = beyond.ne(sign.mux(m.constant(beyond.type, -1), 0)).named('bias_is_clamped');
    const power = m.constant(sint(w.bias + 1), 1).shiftLeft(places, w.bias + 1);
    const highest = power.sub(1).trunc(w.bias).named('bias_highest');
    const limit = sign.mux(highest.not(), highest);
    return pipe.stage('bias', { value: clamped.mux(limit, resized(v.rounded, w.bias)), clamped });
  });
}

/** 1 / sqrt(sum x^2 + epsilon), its exponent less that of the group's results. */
export function inverseNorm(beat: Beat, { squares }: Products, { top }: TileExponents): Readable<typeof scaleShape> {
  const { m, pipe, token } = beat;
  m.comment('1/rms: the sum of squares begins with eps.');
  const ofGroup = { valid: beat.issued, first: beat.groupBegins };
  const sum = reduceTree(pipe, 'square_sum', squares, 2, (a, b) => a.add(b));
  const squared = accumulate(m, pipe, 'squared', ofGroup, sum.ext(64), token.epsilon, (a, b) => a.add(b).trunc(64));
  const root = rsqrt(m, pipe, squared, m.constant(bit, 1));
  return pipe.join({ ...root, top }, (v) => {
    const shift = v.exponent.ext(8).sub(v.top.ext(8)).trunc(8).named('scale_shift');
    return pipe.stage('scale_q', { mantissa: v.mantissa, shift });
  });
}
