import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/**
 * The per-user cache directory: `$POPSCAN_CACHE`, else `$XDG_CACHE_HOME/popscan`, else the platform's usual place.
 * It may be deleted at any time: everything in it can be made again.
 */
export function cacheDirectory(env: NodeJS.ProcessEnv = process.env, platform: string = process.platform): string {
  const set = (name: string) => (env[name] === '' ? undefined : env[name]);
  const own = set('POPSCAN_CACHE');
  if (own !== undefined) return own;
  const xdg = set('XDG_CACHE_HOME');
  if (xdg !== undefined) return join(xdg, 'popscan');
  if (platform === 'win32') return join(set('LOCALAPPDATA') ?? join(homedir(), 'AppData', 'Local'), 'popscan', 'cache');
  if (platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'popscan');
  return join(homedir(), '.cache', 'popscan');
}

export function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

const SEAL = 'seal.json';

/**
 * The directory `path`, whole and as it was made: found intact, or made by `fill` and published with one rename.
 * Every file's sha256 is in its seal and checked on every use, so a damaged entry is made again, not used.
 * Two processes may do this at once: one rename wins, both get the same content.
 */
export async function sealedDirectory(path: string, fill: (directory: string) => Promise<void>): Promise<string> {
  if (await isIntact(path)) return path;
  const parent = dirname(path);
  const fresh = join(parent, `.new-${process.pid}-${randomUUID()}`);
  try {
    await mkdir(fresh, { recursive: true });
    await fill(fresh);
    await writeFile(join(fresh, SEAL), JSON.stringify(await digests(fresh)));
    await publish(fresh, path);
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
  return path;
}

async function publish(fresh: string, path: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(fresh, path);
      return;
    } catch (error) {
      // Only an occupied target is expected: somebody else's intact entry (keep it) or a damaged one (move it away).
      if (!existsSync(path) && attempt > 0) throw error;
      if (await isIntact(path)) return;
      if (attempt >= 5) throw error;
      const damaged = join(dirname(path), `.old-${process.pid}-${randomUUID()}`);
      await rename(path, damaged).catch(() => undefined);
      await rm(damaged, { recursive: true, force: true });
    }
  }
}

async function isIntact(path: string): Promise<boolean> {
  try {
    const seal: unknown = JSON.parse(await readFile(join(path, SEAL), 'utf8'));
    return JSON.stringify(seal) === JSON.stringify(await digests(path));
  } catch {
    return false;
  }
}

/** sha256 of every file below `directory`, by relative path with `/`, sorted; the seal itself excepted. */
async function digests(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1))
    .filter((name) => name !== SEAL)
    .sort();
  const pairs = names.map(
    async (name) => [name.replaceAll('\\', '/'), sha256(await readFile(join(directory, name)))] as const,
  );
  return Object.fromEntries(await Promise.all(pairs));
}
