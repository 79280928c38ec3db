/** models/nano with something changed. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withHeader } from '../../golden/testing/safetensors.ts';
import { bundled } from '../bundled.ts';

export const nano = bundled('models/nano');

interface Entry {
  shape: number[];
  data_offsets: [number, number];
}

export interface Checkpoint {
  readonly header: Record<string, Entry>;
  readonly data: Buffer;
  /** The bytes of a tensor: a view, to be read or changed. */
  readonly bytes: (name: string) => Buffer;
}

export function readCheckpoint(dir: string): Checkpoint {
  const file = readFileSync(join(dir, 'model.safetensors'));
  const end = 8 + Number(file.readBigUInt64LE());
  const header = JSON.parse(file.subarray(8, end).toString()) as Checkpoint['header'];
  const data = file.subarray(end);
  return { header, data, bytes: (name) => data.subarray(...header[name]!.data_offsets) };
}

/** Writes a copy of models/nano into `dir`, changed by `change`. */
export function changedNano(dir: string, change: (checkpoint: Checkpoint) => void): string {
  const checkpoint = readCheckpoint(nano);
  change(checkpoint);
  mkdirSync(dir, { recursive: true });
  copyFileSync(join(nano, 'config.json'), join(dir, 'config.json'));
  writeFileSync(join(dir, 'model.safetensors'), withHeader(JSON.stringify(checkpoint.header), checkpoint.data));
  return dir;
}
