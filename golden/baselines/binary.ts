/** Binarization after training: signs with the best scale, and BiLLM. */
import type { Matrix } from './grids.ts';

/** alpha sign(w) per row, alpha = mean |w|, which minimizes the squared error (XNOR-Net, Rastegari et al. 2016, section 3.1). */
export function signs({ rows, cols, weights }: Matrix): Float32Array {
  const out = new Float32Array(rows * cols);
  for (let o = 0; o < rows; o++) {
    const row = weights.subarray(o * cols, (o + 1) * cols);
    const alpha = row.reduce((sum, w) => sum + Math.abs(w), 0) / cols;
    row.forEach((w, i) => {
      out[o * cols + i] = w < 0 ? -alpha : alpha;
    });
  }
  return out;
}

/** Columns of a block; numbers of salient ones that are tried; shares of the largest magnitude at which the rest is split. */
const BLOCK = 128;
const SALIENT = [1, 2, 4, 6, 8, 12, 16, 24, 32, 48];
const SPLITS = Array.from({ length: 17 }, (_, i) => 0.1 + 0.05 * i);

/** BiLLM's result, and the share of weights that take a second bit. */
export interface Billm {
  readonly weights: Float32Array;
  readonly salient: number;
}

/**
 * BiLLM (Huang et al. 2024, arXiv 2402.04291, algorithms 1 and 2), blocks of 128 columns: columns of the largest sum of w^2 / (H^-1)_ii^2, with
 * U[i,i]^2 for (H^-1)_ii, are binarized twice, the second time what the first leaves; the other weights are split by magnitude into two parts
 * binarized apart, each row and part with its mean and scale. The block's error is spread over the columns behind
 * it as in GPTQ. Number of salient columns and place of the split are those of the smallest squared error.
 */
export function billm({ rows, cols, weights }: Matrix, factor: Float64Array): Billm {
  const w = Float64Array.from(weights);
  const out = new Float32Array(rows * cols);
  let salient = 0;
  for (let from = 0; from < cols; from += BLOCK) {
    const width = Math.min(BLOCK, cols - from);
    const block = new Float64Array(rows * width);
    for (let o = 0; o < rows; o++) block.set(w.subarray(o * cols + from, o * cols + from + width), o * width);
    const diagonal = Array.from({ length: width }, (_, i) => factor[(from + i) * cols + from + i]!);
    const chosen = binarizeBlock(block, rows, width, diagonal);
    salient += chosen.salient * rows;
    for (let o = 0; o < rows; o++) {
      for (let i = 0; i < width; i++) {
        const at = from + i;
        const q = chosen.q[o * width + i]!;
        out[o * cols + at] = q;
        const error = (block[o * width + i]! - q) / diagonal[i]!;
        for (let j = from + width; j < cols; j++) w[o * cols + j]! -= error * factor[at * cols + j]!;
      }
    }
  }
  return { weights: out, salient: salient / (rows * cols) };
}

interface Chosen {
  readonly q: Float64Array;
  readonly salient: number;
}

function binarizeBlock(block: Float64Array, rows: number, width: number, diagonal: readonly number[]): Chosen {
  const scores = diagonal.map((d, i) => {
    let sum = 0;
    for (let o = 0; o < rows; o++) sum += block[o * width + i]! ** 2;
    return sum / d ** 4;
  });
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!);
  const column = (i: number) => new Set(order.slice(0, i));
  const counts = SALIENT.filter((count) => count <= width);
  const half = maximum(block) / 2;
  const salient = best(counts, (count) => quantizeBlock(block, rows, width, column(count), half));
  const set = column(salient);
  const rest = maximum(block.filter((_, at) => !set.has(at % width)));
  const share = best(SPLITS, (s) => quantizeBlock(block, rows, width, set, s * rest));
  return { q: quantizeBlock(block, rows, width, set, share * rest), salient };

  function best(values: readonly number[], quantize: (value: number) => Float64Array): number {
    const errors = values.map((value) => quantize(value).reduce((sum, q, i) => sum + (q - block[i]!) ** 2, 0));
    return values[errors.indexOf(Math.min(...errors))]!;
  }
}

const maximum = (values: Float64Array) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);

/** Salient columns twice, the others in two parts: |w| up to `split`, and above. */
function quantizeBlock(
  block: Float64Array,
  rows: number,
  width: number,
  salient: ReadonlySet<number>,
  split: number,
): Float64Array {
  const q = new Float64Array(block.length);
  for (let o = 0; o < rows; o++) {
    const row = block.subarray(o * width, (o + 1) * width);
    const parts: number[][] = [[], [], []];
    row.forEach((v, i) => {
      parts[salient.has(i) ? 0 : Math.abs(v) <= split ? 1 : 2]!.push(i);
    });
    const into = q.subarray(o * width, (o + 1) * width);
    for (const part of parts) addBinary(row, part, into);
    addBinary(
      row.map((v, i) => v - into[i]!),
      parts[0]!,
      into,
    );
  }
  return q;
}

/** out[i] += mean + alpha sign(v[i] - mean) for these i, alpha = mean |v - mean|. */
function addBinary(v: Float64Array, part: readonly number[], out: Float64Array): void {
  const mean = part.reduce((sum, i) => sum + v[i]!, 0) / part.length;
  const alpha = part.reduce((sum, i) => sum + Math.abs(v[i]! - mean), 0) / part.length;
  for (const i of part) out[i]! += mean + (v[i]! < mean ? -alpha : alpha);
}
