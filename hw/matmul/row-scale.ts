/** Scales of rows, for weights with a scale and a bias per row (pattern "row", MODEL.md 2; matrices of several bits). */
import { type Inside, type Pipeline, roundShift, type SInt, unpack } from '../../gen/index.ts';
import { ROW_SHIFT } from '../../golden/fixed/index.ts';
import type { MatmulInterface } from './interface.ts';
import { type MatmulParameters, matmulWidths } from './parameters.ts';

/** Stages from rounded results to scaled ones. */
export const scaleStages = 3;

/**
 * Golden's `scaleRow` on D results per cycle: round((scale y + offset bias) / 2^15), halves up, two multiplications each. The factors enter the
 * pipeline with what the results are made of. Latency `scaleStages`.
 */
export function scaleRows(
  pipe: Pipeline,
  { factor }: Inside<MatmulInterface>,
  p: MatmulParameters,
  rounded: readonly SInt[],
  bias: SInt,
): readonly SInt[] {
  const { result } = matmulWidths(p);
  const of = (word: typeof factor.payload.scale) => unpack(word, p.rowScaleBits!).map((v) => v.asSigned());
  const scales = of(pipe.enter(factor.payload.scale));
  const offsets = of(pipe.enter(factor.payload.offset));
  const at = pipe.latency(rounded[0]!) + 1;
  return rounded.map((y, d) => {
    const product = pipe.stage(`product_${d}`, pipe.stage(`unscaled_${d}`, y).mul(pipe.at(scales[d]!, at)));
    const share = pipe.stage(`share_${d}`, pipe.at(bias, at).mul(pipe.at(offsets[d]!, at)));
    const scaled = roundShift(product.add(share).named(`products_${d}`), ROW_SHIFT, 'half-up').named(`scaled_${d}`);
    return pipe.stage(`y_${d}`, scaled.width > result ? scaled.trunc(result) : scaled.ext(result));
  });
}
