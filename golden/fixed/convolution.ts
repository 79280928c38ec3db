/** The causal depthwise convolution in integers. */
import { roundShift } from './arithmetic.ts';

/** Taps and biases of one layer. Products have unit 2^(input unit + weight unit); the results are `shift` bits coarser. */
export interface FixedConvolution {
  readonly channels: number;
  readonly taps: number;
  /** [channels, taps], the oldest first. */
  readonly weight: Int32Array;
  /** [channels] in the products' unit, 32 bits. */
  readonly bias: Int32Array;
  readonly shift: number;
}

/**
 * out[c] = round((bias[c] + sum_k weight[c,k] input[k,c]) / 2^shift), before saturation; input[taps-1] is the current token's, the others
 * are `history` [taps-1, channels], oldest first, which moves on by one token. Exact sums: 16 x 16 bits, four taps and the bias fit 34 bits.
 */
export function convolveToken(f: FixedConvolution, input: ArrayLike<number>, history: Int32Array): Float64Array {
  const { channels, taps, weight, bias, shift } = f;
  const out = new Float64Array(channels);
  for (let c = 0; c < channels; c++) {
    let sum = bias[c]! + weight[c * taps + taps - 1]! * input[c]!;
    for (let k = 0; k < taps - 1; k++) sum += weight[c * taps + k]! * history[k * channels + c]!;
    out[c] = roundShift(sum, shift);
  }
  if (taps > 1) {
    history.copyWithin(0, channels);
    for (let c = 0; c < channels; c++) history[(taps - 2) * channels + c] = input[c]!;
  }
  return out;
}
