import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { writeText } from './files.ts';

const dir = mkdtempSync(join(tmpdir(), 'popscan-files-'));
afterAll(() => rmSync(dir, { recursive: true }));

it('folders are made where they are missing', () => {
  const path = join(dir, 'a/b/c.txt');
  writeText(path, 'text');
  expect(readFileSync(path, 'utf8')).toBe('text');
});

it.runIf(process.platform === 'linux')('a file system that takes no folders is refused', () => {
  expect(() => writeText('/proc/popscan/c.txt', 'text')).toThrow(expect.objectContaining({ id: 'unwritable-file' }));
});
