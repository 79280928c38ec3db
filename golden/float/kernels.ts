import type { Model } from '../model.ts';
import type { Projection } from '../projection.ts';

/**
 * The operations of one layer, each over the tokens of a span: `batch` sequences of `steps` tokens, `rows` = batch * steps vectors in memory
 * order (sequence, token). Every array is float32; widths and strides are in elements. Two sets implement them: `plainKernels` is the
 * readable reference, `simdKernels` the fast one, tested against it.
 */
export interface Kernels {
  /** The model with its arrays where these kernels can reach them. */
  place(model: Model): Model;
  /** Zeroed storage that these kernels can reach. */
  floats(count: number): Float32Array;

  /** out[r] = weight * x[r] / sqrt(mean(x[r]^2) + eps), all of `width`. */
  rmsNorm(x: Float32Array, weight: Float32Array, out: Float32Array, rows: number, eps: number): void;

  /** out[r, o] = sum_i W[o,i] x[r, i] (MODEL.md 2), x [rows, cols], out [rows, projection.rows]. */
  project(projection: Projection, x: Float32Array, out: Float32Array, rows: number): void;

  /** Causal depthwise convolution over columns `offset...offset + channels` of `input`, whose rows are `stride` apart. */
  convolve(conv: Convolution): void;

  /** out[i] = x[i] / (1 + exp(-x[i])) for i < count. */
  silu(x: Float32Array, out: Float32Array, count: number): void;

  /** The state space recurrence of every head, and its output y including the D term. */
  scan(scan: Scan): void;

  /** v = y * silu(z), RMS over each of `groups` parts, times weight. z is at the start of each row of `zRows`, `stride` apart. */
  gatedNorm(norm: GatedNorm): void;
}

/**
 * out[t, c] = bias[c] + sum_k weight[c, k] input[t - (taps - 1) + k, c] (before SiLU), taking inputs before the span from `history`
 * [batch, taps - 1, channels], oldest first, which is then moved on to the end of the span.
 */
export interface Convolution {
  readonly input: Float32Array;
  readonly offset: number;
  readonly stride: number;
  /** [channels, taps] */
  readonly weight: Float32Array;
  readonly bias: Float32Array;
  readonly history: Float32Array;
  readonly out: Float32Array;
  readonly channels: number;
  readonly taps: number;
  readonly batch: number;
  readonly steps: number;
}

/**
 * For each sequence, token, head h of group g and row p, n < N:
 *
 *     S[h,p,n] = da[h] S[h,p,n] + dt[h] x[h,p] B[g,n]
 *     y[h,p]   = sum_n C[g,n] S[h,p,n] + d[h] x[h,p]
 */
export interface Scan {
  /** [rows, heads headDim + 2 groups dState]: x, B, C side by side, after SiLU. */
  readonly xbc: Float32Array;
  /** [rows, heads] */
  readonly dt: Float32Array;
  /** [rows, heads] */
  readonly da: Float32Array;
  /** [heads] */
  readonly d: Float32Array;
  /** [batch, heads, headDim, dState] */
  readonly state: Float32Array;
  /** [rows, heads headDim] */
  readonly y: Float32Array;
  readonly heads: number;
  readonly headDim: number;
  readonly dState: number;
  readonly groups: number;
  readonly batch: number;
  readonly steps: number;
}

export interface GatedNorm {
  /** [rows, width] */
  readonly y: Float32Array;
  readonly zRows: Float32Array;
  readonly stride: number;
  readonly weight: Float32Array;
  readonly out: Float32Array;
  readonly rows: number;
  readonly groups: number;
  readonly eps: number;
}
