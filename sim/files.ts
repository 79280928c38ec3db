/** Files that appear whole or not at all. */
import { closeSync, existsSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { SimProblem } from './engine.ts';

export interface FileWriter {
  write(text: string): void;
  /** Gives the file its name. */
  close(): void;
  /** Removes what was written. */
  abandon(): void;
}

/** With those above it, one after the other: `recursive` goes on for ever where a file system that has no place for folders says ENOENT, as /proc does. */
function makeFolder(path: string): void {
  const missing: string[] = [];
  for (let folder = path; !existsSync(folder); folder = dirname(folder)) missing.push(folder);
  for (const folder of missing.reverse()) mkdirSync(folder);
}

/** Where a file is until it has its name. */
export const temporaryOf = (path: string): string => `${path}.${process.pid}.part`;

/** Writes beside `path` (its folder is made) and renames on `close`. */
export function openAtomically(path: string): FileWriter {
  const temporary = temporaryOf(path);
  const refuse = (error: unknown): never => {
    throw new SimProblem({
      id: 'unwritable-file',
      what: 'a file cannot be written',
      where: path,
      expected: 'a folder that can be written to',
      found: error instanceof Error ? error.message : String(error),
      remedy: 'choose another place for it',
    });
  };
  const attempt = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      return refuse(error);
    }
  };
  const file = attempt(() => {
    makeFolder(dirname(path));
    return openSync(temporary, 'w');
  });
  return {
    write: (text) => {
      const bytes = Buffer.from(text);
      for (let done = 0; done < bytes.length; ) done += attempt(() => writeSync(file, bytes, done));
    },
    close: () => {
      closeSync(file);
      attempt(() => renameSync(temporary, path));
    },
    abandon: () => {
      closeSync(file);
      rmSync(temporary, { force: true });
    },
  };
}

export function writeText(path: string, text: string): void {
  const file = openAtomically(path);
  file.write(text);
  file.close();
}
