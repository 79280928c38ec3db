import { type BinaryProjection, type DenseProjection, signAt } from '../projection.ts';
import type { Convolution, GatedNorm, Kernels, Scan } from './kernels.ts';

/** The reference kernels: the formulas as they stand, float32 storage, sums in float64. */
export const plainKernels: Kernels = {
  place: (model) => model,
  floats: (count) => new Float32Array(count),
  rmsNorm,
  project(projection, x, out, rows) {
    if (projection.kind === 'dense') projectDense(projection, x, out, rows);
    else projectBinary(projection, x, out, rows);
  },
  convolve,
  silu(x, out, count) {
    for (let i = 0; i < count; i++) out[i] = silu(x[i]!);
  },
  scan,
  gatedNorm,
};

/** x / (1 + exp(-x)) */
export function silu(x: number): number {
  return x / (1 + Math.exp(-x));
}

/** log(1 + exp(x)), without overflow. */
export function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}

function rmsNorm(x: Float32Array, weight: Float32Array, out: Float32Array, rows: number, eps: number): void {
  const width = weight.length;
  for (let r = 0; r < rows; r++) {
    const scale = inverseRms(x, r * width, width, eps);
    for (let i = 0; i < width; i++) out[r * width + i] = weight[i]! * x[r * width + i]! * scale;
  }
}

/** 1 / sqrt(mean(x^2) + eps) over `width` elements from `start` on. */
function inverseRms(x: Float32Array, start: number, width: number, eps: number): number {
  let squares = 0;
  for (let i = start; i < start + width; i++) squares += x[i]! * x[i]!;
  return 1 / Math.sqrt(squares / width + eps);
}

function projectDense(
  { weights, rows: outputs, cols }: DenseProjection,
  x: Float32Array,
  out: Float32Array,
  rows: number,
): void {
  for (let r = 0; r < rows; r++) {
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      for (let i = 0; i < cols; i++) sum += weights[o * cols + i]! * x[r * cols + i]!;
      out[r * outputs + o] = sum;
    }
  }
}

/** Scales belong to the inputs for patterns column and single, to the outputs for row: sum_i s (wscale x) + sum_i wbias x. */
function projectBinary(projection: BinaryProjection, x: Float32Array, out: Float32Array, rows: number): void {
  const { rows: outputs, cols, pattern, wscale, wbias } = projection;
  const signs = unpackSigns(projection);
  const scaled = new Float64Array(cols);
  for (let r = 0; r < rows; r++) {
    let plain = 0;
    let biased = 0;
    for (let i = 0; i < cols; i++) {
      const value = x[r * cols + i]!;
      scaled[i] = pattern === 'column' ? wscale[i]! * value : value;
      plain += value;
      if (pattern === 'column') biased += wbias[i]! * value;
    }
    for (let o = 0; o < outputs; o++) {
      let sum = 0;
      for (let i = 0; i < cols; i++) sum += signs[o * cols + i]! * scaled[i]!;
      const at = pattern === 'row' ? o : 0;
      out[r * outputs + o] = pattern === 'column' ? sum + biased : wscale[at]! * sum + wbias[at]! * plain;
    }
  }
}

/** The signs as +1 and -1, one byte each. */
function unpackSigns(projection: BinaryProjection): Int8Array {
  const { rows, cols } = projection;
  const signs = new Int8Array(rows * cols);
  for (let o = 0; o < rows; o++) {
    for (let i = 0; i < cols; i++) signs[o * cols + i] = signAt(projection, o, i);
  }
  return signs;
}

function convolve(conv: Convolution): void {
  const { input, offset, stride, weight, bias, history, out, channels, taps, batch, steps } = conv;
  const kept = taps - 1;
  const window = new Float32Array(kept + steps);
  for (let b = 0; b < batch; b++) {
    for (let c = 0; c < channels; c++) {
      for (let k = 0; k < kept; k++) window[k] = history[(b * kept + k) * channels + c]!;
      for (let t = 0; t < steps; t++) window[kept + t] = input[(b * steps + t) * stride + offset + c]!;
      for (let t = 0; t < steps; t++) {
        let sum = bias[c]!;
        for (let k = 0; k < taps; k++) sum += weight[c * taps + k]! * window[t + k]!;
        out[(b * steps + t) * channels + c] = sum;
      }
      for (let k = 0; k < kept; k++) history[(b * kept + k) * channels + c] = window[steps + k]!;
    }
  }
}

function scan({ xbc, dt, da, d, state, y, heads, headDim, dState, groups, batch, steps }: Scan): void {
  const inner = heads * headDim;
  const width = inner + 2 * groups * dState;
  for (let b = 0; b < batch; b++) {
    for (let t = 0; t < steps; t++) {
      const row = b * steps + t;
      for (let h = 0; h < heads; h++) {
        const decay = da[row * heads + h]!;
        const bAt = row * width + inner + Math.floor((h * groups) / heads) * dState;
        const cAt = bAt + groups * dState;
        for (let p = h * headDim; p < (h + 1) * headDim; p++) {
          const x = xbc[row * width + p]!;
          const drive = dt[row * heads + h]! * x;
          const sAt = (b * inner + p) * dState;
          let sum = d[h]! * x;
          for (let n = 0; n < dState; n++) {
            const s = Math.fround(decay * state[sAt + n]! + drive * xbc[bAt + n]!);
            state[sAt + n] = s;
            sum += xbc[cAt + n]! * s;
          }
          y[row * inner + p] = sum;
        }
      }
    }
  }
}

function gatedNorm({ y, zRows, stride, weight, out, rows, groups, eps }: GatedNorm): void {
  const width = weight.length;
  const part = width / groups;
  for (let r = 0; r < rows; r++) {
    for (let i = 0; i < width; i++) out[r * width + i] = y[r * width + i]! * silu(zRows[r * stride + i]!);
    for (let start = 0; start < width; start += part) {
      const scale = inverseRms(out, r * width + start, part, eps);
      for (let i = start; i < start + part; i++) out[r * width + i] = weight[i]! * out[r * width + i]! * scale;
    }
  }
}
