import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { GoldenProblem } from '../problem.ts';

/** A regular file, open for reading, with the size it had when it was opened. */
export interface OpenFile {
  readonly path: string;
  readonly size: number;
  readonly handle: FileHandle;
}

/** Without O_NONBLOCK a named pipe would wait for somebody to write to it (where the system has it). */
const READ = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** Opens a file for reading. Errors: `file-missing`, `file-unreadable`. */
export async function openFile(path: string): Promise<OpenFile> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(path, READ);
    const stat = await handle.stat();
    if (stat.isFile()) return { path, size: stat.size, handle };
  } catch (error) {
    await handle?.close();
    throw fileProblem(path, error);
  }
  await handle.close();
  throw unreadable(path, 'a directory, or another kind of file');
}

/** Fills `into` from byte `start` on. Errors: `file-truncated` when the file ends earlier, `file-unreadable`. */
export async function readAt(file: OpenFile, start: number, into: Uint8Array): Promise<void> {
  for (let done = 0; done < into.length; ) {
    const { bytesRead } = await file.handle
      .read(into, done, into.length - done, start + done)
      .catch((error: unknown) => Promise.reject(fileProblem(file.path, error)));
    if (bytesRead === 0) {
      throw new GoldenProblem({
        id: 'file-truncated',
        what: 'the file ends too early',
        where: `${file.path}, byte ${start + done}`,
        expected: `${into.length} bytes from byte ${start} on`,
        found: `${done} bytes`,
        remedy: 'copy or download the file again',
      });
    }
    done += bytesRead;
  }
}

/** Reads a whole small file. Errors: those of `openFile`, and `file-unreadable` when it holds more than `limit` bytes. */
export async function readSmallFile(path: string, limit: number): Promise<Uint8Array> {
  const file = await openFile(path);
  try {
    if (file.size > limit) throw unreadable(path, `${file.size} bytes`, `a file of at most ${limit} bytes`);
    const bytes = new Uint8Array(file.size);
    await readAt(file, 0, bytes);
    return bytes;
  } finally {
    await file.handle.close();
  }
}

function fileProblem(path: string, error: unknown): GoldenProblem {
  const code = (error as NodeJS.ErrnoException).code ?? String(error);
  if (code !== 'ENOENT' && code !== 'ENOTDIR') return unreadable(path, code);
  return new GoldenProblem({
    id: 'file-missing',
    what: 'file not found',
    where: path,
    expected: 'an existing file',
    found: 'no file of this name',
    remedy: 'check the path',
  });
}

function unreadable(path: string, found: string, expected = 'a regular file that may be read'): GoldenProblem {
  return new GoldenProblem({
    id: 'file-unreadable',
    what: 'the file cannot be read',
    where: path,
    expected,
    found,
    remedy: 'check the path and its permissions',
  });
}
