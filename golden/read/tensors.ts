import { excerpt, GoldenProblem, shapeText } from '../problem.ts';
import { DECODERS, type Dtype, FLOAT_DTYPES, INTEGER_DTYPES } from './dtype.ts';

/** One tensor of a file, as its header declares it (validated against the file's size). */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** Elements: the product of `shape`. */
  readonly count: number;
  /** Bytes in the file. */
  readonly bytes: number;
}

/** Tensors that can be read one at a time, whatever file they lie in. */
export interface TensorSource {
  /** Names the file or files, for messages. */
  readonly where: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Reads the raw bytes of part of a tensor. */
  readBytes(name: string, start: number, into: Uint8Array): Promise<void>;
  close(): Promise<void>;
}

/** Gets up to `CHUNK` consecutive elements; `first` is the flat index of the first of them. The array is reused. */
export type VisitChunk = (values: Float64Array, first: number) => void;

const CHUNK = 1 << 16;

/** A declared tensor, or `tensor-missing`. */
export function findTensor<T extends TensorInfo>(
  source: { readonly where: string; readonly tensors: ReadonlyMap<string, T> },
  name: string,
): T {
  const info = source.tensors.get(name);
  if (info !== undefined) return info;
  throw new GoldenProblem({
    id: 'tensor-missing',
    what: `tensor ${excerpt(name)} is missing`,
    where: source.where,
    expected: 'a tensor of this name',
    found: `${source.tensors.size} tensors, none of this name`,
    remedy: 'check that the file belongs to this config.json and that no shard is missing',
  });
}

/** Refuses a tensor whose shape differs from `shape` (`tensor-shape`). */
export function checkShape(source: TensorSource, info: TensorInfo, shape: readonly number[], why: string): void {
  if (info.shape.length === shape.length && shape.every((extent, i) => extent === info.shape[i])) return;
  throw new GoldenProblem({
    id: 'tensor-shape',
    what: `tensor ${excerpt(info.name)} has the wrong shape`,
    where: source.where,
    expected: `${shapeText(shape)} (${why})`,
    found: shapeText(info.shape),
    remedy: 'check that config.json belongs to this checkpoint',
  });
}

/**
 * Visits every element of a floating-point tensor in order, as float64 values that float32 holds exactly or nearest.
 * Needs memory for one chunk only. Errors: `tensor-dtype`, `weight-not-finite` (NaN or infinite, also after rounding to float32), `file-truncated`.
 */
export async function visitFloats(source: TensorSource, info: TensorInfo, visit: VisitChunk): Promise<void> {
  await visitElements(source, info, FLOAT_DTYPES, (values, first) => {
    for (let i = 0; i < values.length; i++) {
      if (!Number.isFinite(Math.fround(values[i]!))) refuseNotFinite(source, info, first + i, values[i]!);
    }
    visit(values, first);
  });
}

/** A floating-point tensor as float32. Errors: those of `visitFloats`. */
export async function readFloats(source: TensorSource, info: TensorInfo): Promise<Float32Array> {
  const out = new Float32Array(info.count);
  await visitFloats(source, info, (values, first) => out.set(values, first));
  return out;
}

/** An integer tensor whose values fit 32 bits (`tensor-dtype`, `token-out-of-range`). */
export async function readIntegers(source: TensorSource, info: TensorInfo): Promise<Int32Array> {
  const out = new Int32Array(info.count);
  await visitElements(source, info, INTEGER_DTYPES, (values, first) => {
    for (let i = 0; i < values.length; i++) {
      out[first + i] = values[i]!;
      if (out[first + i] === values[i]) continue;
      throw new GoldenProblem({
        id: 'token-out-of-range',
        what: `tensor ${excerpt(info.name)} holds a value outside 32 bits`,
        where: `${source.where}, index ${first + i}`,
        expected: 'integers between -2147483648 and 2147483647',
        found: String(values[i]),
        remedy: 'write the tensor again with 32-bit values',
      });
    }
  });
  return out;
}

/** A U32 tensor as it is (`tensor-dtype`). */
export async function readWords(source: TensorSource, info: TensorInfo): Promise<Uint32Array> {
  const out = new Uint32Array(info.count);
  await visitElements(source, info, ['U32'], (values, first) => out.set(values, first));
  return out;
}

async function visitElements(
  source: TensorSource,
  info: TensorInfo,
  dtypes: readonly Dtype[],
  visit: VisitChunk,
): Promise<void> {
  const decode = DECODERS[info.dtype];
  if (decode === undefined || !dtypes.includes(info.dtype)) {
    throw new GoldenProblem({
      id: 'tensor-dtype',
      what: `tensor ${excerpt(info.name)} has an element type that cannot be used here`,
      where: source.where,
      expected: dtypes.join(', '),
      found: info.dtype,
      remedy: 'convert the checkpoint, for instance with `model.float()` before saving',
    });
  }
  if (info.count === 0) return;
  const size = info.bytes / info.count;
  const bytes = new Uint8Array(Math.min(CHUNK, info.count) * size);
  const values = new Float64Array(Math.min(CHUNK, info.count));
  for (let first = 0; first < info.count; first += CHUNK) {
    const count = Math.min(CHUNK, info.count - first);
    const raw = bytes.subarray(0, count * size);
    await source.readBytes(info.name, first * size, raw);
    decode(raw, values, count);
    visit(values.subarray(0, count), first);
  }
}

function refuseNotFinite(source: TensorSource, info: TensorInfo, flat: number, value: number): never {
  throw new GoldenProblem({
    id: 'weight-not-finite',
    what: `tensor ${excerpt(info.name)} holds a value that is not a finite float32`,
    where: `${source.where}, index ${shapeText(unflatten(flat, info.shape))}`,
    expected: 'finite values',
    found: String(value),
    remedy: 'the checkpoint is damaged or its training diverged: use another one',
  });
}

/** The index of element `flat` of a row-major tensor. */
function unflatten(flat: number, shape: readonly number[]): number[] {
  const index: number[] = [];
  let rest = flat;
  for (const extent of shape.toReversed()) {
    index.unshift(rest % extent);
    rest = Math.floor(rest / extent);
  }
  return index;
}
