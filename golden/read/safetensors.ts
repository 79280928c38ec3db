import { excerpt, GoldenProblem, shapeText } from '../problem.ts';
import { DTYPE_BYTES, type Dtype } from './dtype.ts';
import { type OpenFile, openFile, readAt } from './file.ts';
import { type Json, type JsonObject, parseJson } from './json.ts';
import { findTensor, type TensorInfo, type TensorSource } from './tensors.ts';

/**
 * The safetensors format (https://huggingface.co/docs/safetensors):
 *
 *     8 bytes  N, unsigned little-endian
 *     N bytes  JSON: name -> { dtype, shape, data_offsets: [begin, end] }, and "__metadata__": string -> string
 *     the rest tensor data, little-endian, row-major; offsets count from its start and cover it without overlap or gap
 */
export interface SafetensorsFile extends TensorSource {
  readonly metadata: ReadonlyMap<string, string>;
}

/** A tensor and where its bytes begin in the file. */
interface PlacedTensor extends TensorInfo {
  readonly begin: number;
}

interface Header {
  readonly metadata: ReadonlyMap<string, string>;
  readonly tensors: ReadonlyMap<string, PlacedTensor>;
}

/** Longest header we read: room for 100 000 tensors. (The format's own limit is 100 MB.) */
const MAX_HEADER_BYTES = 16 * 2 ** 20;

/**
 * Opens a safetensors file: its whole header is validated against the file's size before anything is allocated by it. Tensor data stays in
 * the file until it is asked for. Errors: `file-missing`, `file-unreadable`, `file-truncated`, `json-invalid`, `safetensors-header`.
 */
export async function openSafetensors(path: string): Promise<SafetensorsFile> {
  const file = await openFile(path);
  try {
    const { metadata, tensors } = await readHeader(file);
    return {
      where: path,
      metadata,
      tensors,
      readBytes: (name, start, into) => readAt(file, findTensor({ where: path, tensors }, name).begin + start, into),
      close: () => file.handle.close(),
    };
  } catch (error) {
    await file.handle.close();
    throw error;
  }
}

function refuse(where: string, what: string, expected: string, found: string): never {
  throw new GoldenProblem({
    id: 'safetensors-header',
    what: `invalid safetensors header: ${what}`,
    where,
    expected,
    found,
    remedy: 'the file is damaged, incomplete or not a safetensors file: copy or export it again',
  });
}

async function readHeader(file: OpenFile): Promise<Header> {
  if (file.size < 10) refuse(file.path, 'the file is too short', 'at least 10 bytes', `${file.size} bytes`);
  const prefix = new Uint8Array(8);
  await readAt(file, 0, prefix);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  const limit = Math.min(file.size - 8, MAX_HEADER_BYTES);
  if (length > limit) refuse(file.path, 'its length', `at most ${limit} bytes`, `${length} bytes`);
  const bytes = new Uint8Array(Number(length));
  await readAt(file, 8, bytes);
  return parseHeader(bytes, 8 + bytes.length, file.size, file.path);
}

/** Validates a header whose data starts at `dataStart` in a file of `fileSize` bytes. */
function parseHeader(bytes: Uint8Array, dataStart: number, fileSize: number, where: string): Header {
  const json = parseJson(bytes, `${where} (header)`);
  if (!(json instanceof Map)) refuse(where, 'the header', 'a JSON object', describe(json));
  const tensors = new Map<string, PlacedTensor>();
  let metadata: ReadonlyMap<string, string> = new Map();
  for (const [name, entry] of json as JsonObject) {
    if (name === '__metadata__') metadata = readMetadata(entry, where);
    else tensors.set(name, readEntry(name, entry, dataStart, fileSize, where));
  }
  checkCover([...tensors.values()], dataStart, fileSize, where);
  return { metadata, tensors };
}

function readMetadata(json: Json, where: string): ReadonlyMap<string, string> {
  if (!(json instanceof Map)) refuse(where, '__metadata__', 'an object of strings', describe(json));
  for (const [key, value] of json as JsonObject) {
    if (typeof value !== 'string') refuse(where, `__metadata__ entry '${excerpt(key)}'`, 'a string', describe(value));
  }
  return json as ReadonlyMap<string, string>;
}

function readEntry(name: string, json: Json, dataStart: number, fileSize: number, where: string): PlacedTensor {
  const label = `tensor '${excerpt(name)}'`;
  if (!(json instanceof Map)) return refuse(where, label, 'an object', describe(json));
  const entry: JsonObject = json;
  for (const key of entry.keys()) {
    if (!['dtype', 'shape', 'data_offsets'].includes(key)) {
      refuse(where, label, 'dtype, shape and data_offsets only', `'${excerpt(key)}'`);
    }
  }
  const dtype = readDtype(entry.get('dtype'), label, where);
  const shape = readWholes(entry.get('shape'), `${label}, shape`, where);
  const [begin, end, ...more] = readWholes(entry.get('data_offsets'), `${label}, data_offsets`, where);
  const available = fileSize - dataStart;
  if (begin === undefined || end === undefined || more.length > 0 || begin > end || end > available) {
    const found = shapeText([begin, end, ...more].filter((n) => n !== undefined));
    return refuse(where, `${label}, data_offsets`, `begin <= end <= ${available}, the bytes after the header`, found);
  }
  const count = shape.reduce((product, extent) => product * extent, 1);
  const bytes = count * DTYPE_BYTES[dtype];
  if (bytes !== end - begin) {
    refuse(where, `${label}, length`, `${bytes} bytes for ${dtype} ${shapeText(shape)}`, `${end - begin} bytes`);
  }
  return { name, dtype, shape, count, bytes, begin: dataStart + begin };
}

function readDtype(json: Json | undefined, label: string, where: string): Dtype {
  if (typeof json === 'string' && Object.hasOwn(DTYPE_BYTES, json)) return json as Dtype;
  return refuse(where, `${label}, dtype`, `one of ${Object.keys(DTYPE_BYTES).join(', ')}`, describe(json));
}

/** Whole numbers that float64 holds exactly; at most 8 of them (no tensor of ours has more dimensions). */
function readWholes(json: Json | undefined, label: string, where: string): number[] {
  if (!Array.isArray(json) || json.length > 8) {
    return refuse(where, label, 'a list of at most 8 whole numbers', describe(json));
  }
  for (const value of json as readonly Json[]) {
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) {
      refuse(where, label, 'whole numbers below 2^53', describe(value));
    }
  }
  return json as number[];
}

/** The tensors must cover the data exactly: no overlap, no gap, nothing after the last. */
function checkCover(tensors: PlacedTensor[], dataStart: number, fileSize: number, where: string): void {
  tensors.sort((a, b) => a.begin - b.begin || a.bytes - b.bytes);
  let at = dataStart;
  for (const { name, begin, bytes } of tensors) {
    const found = begin < at ? 'an overlap with the tensor before it' : 'a gap before it';
    if (begin !== at) {
      refuse(where, `tensor '${excerpt(name)}', data_offsets`, `data starting at ${at - dataStart}`, found);
    }
    at = begin + bytes;
  }
  if (at !== fileSize) {
    refuse(where, 'the data', `${at - dataStart} bytes, as the tensors need`, `${fileSize - dataStart} bytes`);
  }
}

function describe(json: Json | undefined): string {
  if (json === undefined) return 'nothing';
  if (json === null || typeof json === 'boolean' || typeof json === 'number') return String(json);
  if (typeof json === 'string') return `'${excerpt(json)}'`;
  return Array.isArray(json) ? `a list of ${json.length}` : 'an object';
}
