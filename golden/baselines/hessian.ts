/** Second-order statistics of a projection's inputs, as GPTQ uses them (Frantar et al. 2022, arXiv 2210.17323, algorithm 1). */

/** Sums of x x^T over inputs x [width]. */
export interface InputStatistics {
  readonly width: number;
  /** [width, width], symmetric; only the lower triangle is kept up to date. */
  readonly sums: Float64Array;
}

export const emptyStatistics = (width: number): InputStatistics => ({ width, sums: new Float64Array(width * width) });

/** Adds rows [count, width]. */
export function addInputs({ width, sums }: InputStatistics, rows: Float32Array): void {
  for (let start = 0; start < rows.length; start += width) {
    for (let i = 0; i < width; i++) {
      const v = rows[start + i]!;
      for (let j = 0; j <= i; j++) sums[i * width + j]! += v * rows[start + j]!;
    }
  }
}

/** Part of the mean diagonal that is added to the diagonal before inversion; GPTQ's value. */
const DAMPING = 0.01;

/** U [width, width], upper triangular, with U^T U the inverse of the damped statistics. Inputs that are always 0 count as 1. */
export function inverseFactor({ width: n, sums }: InputStatistics): Float64Array {
  const h = sums.slice();
  let trace = 0;
  for (let i = 0; i < n; i++) {
    if (h[i * n + i] === 0) h[i * n + i] = 1;
    trace += h[i * n + i]!;
  }
  for (let i = 0; i < n; i++) h[i * n + i]! += (DAMPING * trace) / n;
  const root = invertLower(cholesky(h, n), n);
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = i; k < n; k++) sum += root[k * n + i]! * root[k * n + j]!;
      inverse[i * n + j] = sum;
    }
  }
  const lower = cholesky(inverse, n);
  return Float64Array.from(lower, (_, at) => lower[(at % n) * n + Math.floor(at / n)]!);
}

/** L lower triangular with L L^T = a, of which the lower triangle is read. */
function cholesky(a: Float64Array, n: number): Float64Array {
  const l = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = a[i * n + j]!;
      for (let k = 0; k < j; k++) sum -= l[i * n + k]! * l[j * n + k]!;
      l[i * n + j] = i === j ? Math.sqrt(sum) : sum / l[j * n + j]!;
    }
  }
  return l;
}

function invertLower(l: Float64Array, n: number): Float64Array {
  const out = new Float64Array(n * n);
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = i === j ? 1 : 0;
      for (let k = j; k < i; k++) sum -= l[i * n + k]! * out[k * n + j]!;
      out[i * n + j] = sum / l[i * n + i]!;
    }
  }
  return out;
}
