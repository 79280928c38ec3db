import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { plainKernels } from '../float/plain.ts';
import { loadModel } from '../model.ts';
import { expectProblem } from '../testing/problems.ts';
import { AWKWARD, scratchDir, syntheticCheckpoint, writeCheckpoint } from '../testing/synthetic.ts';
import { bitsPerByte } from './bits-per-byte.ts';
import { readWindows } from './text.ts';
import { surprisal } from './windows.ts';

const models = new URL('../../models/', import.meta.url).pathname;
const text = join(models, 'kjv-val.txt');
const load = (name: string) => loadModel(join(models, name));

describe('bits per byte on kjv-val, against an independent implementation in float32', () => {
  it('nano, 64 windows', async () => {
    const seen: number[] = [];
    const progress = (done: number, total: number) => seen.push(done / total);
    const windows = await readWindows(text, { windows: 64 });
    const result = await bitsPerByte(await load('nano'), windows, { progress });
    expect(Math.abs(result.bitsPerByte - 2.44911)).toBeLessThan(2e-4);
    expect(result).toMatchObject({ predicted: 64 * 1023, windows: 64 });
    expect(seen).toHaveLength(64);
    expect(seen.at(-1)).toBe(1);
  });

  /** Pinned: the whole 64 windows (1.24275 and 1.14633, MODEL.md 6) are run by `popscan eval`. */
  it.each([
    ['tiny', 1.255933],
    ['tiny-fp', 1.079235],
  ])('%s, 2 windows', async (name, expected) => {
    const result = await bitsPerByte(await load(name), await readWindows(text, { windows: 2 }));
    expect(Math.abs(result.bitsPerByte - expected)).toBeLessThan(5e-6);
  });

  it('is the same with plain kernels', async () => {
    const windows = await readWindows(text, { window: 200, windows: 3 });
    const model = await load('nano');
    const simd = await bitsPerByte(model, windows);
    const plain = await bitsPerByte(model, windows, { kernels: plainKernels });
    expect(Math.abs(simd.bitsPerByte - plain.bitsPerByte)).toBeLessThan(1e-6);
  });

  it('does not depend on the number of threads', async () => {
    const model = await load('nano');
    const windows = await readWindows(text, { window: 128, windows: 16 });
    const results = await Promise.all([1, 2, 3].map((threads) => bitsPerByte(model, windows, { threads })));
    expect(new Set(results.map((result) => result.bitsPerByte)).size).toBe(1);
  });

  it.each([1, 2])('of the first windows, where it is stopped: %s threads', async (threads) => {
    const model = await load('nano');
    const windows = await readWindows(text, { window: 128, windows: 16 });
    let seen = 0;
    const result = await bitsPerByte(model, windows, { threads, progress: () => seen++, stopped: () => seen >= 3 });
    expect(result.windows).toBe(seen);
    expect([3, 4]).toContain(seen);
    const whole = await bitsPerByte(model, windows.slice(0, seen), { threads: 1 });
    expect(result).toEqual(whole);
  });
});

describe('surprisal', () => {
  it('is -log softmax, also of extreme logits', () => {
    expect(surprisal(new Float32Array([0, 0, 0, 0]), 0, 4, 2)).toBeCloseTo(Math.log(4), 12);
    expect(surprisal(new Float32Array([9, 1000, 0, -1000]), 1, 3, 1)).toBe(1000);
  });
});

describe('input that cannot be evaluated', () => {
  it('a text too short for the windows', async () => {
    using dir = scratchDir();
    const path = join(dir.path, 'short.txt');
    writeFileSync(path, 'In the beginning');
    await expectProblem('text-too-short', 'at least 1024 bytes', () => readWindows(path));
    await expectProblem('text-too-short', 'at least 24 bytes', () => readWindows(path, { window: 8, windows: 3 }));
    expect(await readWindows(path, { window: 7 })).toHaveLength(2);
  });

  it('impossible windows', async () => {
    await expectProblem('usage', '--window ', () => readWindows(text, { window: 1 }));
    await expectProblem('usage', '--windows', () => readWindows(text, { windows: 0 }));
    await expectProblem('usage', '--windows', () => readWindows(text, { windows: Number.NaN }));
  });

  it('a vocabulary that is not bytes', async () => {
    using dir = scratchDir();
    const model = await loadModel(writeCheckpoint(dir.path, syntheticCheckpoint(AWKWARD, 1)));
    await expectProblem('usage', '256', () => bitsPerByte(model, []));
  });
});
