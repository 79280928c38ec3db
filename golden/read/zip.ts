import { excerpt, GoldenProblem } from '../problem.ts';
import { type OpenFile, readAt } from './file.ts';

/** A stored (uncompressed) member of a zip file. */
export interface ZipMember {
  readonly name: string;
  /** Of its first byte in the file. */
  readonly begin: number;
  readonly bytes: number;
}

/** Most members, and longest directory, that we read: a checkpoint has one member per tensor storage. */
const MAX_MEMBERS = 100_000;
const MAX_DIRECTORY = 32 * 2 ** 20;

/**
 * The members of a zip file (APPNOTE.TXT 6.3.10, with zip64), from its central directory; every local header is checked against it. Nothing
 * is unpacked: compressed or encrypted members are refused by name. Errors: `zip-invalid`, `file-truncated`.
 */
export async function readZip(file: OpenFile): Promise<ReadonlyMap<string, ZipMember>> {
  const refuse = (what: string, expected: string, found: string): never => refuseZip(file.path, what, expected, found);
  const { count, offset, length } = await findDirectory(file);
  if (count > MAX_MEMBERS || length > MAX_DIRECTORY)
    refuse('its directory', `at most ${MAX_MEMBERS} members`, `${count} in ${length} bytes`);
  if (offset + length > file.size) refuse('its directory', `an end within ${file.size} bytes`, String(offset + length));
  const bytes = new Uint8Array(length);
  await readAt(file, offset, bytes);
  const view = new DataView(bytes.buffer);
  const members = new Map<string, ZipMember>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + 46 > length || view.getUint32(at, true) !== 0x02014b50)
      refuse(`member ${i}`, 'a directory entry', 'something else');
    const nameLength = view.getUint16(at + 28, true);
    const extraLength = view.getUint16(at + 30, true);
    const next = at + 46 + nameLength + extraLength + view.getUint16(at + 32, true);
    if (next > length) refuse(`member ${i}`, 'an entry within the directory', 'one that goes beyond');
    const name = Buffer.from(bytes.subarray(at + 46, at + 46 + nameLength)).toString('utf8');
    const label = `member '${excerpt(name)}'`;
    if (view.getUint16(at + 8, true) & 1) refuse(label, 'no encryption', 'an encrypted member');
    const method = view.getUint16(at + 10, true);
    if (method !== 0) refuse(label, 'a stored member (method 0), as torch.save writes', `compression method ${method}`);
    const sizes = readSizes(view, at, nameLength, extraLength);
    if (sizes.packed !== sizes.size)
      refuse(label, 'a stored member of equal sizes', `${sizes.packed} and ${sizes.size} bytes`);
    if (members.has(name)) refuse(label, 'one member of this name', 'two');
    members.set(name, { name, begin: await localData(file, sizes.header, sizes.size, label), bytes: sizes.size });
    at = next;
  }
  return members;
}

/** Where the central directory is, from the end record or its zip64 form. */
async function findDirectory(file: OpenFile): Promise<{ count: number; offset: number; length: number }> {
  const tail = new Uint8Array(Math.min(file.size, 65557 + 20));
  await readAt(file, file.size - tail.length, tail);
  const view = new DataView(tail.buffer);
  let at = tail.length - 22;
  const isEnd = () =>
    view.getUint32(at, true) === 0x06054b50 && at + 22 + view.getUint16(at + 20, true) === tail.length;
  while (at >= 0 && !isEnd()) at--;
  if (at < 0)
    return refuseZip(file.path, 'no end of directory', 'a zip file, as torch.save writes since version 1.6', 'none');
  const small = {
    count: view.getUint16(at + 10, true),
    length: view.getUint32(at + 12, true),
    offset: view.getUint32(at + 16, true),
  };
  if (at < 20 || view.getUint32(at - 20, true) !== 0x07064b50) return small;
  const where = whole(view, at - 12);
  if (where + 56 > file.size) return refuseZip(file.path, 'zip64 end record', 'one within the file', String(where));
  const record = new Uint8Array(56);
  await readAt(file, where, record);
  const big = new DataView(record.buffer);
  if (big.getUint32(0, true) !== 0x06064b50)
    return refuseZip(file.path, 'zip64 end record', 'its signature', 'something else');
  return { count: whole(big, 32), length: whole(big, 40), offset: whole(big, 48) };
}

const whole = (view: DataView, at: number): number => Number(view.getBigUint64(at, true));

/** Sizes and position of a directory entry; those of 0xffffffff are in the zip64 extra field. */
function readSizes(view: DataView, at: number, nameLength: number, extraLength: number) {
  const fields = [view.getUint32(at + 24, true), view.getUint32(at + 20, true), view.getUint32(at + 42, true)];
  let extra = at + 46 + nameLength;
  const end = extra + extraLength;
  while (extra + 4 <= end) {
    const [id, size] = [view.getUint16(extra, true), view.getUint16(extra + 2, true)];
    let from = extra + 4;
    const stop = Math.min(from + size, end);
    for (let i = 0; id === 1 && i < 3; i++) {
      if (fields[i] !== 0xffffffff || from + 8 > stop) continue;
      fields[i] = whole(view, from);
      from += 8;
    }
    extra += 4 + size;
  }
  return { size: fields[0]!, packed: fields[1]!, header: fields[2]! };
}

/** The position of a member's data, behind its local header. */
async function localData(file: OpenFile, header: number, size: number, label: string): Promise<number> {
  if (header + 30 > file.size) return refuseZip(file.path, label, 'a header within the file', String(header));
  const bytes = new Uint8Array(30);
  await readAt(file, header, bytes);
  const view = new DataView(bytes.buffer);
  if (view.getUint32(0, true) !== 0x04034b50) return refuseZip(file.path, label, 'a local header', 'something else');
  const begin = header + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (begin + size > file.size)
    return refuseZip(file.path, label, `data within ${file.size} bytes`, `an end at ${begin + size}`);
  return begin;
}

export function refuseZip(where: string, what: string, expected: string, found: string): never {
  throw new GoldenProblem({
    id: 'zip-invalid',
    what: `invalid checkpoint archive: ${what}`,
    where,
    expected,
    found,
    remedy: 'save the checkpoint again with torch.save or as safetensors',
  });
}
