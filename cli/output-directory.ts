/** A directory of files that appears whole or not at all. */
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { CommandProblem } from './problem.ts';

async function refuseIfFull(path: string): Promise<void> {
  const entries = await readdir(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw problem(path, error.code === 'ENOTDIR' ? 'a file of that name' : (error.code ?? error.message));
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
    remedy: 'name another directory with --out, or remove this one first',
  });

/** Calls `fill` with a function that writes files below a temporary directory beside `path`, then gives it its name. */
export async function writeDirectory(
  path: string,
  fill: (write: (name: string, data: string | Uint8Array) => Promise<void>) => Promise<void>,
): Promise<void> {
  const target = resolve(path);
  await refuseIfFull(target);
  const partial = `${target}.partial-${process.pid}`;
  try {
    await mkdir(partial, { recursive: true });
    await fill(async (name, data) => {
      await mkdir(dirname(join(partial, name)), { recursive: true });
      await writeFile(join(partial, name), data);
    });
    await rename(partial, target);
  } catch (error) {
    await rm(partial, { recursive: true, force: true }).catch(() => undefined);
    const { code, syscall } = error as NodeJS.ErrnoException;
    throw code !== undefined && syscall !== undefined ? problem(path, `${code} at ${syscall}`) : error;
  }
}
