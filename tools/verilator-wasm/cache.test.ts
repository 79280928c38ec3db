import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cacheDirectory, sealedDirectory } from './cache.ts';

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'popscan-test-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describe('cacheDirectory', () => {
  it('follows POPSCAN_CACHE, then XDG_CACHE_HOME, then the platform', () => {
    expect(cacheDirectory({ POPSCAN_CACHE: '/p', XDG_CACHE_HOME: '/x' }, 'linux')).toBe('/p');
    expect(cacheDirectory({ POPSCAN_CACHE: '', XDG_CACHE_HOME: '/x' }, 'linux')).toBe(join('/x', 'popscan'));
    expect(cacheDirectory({}, 'linux')).toMatch(/\.cache[\\/]popscan$/);
    expect(cacheDirectory({}, 'darwin')).toMatch(/Library[\\/]Caches[\\/]popscan$/);
    expect(cacheDirectory({ LOCALAPPDATA: '/l' }, 'win32')).toBe(join('/l', 'popscan', 'cache'));
  });
});

describe('sealedDirectory', () => {
  const make = (fills: string[], path: string, text = 'right') =>
    sealedDirectory(path, async (directory) => {
      fills.push(directory);
      await writeFile(join(directory, 'entry'), text);
    });

  it('fills once, then finds the entry', async () => {
    const fills: string[] = [];
    const path = join(scratch, 'once');
    await make(fills, path);
    await make(fills, path);
    expect(fills).toHaveLength(1);
    expect(await readFile(join(path, 'entry'), 'utf8')).toBe('right');
  });

  it.each([
    ['changed', (path: string) => writeFile(join(path, 'entry'), 'wrong')],
    ['gone', (path: string) => rm(join(path, 'entry'))],
    ['more', (path: string) => writeFile(join(path, 'extra'), '')],
    ['unsealed', (path: string) => writeFile(join(path, 'seal.json'), '{')],
  ])('makes a damaged entry again: %s', async (name, damage) => {
    const fills: string[] = [];
    const path = join(scratch, name);
    await make(fills, path);
    await damage(path);
    await make(fills, path);
    expect(fills).toHaveLength(2);
    expect(await readFile(join(path, 'entry'), 'utf8')).toBe('right');
  });

  it('lets several makers race', async () => {
    const fills: string[] = [];
    const path = join(scratch, 'race', 'entry');
    await Promise.all(Array.from({ length: 8 }, () => make(fills, path)));
    expect(await readFile(join(path, 'entry'), 'utf8')).toBe('right');
    expect(await readdir(join(scratch, 'race'))).toEqual(['entry']);
  });

  it('leaves nothing behind when filling fails', async () => {
    const path = join(scratch, 'failed', 'entry');
    const failing = sealedDirectory(path, async (directory) => {
      await writeFile(join(directory, 'half'), '');
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    expect(await readdir(join(scratch, 'failed'))).toEqual([]);
  });
});
