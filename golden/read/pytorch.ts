import { excerpt, GoldenProblem } from '../problem.ts';
import { DTYPE_BYTES, type Dtype } from './dtype.ts';
import { openFile, readAt } from './file.ts';
import { readStateDict, type TensorRecord } from './pickle.ts';
import { findTensor, type TensorInfo, type TensorSource } from './tensors.ts';
import { readZip, refuseZip, type ZipMember } from './zip.ts';

const DTYPES: Readonly<Record<string, Dtype>> = {
  FloatStorage: 'F32',
  HalfStorage: 'F16',
  BFloat16Storage: 'BF16',
  DoubleStorage: 'F64',
  LongStorage: 'I64',
  IntStorage: 'I32',
  ShortStorage: 'I16',
  CharStorage: 'I8',
  ByteStorage: 'U8',
  BoolStorage: 'BOOL',
};

/** Longest pickle we read: tensor data lies beside it, not in it. */
const MAX_PICKLE = 16 * 2 ** 20;
/** Bytes read at once from a strided tensor's storage. */
const SPAN = 2 ** 20;

interface StridedTensor extends TensorInfo {
  readonly record: TensorRecord;
  readonly member: ZipMember;
}

/**
 * Opens a file that torch.save wrote (zip, version 1.6 or later): `<name>/data.pkl` and one stored member per storage, `<name>/data/<key>`.
 * Tensors may share storages and have any strides. Nothing of the pickle is executed. Errors: `zip-invalid`, `pickle-refused`, `file-*`.
 */
export async function openPytorch(path: string): Promise<TensorSource> {
  const file = await openFile(path);
  try {
    const members = await readZip(file);
    const pickle = [...members.values()].find(({ name }) => /^([^/]+\/)?data\.pkl$/.test(name));
    if (pickle === undefined) return refuseZip(path, 'its members', 'data.pkl', 'none of this name');
    if (pickle.bytes > MAX_PICKLE) return refuseZip(path, 'data.pkl', `at most ${MAX_PICKLE} bytes`, `${pickle.bytes}`);
    const prefix = pickle.name.slice(0, -'data.pkl'.length);
    const order = members.get(`${prefix}byteorder`);
    if (order !== undefined && order.bytes <= 16) {
      const bytes = new Uint8Array(order.bytes);
      await readAt(file, order.begin, bytes);
      const found = Buffer.from(bytes).toString();
      if (found !== 'little') refuseZip(path, 'byte order', 'little', excerpt(found));
    }
    const bytes = new Uint8Array(pickle.bytes);
    await readAt(file, pickle.begin, bytes);
    const tensors = new Map<string, StridedTensor>();
    for (const [name, record] of readStateDict(bytes, `${path}, ${pickle.name}`)) {
      tensors.set(name, placeTensor(path, name, record, members.get(`${prefix}data/${record.storageKey}`)));
    }
    return {
      where: path,
      tensors,
      readBytes: (name, start, into) =>
        readStrided(findTensor({ where: path, tensors }, name), start, into, (at, out) => readAt(file, at, out)),
      close: () => file.handle.close(),
    };
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

/** Checks that every element of a tensor lies in its storage, and the storage in the file. */
function placeTensor(where: string, name: string, record: TensorRecord, member: ZipMember | undefined): StridedTensor {
  const { shape, strides, offset, storageType, storageCount, storageKey } = record;
  const refuse = (expected: string, found: string): never =>
    refuseZip(where, `tensor '${excerpt(name)}'`, expected, found);
  const dtype = DTYPES[storageType] ?? refuse('a known storage', excerpt(storageType));
  if (member === undefined) return refuse(`a storage '${excerpt(storageKey)}'`, 'no such member');
  const size = DTYPE_BYTES[dtype];
  if (storageCount * size !== member.bytes) refuse(`${storageCount} elements in its storage`, `${member.bytes} bytes`);
  const count = shape.reduce((product, extent) => product * extent, 1);
  const last = offset + shape.reduce((sum, extent, i) => sum + Math.max(extent - 1, 0) * strides[i]!, 0);
  if (count > 0 && !(last < storageCount)) refuse(`elements below ${storageCount}`, `element ${last}`);
  // A stride of 0 repeats elements: a small file could declare a tensor of any size.
  if (count > storageCount) refuse(`at most the ${storageCount} elements of its storage`, `${count}`);
  return { name, dtype, shape, count, bytes: count * size, record, member };
}

type ReadAt = (at: number, into: Uint8Array) => Promise<void>;

/** Bytes `start` on of a tensor in row-major order: runs of the last dimensions that are contiguous are read as they lie. */
async function readStrided(tensor: StridedTensor, start: number, into: Uint8Array, read: ReadAt): Promise<void> {
  const { record, member, dtype } = tensor;
  const { shape, strides, offset } = record;
  const size = DTYPE_BYTES[dtype];
  if (into.length === 0) return;
  if (start + into.length > tensor.bytes) throw outside(tensor);
  let run = 1;
  let inner = shape.length;
  while (inner > 0 && (shape[inner - 1] === 1 || strides[inner - 1] === run)) run *= shape[--inner]!;
  if (run === tensor.count) return read(member.begin + offset * size + start, into);
  // The span of the storage that holds the elements wanted, a window of it at a time.
  let window: { from: number; bytes: Uint8Array } = { from: 0, bytes: new Uint8Array() };
  for (let done = 0; done < into.length; ) {
    const at = start + done;
    const element = Math.floor(at / size);
    const within = at - element * size;
    let flat = Math.floor(element / run);
    let source = offset + (element % run);
    for (let d = inner - 1; d >= 0; d--) {
      source += (flat % shape[d]!) * strides[d]!;
      flat = Math.floor(flat / shape[d]!);
    }
    const from = source * size + within;
    const length = Math.min((run - (element % run)) * size - within, into.length - done, SPAN);
    if (from < window.from || from + length > window.from + window.bytes.length) {
      const bytes = new Uint8Array(Math.min(Math.max(length, run === 1 ? SPAN : length), member.bytes - from));
      await read(member.begin + from, bytes);
      window = { from, bytes };
    }
    into.set(window.bytes.subarray(from - window.from, from - window.from + length), done);
    done += length;
  }
}

function outside({ name }: TensorInfo): GoldenProblem {
  return new GoldenProblem({
    id: 'file-truncated',
    what: `tensor ${excerpt(name)} ends too early`,
    where: name,
    expected: 'a part of the tensor',
    found: 'one that goes beyond it',
    remedy: 'copy or download the file again',
  });
}
