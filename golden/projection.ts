import { excerpt, GoldenProblem } from './problem.ts';
import { countStats, type WeightStats } from './read/stats.ts';
import {
  checkShape,
  findTensor,
  readFloats,
  readWords,
  type TensorInfo,
  type TensorSource,
  visitFloats,
} from './read/tensors.ts';

/** Which axis of a binary projection has scales of its own (MODEL.md 2). */
export type ScalingPattern = 'column' | 'row' | 'single';

/**
 * A binarized projection (FBI-Linear): y[o] = sum_i (wscale s[o,i] + wbias) x[i] with s = +1 or -1.
 * wscale and wbias are indexed by i (pattern column: one value per input), by o (row: one per output), or hold one value (single).
 */
export interface BinaryProjection {
  readonly kind: 'binary';
  /** Outputs. */
  readonly rows: number;
  /** Inputs. */
  readonly cols: number;
  /** Bit i mod 32 of word o * rowWords + floor(i / 32) is 1 for s[o,i] = +1 and 0 for -1; padding bits are 0. */
  readonly signs: Uint32Array;
  /** Words per row: ceil(cols / 32). */
  readonly rowWords: number;
  readonly pattern: ScalingPattern;
  readonly wscale: Float32Array;
  readonly wbias: Float32Array;
  /** Of the latent weights, where the projection was read from a file. */
  readonly stats?: WeightStats;
}

/** A full-precision projection: y[o] = sum_i weights[o * cols + i] x[i]. */
export interface DenseProjection {
  readonly kind: 'dense';
  readonly rows: number;
  readonly cols: number;
  readonly weights: Float32Array;
  /** [rows], where the weights of a row are whole multiples of a step: what quantization after training made. */
  readonly steps?: Float64Array;
  readonly stats?: WeightStats;
}

export type Projection = BinaryProjection | DenseProjection;

/**
 * What to do with a latent weight that is exactly zero, whose sign is 0 in the reference (MODEL.md 2): refuse the checkpoint,
 * or take it for +1 or for -1.
 */
export type ZeroChoice = 'refuse' | 'plus' | 'minus';

/** The sign of element (row, col): +1 or -1. */
export function signAt(projection: BinaryProjection, row: number, col: number): 1 | -1 {
  const word = projection.signs[row * projection.rowWords + (col >>> 5)]!;
  return (word >>> (col & 31)) & 1 ? 1 : -1;
}

/** The scale and bias index of element (row, col) under the projection's pattern. */
export function scaleIndex(projection: BinaryProjection, row: number, col: number): number {
  return { column: col, row, single: 0 }[projection.pattern];
}

/**
 * Reads `${prefix}.weight` and, where they are present, `.wscale` and `.wbias`: with them the projection is binary, without them dense.
 * Signs are packed while reading; the latent weights are never held as a whole. Errors: those of the tensor readers, `weight-zero`.
 */
export async function readProjection(
  source: TensorSource,
  prefix: string,
  rows: number,
  cols: number,
  zeros: ZeroChoice,
): Promise<Projection> {
  if (source.tensors.has(`${prefix}.signs`)) return readPacked(source, prefix, rows, cols);
  const weight = findTensor(source, `${prefix}.weight`);
  checkShape(source, weight, [rows, cols], 'outputs, inputs');
  const binary = source.tensors.has(`${prefix}.wscale`) || source.tensors.has(`${prefix}.wbias`);
  return binary ? readBinary(source, prefix, weight, zeros) : readDense(source, weight);
}

async function readDense(source: TensorSource, weight: TensorInfo): Promise<DenseProjection> {
  const [rows, cols] = weight.shape as [number, number];
  const weights = new Float32Array(weight.count);
  const stats = countStats();
  await visitFloats(source, weight, (values, first) => {
    weights.set(values, first);
    stats.add(values);
  });
  return { kind: 'dense', rows, cols, weights, stats: stats.result() };
}

/** Signs as pack.ts writes them; padding bits must be 0. */
async function readPacked(source: TensorSource, prefix: string, rows: number, cols: number): Promise<BinaryProjection> {
  const info = findTensor(source, `${prefix}.signs`);
  const rowWords = Math.ceil(cols / 32);
  checkShape(source, info, [rows, rowWords], 'outputs, words of 32 inputs');
  const signs = await readWords(source, info);
  const scale = findTensor(source, `${prefix}.wscale`);
  const bias = findTensor(source, `${prefix}.wbias`);
  const pattern = patternOf(source, scale, rows, cols);
  checkShape(source, bias, scale.shape, 'the shape of wscale');
  const spare = cols % 32 === 0 ? 0 : ~(2 ** (cols % 32) - 1);
  const stray = signs.findIndex((word, i) => (i + 1) % rowWords === 0 && (word & spare) !== 0);
  if (stray >= 0) refusePadding(source, info, Math.floor(stray / rowWords));
  const wscale = await readFloats(source, scale);
  const wbias = await readFloats(source, bias);
  return { kind: 'binary', rows, cols, signs, rowWords, pattern, wscale, wbias };
}

function refusePadding(source: TensorSource, info: TensorInfo, row: number): never {
  throw new GoldenProblem({
    id: 'tensor-shape',
    what: `${excerpt(info.name)} has bits beyond its columns`,
    where: `${source.where}, row ${row}`,
    expected: 'padding bits of 0',
    found: '1',
    remedy: 'pack the model again: popscan model pack',
  });
}

async function readBinary(
  source: TensorSource,
  prefix: string,
  weight: TensorInfo,
  zeros: ZeroChoice,
): Promise<BinaryProjection> {
  const [rows, cols] = weight.shape as [number, number];
  const scale = findTensor(source, `${prefix}.wscale`);
  const bias = findTensor(source, `${prefix}.wbias`);
  const pattern = patternOf(source, scale, rows, cols);
  checkShape(source, bias, scale.shape, 'the shape of wscale');
  const rowWords = Math.ceil(cols / 32);
  const signs = new Uint32Array(rows * rowWords);
  const stats = countStats();
  let firstZero = -1;
  await visitFloats(source, weight, (values, first) => {
    const before = stats.zeros();
    stats.add(values);
    if (before === 0 && stats.zeros() > 0) firstZero = first + values.indexOf(0);
    packSigns(values, first, cols, rowWords, zeros === 'plus', signs);
  });
  if (stats.zeros() > 0 && zeros === 'refuse') refuseZeros(source, weight, stats.zeros(), firstZero);
  const wscale = await readFloats(source, scale);
  const wbias = await readFloats(source, bias);
  return { kind: 'binary', rows, cols, signs, rowWords, pattern, wscale, wbias, stats: stats.result() };
}

/** Sets the sign bits of the elements from flat index `first` on. */
function packSigns(
  values: Float64Array,
  first: number,
  cols: number,
  rowWords: number,
  zeroIsPlus: boolean,
  signs: Uint32Array,
): void {
  let row = Math.floor(first / cols);
  let col = first - row * cols;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value > 0 || (value === 0 && zeroIsPlus)) signs[row * rowWords + (col >>> 5)]! |= 1 << (col & 31);
    if (++col === cols) {
      col = 0;
      row++;
    }
  }
}

/** Column scales have shape (1, cols), row scales (rows, 1), a single scale any shape of one element. */
function patternOf(source: TensorSource, scale: TensorInfo, rows: number, cols: number): ScalingPattern {
  const [a, b] = scale.shape;
  if (scale.shape.length === 2 && a === 1 && b === cols) return 'column';
  if (scale.shape.length === 2 && a === rows && b === 1) return 'row';
  if (scale.count !== 1)
    checkShape(source, scale, [1, cols], `or [${rows}, 1] or one element: pattern column, row or single`);
  return 'single';
}

function refuseZeros(source: TensorSource, weight: TensorInfo, count: number, first: number): never {
  const cols = weight.shape[1]!;
  throw new GoldenProblem({
    id: 'weight-zero',
    what: `${count} of ${weight.count} weights of ${excerpt(weight.name)} are exactly zero: such a weight is ternary, not binary`,
    where: `${source.where}, first at row ${Math.floor(first / cols)}, column ${first % cols}`,
    expected: 'weights whose sign is +1 or -1',
    found: '0, whose sign is 0 in the reference',
    remedy: 'choose how to read them: --zeros plus or --zeros minus (either changes the model slightly)',
  });
}
