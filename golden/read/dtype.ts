/** Element types a safetensors header may name, with bytes per element. (Sub-byte types are refused: nothing of ours uses them.) */
export const DTYPE_BYTES = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E5M2: 1,
  F8_E4M3: 1,
  U16: 2,
  I16: 2,
  F16: 2,
  BF16: 2,
  U32: 4,
  I32: 4,
  F32: 4,
  U64: 8,
  I64: 8,
  F64: 8,
} as const;

export type Dtype = keyof typeof DTYPE_BYTES;

/** Values of `count` little-endian elements, written into `out`. */
export type Decoder = (bytes: Uint8Array, out: Float32Array | Float64Array, count: number) => void;

/** How each element type that we compute with becomes numbers; the others can be listed but not read. */
export const DECODERS: Partial<Record<Dtype, Decoder>> = {
  F64: (bytes, out, count) => each(bytes, out, count, 8, (view, at) => view.getFloat64(at, true)),
  F32: (bytes, out, count) => each(bytes, out, count, 4, (view, at) => view.getFloat32(at, true)),
  F16: (bytes, out, count) => {
    const values = halfValues();
    for (let i = 0; i < count; i++) out[i] = values[bytes[2 * i]! | (bytes[2 * i + 1]! << 8)]!;
  },
  BF16: (bytes, out, count) => {
    const word = new Uint32Array(1);
    const value = new Float32Array(word.buffer);
    for (let i = 0; i < count; i++) {
      word[0] = (bytes[2 * i]! << 16) | (bytes[2 * i + 1]! << 24);
      out[i] = value[0]!;
    }
  },
  I64: (bytes, out, count) => each(bytes, out, count, 8, (view, at) => Number(view.getBigInt64(at, true))),
  U64: (bytes, out, count) => each(bytes, out, count, 8, (view, at) => Number(view.getBigUint64(at, true))),
  I32: (bytes, out, count) => each(bytes, out, count, 4, (view, at) => view.getInt32(at, true)),
  U32: (bytes, out, count) => each(bytes, out, count, 4, (view, at) => view.getUint32(at, true)),
  I16: (bytes, out, count) => each(bytes, out, count, 2, (view, at) => view.getInt16(at, true)),
  U16: (bytes, out, count) => each(bytes, out, count, 2, (view, at) => view.getUint16(at, true)),
  I8: (bytes, out, count) => each(bytes, out, count, 1, (view, at) => view.getInt8(at)),
  U8: (bytes, out, count) => each(bytes, out, count, 1, (view, at) => view.getUint8(at)),
};

/** The types that weights come in, and those that token numbers come in. */
export const FLOAT_DTYPES: readonly Dtype[] = ['F32', 'F16', 'BF16', 'F64'];
export const INTEGER_DTYPES: readonly Dtype[] = ['I64', 'I32', 'I16', 'I8', 'U64', 'U32', 'U16', 'U8'];

function each(
  bytes: Uint8Array,
  out: Float32Array | Float64Array,
  count: number,
  size: number,
  get: (view: DataView, at: number) => number,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let i = 0; i < count; i++) out[i] = get(view, i * size);
}

let halves: Float32Array | undefined;

/** The value of every IEEE half-precision pattern (256 KB, made once). */
function halfValues(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    return sign * (exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25));
  });
  return halves;
}
