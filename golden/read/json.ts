import { excerpt, GoldenProblem } from '../problem.ts';

/** A JSON value; objects are Maps, so that no key of the file can mean anything to JavaScript. */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

/** Bounds on what a file may make us build. */
const MAX_DEPTH = 16;
const MAX_VALUES = 500_000;

/**
 * Reads JSON strictly: duplicate keys, deep nesting, floods of values and trailing characters are refused, which `JSON.parse` would let pass.
 * `NaN`, `Infinity` and `-Infinity` are read as numbers, because Python's `json.dump` writes them.
 * Errors: `json-invalid` with the byte offset.
 */
export function parseJson(bytes: Uint8Array, where: string): Json {
  const reader: Reader = { bytes, where, at: 0, values: 0 };
  const value = readValue(reader, 0);
  skipSpace(reader);
  if (reader.at < bytes.length) fail(reader, 'the end of the JSON text', here(reader));
  return value;
}

interface Reader {
  readonly bytes: Uint8Array;
  readonly where: string;
  at: number;
  values: number;
}

function fail(reader: Reader, expected: string, found: string): never {
  throw new GoldenProblem({
    id: 'json-invalid',
    what: 'invalid JSON',
    where: `${reader.where}, byte ${reader.at} of the JSON text`,
    expected,
    found,
    remedy: 'the file is damaged or is not what its name says: copy or export it again',
  });
}

function here(reader: Reader): string {
  const code = reader.bytes[reader.at];
  return code === undefined
    ? 'the end of the text'
    : `'${excerpt(String.fromCharCode(code))}' (0x${code.toString(16)})`;
}

function skipSpace(reader: Reader): void {
  for (;;) {
    const code = reader.bytes[reader.at];
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
    reader.at++;
  }
}

/** Recursion is bounded by MAX_DEPTH. */
function readValue(reader: Reader, depth: number): Json {
  if (depth > MAX_DEPTH) fail(reader, `nesting of at most ${MAX_DEPTH} levels`, 'deeper nesting');
  if (++reader.values > MAX_VALUES) fail(reader, `at most ${MAX_VALUES} values`, 'more');
  skipSpace(reader);
  switch (reader.bytes[reader.at]) {
    case 0x7b:
      return readObject(reader, depth);
    case 0x5b:
      return readArray(reader, depth);
    case 0x22:
      return readString(reader);
    default:
      return readScalar(reader);
  }
}

function readObject(reader: Reader, depth: number): JsonObject {
  const members = new Map<string, Json>();
  readItems(reader, 0x7d, () => {
    if (reader.bytes[reader.at] !== 0x22) fail(reader, 'a key in double quotes', here(reader));
    const key = readString(reader);
    if (members.has(key)) fail(reader, 'every key once', `'${excerpt(key)}' twice`);
    skipSpace(reader);
    if (reader.bytes[reader.at] !== 0x3a) fail(reader, `':'`, here(reader));
    reader.at++;
    members.set(key, readValue(reader, depth + 1));
  });
  return members;
}

function readArray(reader: Reader, depth: number): Json[] {
  const items: Json[] = [];
  readItems(reader, 0x5d, () => items.push(readValue(reader, depth + 1)));
  return items;
}

/** Reads comma-separated items up to the closing bracket; the opening one is under the cursor. */
function readItems(reader: Reader, close: number, readItem: () => void): void {
  reader.at++;
  skipSpace(reader);
  if (reader.bytes[reader.at] === close) {
    reader.at++;
    return;
  }
  for (;;) {
    skipSpace(reader);
    readItem();
    skipSpace(reader);
    const code = reader.bytes[reader.at];
    if (code !== close && code !== 0x2c) fail(reader, `',' or '${String.fromCharCode(close)}'`, here(reader));
    reader.at++;
    if (code === close) return;
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function readString(reader: Reader): string {
  const { bytes } = reader;
  const start = reader.at;
  let end = start + 1;
  while (bytes[end] !== 0x22) {
    if (end >= bytes.length) fail(reader, 'a closing quote', 'the end of the text');
    end += bytes[end] === 0x5c ? 2 : 1;
  }
  try {
    const text: unknown = JSON.parse(utf8.decode(bytes.subarray(start, end + 1)));
    reader.at = end + 1;
    return text as string;
  } catch {
    return fail(reader, 'a JSON string in UTF-8', 'bytes or escapes that are none');
  }
}

const CONSTANTS: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
]);

function readScalar(reader: Reader): Json {
  let end = reader.at;
  while (end < reader.bytes.length && end - reader.at < 64 && isScalarByte(reader.bytes[end]!)) end++;
  const text = String.fromCharCode(...reader.bytes.subarray(reader.at, end));
  const constant = CONSTANTS.get(text);
  if (constant === undefined && !/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(text)) {
    fail(reader, 'a JSON value', text === '' ? here(reader) : `'${excerpt(text)}'`);
  }
  reader.at = end;
  return constant === undefined ? Number(text) : constant;
}

/** Letters, digits, '+', '-', '.'. */
function isScalarByte(code: number): boolean {
  const letter = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (letter >= 0x61 && letter <= 0x7a) || [0x2b, 0x2d, 0x2e].includes(code);
}
