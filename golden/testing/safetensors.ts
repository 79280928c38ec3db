import type { Dtype } from '../read/dtype.ts';

/** A tensor to be written: float32 values are written as they are, bytes as the given type. */
export interface TensorData {
  readonly dtype?: Dtype;
  readonly shape: readonly number[];
  readonly data: Float32Array | Uint8Array;
}

/** A safetensors file in memory, tensors in the given order. */
export function encodeSafetensors(tensors: ReadonlyMap<string, TensorData>): Buffer {
  const entries: [string, object][] = [];
  const parts: Buffer[] = [];
  let at = 0;
  for (const [name, { dtype = 'F32', shape, data }] of tensors) {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    entries.push([name, { dtype, shape, data_offsets: [at, at + bytes.length] }]);
    parts.push(bytes);
    at += bytes.length;
  }
  return withHeader(JSON.stringify(Object.fromEntries(entries)), Buffer.concat(parts));
}

/** Header length, header, data: whatever the header says. */
export function withHeader(header: string, data: Buffer = Buffer.alloc(0)): Buffer {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, data]);
}
