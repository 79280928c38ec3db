/** Streams of fewer fields. */
import type { ModuleBuilder, Readable, RecordShape, Taken, UInt } from '../../gen/index.ts';

/** The stream with the fields of `shape` alone; nothing need look at the others. */
export function only<T extends RecordShape>(m: ModuleBuilder, stream: Taken<T & RecordShape>, shape: T): Taken<T> {
  const fields = Object.entries(stream.payload);
  m.unused(...fields.filter(([field]) => !(field in shape)).map(([, value]) => value as UInt));
  const payload = Object.fromEntries(fields.filter(([field]) => field in shape)) as Readable<T>;
  return { valid: stream.valid, ready: stream.ready, payload };
}
