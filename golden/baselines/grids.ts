/** Uniform quantization of weights: round to nearest, and GPTQ (Frantar et al. 2022, arXiv 2210.17323). */

/** A matrix [rows, cols]. */
export interface Matrix {
  readonly rows: number;
  readonly cols: number;
  readonly weights: Float32Array;
}

/** Per row: the min-max grid of 2^bits levels that contains 0, asymmetric (GPTQ, section 5). */
export function rowGrids({ rows, cols, weights }: Matrix, bits: number): (row: number, value: number) => number {
  const top = 2 ** bits - 1;
  const scales = new Float64Array(rows);
  const zeros = new Float64Array(rows);
  for (let o = 0; o < rows; o++) {
    const row = weights.subarray(o * cols, (o + 1) * cols);
    const least = row.reduce((a, b) => Math.min(a, b), 0);
    const most = row.reduce((a, b) => Math.max(a, b), 0);
    scales[o] = most > least ? (most - least) / top : 1;
    zeros[o] = Math.round(-least / scales[o]!);
  }
  return (row, value) => {
    const level = Math.min(top, Math.max(0, Math.round(value / scales[row]!) + zeros[row]!));
    return (level - zeros[row]!) * scales[row]!;
  };
}

/** Every weight to the nearest level of its row. */
export function roundToNearest(matrix: Matrix, bits: number): Float32Array {
  const nearest = rowGrids(matrix, bits);
  return matrix.weights.map((value, at) => nearest(Math.floor(at / matrix.cols), value));
}

/**
 * GPTQ: columns in order, each rounded to its row's grid, its error spread over the columns that follow:
 * w[j] -= (w[i] - q[i]) / U[i,i] U[i,j] for j > i, with U of `inverseFactor`.
 */
export function gptq(
  matrix: Matrix,
  bits: number,
  factor: Float64Array,
  nearest = rowGrids(matrix, bits),
): Float32Array {
  const { rows, cols } = matrix;
  const out = new Float32Array(rows * cols);
  for (let o = 0; o < rows; o++) {
    const w = Float64Array.from(matrix.weights.subarray(o * cols, (o + 1) * cols));
    for (let i = 0; i < cols; i++) {
      const q = nearest(o, w[i]!);
      const error = (w[i]! - q) / factor[i * cols + i]!;
      out[o * cols + i] = q;
      for (let j = i + 1; j < cols; j++) w[j]! -= error * factor[i * cols + j]!;
    }
  }
  return out;
}

/**
 * GPTQ on grids that sign planes hold, one scale per row and no offset: multiples of steps[row] = max |w| / (2^(bits-1) - 1), in two's
 * complement of `bits` bits without its lowest value. The fixed-point model keeps such weights exactly.
 */
export function gptqPlanes(matrix: Matrix, bits: number, factor: Float64Array) {
  const { rows, cols, weights } = matrix;
  const top = 2 ** (bits - 1) - 1;
  const steps = Float64Array.from({ length: rows }, (_, o) =>
    weights.subarray(o * cols, (o + 1) * cols).reduce((most, w) => Math.max(most, Math.abs(w) / top), 0),
  );
  const nearest = (row: number, value: number) => {
    const step = steps[row]!;
    return step === 0 ? 0 : step * Math.min(top, Math.max(-top, Math.round(value / step)));
  };
  return { weights: gptq(matrix, bits, factor, nearest), steps };
}
