/** A directory of files that appears whole or not at all. */
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Scratch } from './io.ts';
import { CommandProblem } from './problem.ts';

/** Throws a problem where `path` exists and is anything but an empty directory. */
export async function refuseOccupied(path: string): Promise<void> {
  const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw problem(path, error.code === 'ENOTDIR' ? 'a file in the way' : (error.code ?? error.message));
  });
  if (entries.length > 0) throw problem(path, `a directory with ${entries.length} entries`);
}

const problem = (path: string, found: string): CommandProblem =>
  new CommandProblem({
    id: 'output-directory',
    what: 'the output directory cannot be written',
    where: path,
    expected: 'a directory that does not exist yet or is empty, in a place you may write to',
    found,
    remedy: 'name another directory with --out, or make room for this one',
  });

/** The directories above `path` that are made with it, innermost first. */
async function missingParents(path: string): Promise<string[]> {
  const missing: string[] = [];
  for (let at = dirname(path); dirname(at) !== at; at = dirname(at)) {
    const there = await readdir(at).then(
      () => true,
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    );
    if (there) break;
    missing.push(at);
  }
  return missing;
}

/**
 * Calls `fill` with a function that writes files below a temporary directory beside `path`, then gives it its name.
 * When anything fails on the way, or the command is interrupted, neither the directory nor those made above it stay.
 */
export async function writeDirectory(
  path: string,
  scratch: Scratch,
  fill: (write: (name: string, data: string | Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const target = resolve(path);
  await refuseOccupied(target);
  const partial = `${target}.partial-${process.pid}`;
  const parents = await missingParents(partial);
  scratch.begin(partial, parents);
  try {
    // One by one: `recursive` never returns below /proc (Node 20).
    for (const parent of parents.toReversed()) await mkdir(parent);
    await mkdir(partial);
    await fill(async (name, data) => {
      await mkdir(dirname(join(partial, name)), { recursive: true });
      await writeFile(join(partial, name), data);
    });
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    for (const parent of parents) await rmdir(parent).catch(() => undefined);
    const { code, syscall } = error as NodeJS.ErrnoException;
    throw code !== undefined && syscall !== undefined ? problem(target, `${code} at ${syscall}`) : error;
  } finally {
    scratch.end(partial);
  }
}
