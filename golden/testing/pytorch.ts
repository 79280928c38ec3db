import { crc32 } from 'node:zlib';

/** One tensor as torch.save describes it: a view of a storage of float32 numbers. */
export interface PickledTensor {
  readonly storage: string;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

const ascii = (text: string) => Buffer.from(text, 'latin1');
const u16 = (n: number) => Buffer.from([n & 255, n >> 8]);
const u32 = (n: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(n);
  return bytes;
};

/** Opcodes of protocol 2, as torch.save uses them. */
export const op = {
  start: Buffer.from([0x80, 2]),
  global: (module: string, name: string) => ascii(`c${module}\n${name}\n`),
  text: (value: string) => Buffer.concat([ascii('X'), u32(Buffer.byteLength(value)), Buffer.from(value)]),
  int: (value: number) => Buffer.concat([ascii('J'), u32(value)]),
  tuple: (...parts: Buffer[]) => Buffer.concat([ascii('('), ...parts, ascii('t')]),
  dict: Buffer.concat([ascii('ccollections\nOrderedDict\n'), ascii(')R')]),
};

/** A state dictionary of float32 tensors. */
export function pickleStateDict(
  tensors: ReadonlyMap<string, PickledTensor>,
  counts: ReadonlyMap<string, number>,
): Buffer {
  const ints = (values: readonly number[]) => op.tuple(...values.map(op.int));
  const items = [...tensors].map(([name, t]) => {
    const id = op.tuple(
      op.text('storage'),
      op.global('torch', 'FloatStorage'),
      op.text(t.storage),
      op.text('cpu'),
      op.int(counts.get(t.storage)!),
    );
    const args = op.tuple(
      id,
      ascii('Q'),
      op.int(t.offset),
      ints(t.shape),
      ints(t.strides),
      Buffer.from([0x89]),
      op.dict,
    );
    return Buffer.concat([op.text(name), op.global('torch._utils', '_rebuild_tensor_v2'), args, ascii('R')]);
  });
  return Buffer.concat([op.start, op.dict, ascii('('), ...items, ascii('u.')]);
}

/** A zip file; `method` other than 0 only claims to be compressed. */
export function zip(members: ReadonlyMap<string, Uint8Array>, method = 0): Buffer {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, data] of members) {
    const common = Buffer.concat([
      u16(20),
      u16(0),
      u16(method),
      u32(0),
      u32(crc32(data)),
      u32(data.length),
      u32(data.length),
      u16(name.length),
      u16(0),
    ]);
    const local = Buffer.concat([u32(0x04034b50), common, ascii(name), data]);
    directory.push(
      Buffer.concat([u32(0x02014b50), u16(20), common, u16(0), u16(0), u16(0), u32(0), u32(at), ascii(name)]),
    );
    parts.push(local);
    at += local.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.concat([
    u32(0x06054b50),
    u16(0),
    u16(0),
    u16(members.size),
    u16(members.size),
    u32(list.length),
    u32(at),
    u16(0),
  ]);
  return Buffer.concat([...parts, list, end]);
}

/** A file as torch.save writes it. */
export function encodePytorch(
  tensors: ReadonlyMap<string, PickledTensor>,
  storages: ReadonlyMap<string, Float32Array>,
): Buffer {
  const counts = new Map([...storages].map(([key, values]) => [key, values.length] as const));
  const members = new Map<string, Uint8Array>([['archive/data.pkl', pickleStateDict(tensors, counts)]]);
  for (const [key, { buffer, byteOffset, byteLength }] of storages)
    members.set(`archive/data/${key}`, Buffer.from(buffer, byteOffset, byteLength));
  return zip(members);
}
