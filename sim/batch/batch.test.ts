import { fileURLToPath } from 'node:url';
import { threadId } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { defineModule, input, output, uint } from '../../gen/index.ts';
import { createRandom } from '../random.ts';
import { createSimulator } from '../simulator.ts';
import { createBatch } from './batch.ts';
import { createPool } from './pool.ts';
import type { Square } from './testing/square.ts';

const design = defineModule(
  { name: 'sum', doc: '', ports: { x: input(uint(40), 'value'), y: output(uint(40), 'sum') } },
  (m, io) => {
    const total = m.register('total', uint(40), { reset: 0 });
    total.next(total.add(io.x).trunc(40));
    io.y.drive(total);
  },
);

const stimulus = (seed: number, cycles: number) => {
  const random = createRandom(seed);
  const inputs = Uint32Array.from({ length: 4 * cycles }, (_, i) => (i % 4 < 2 ? 0 : i % 4 === 2 ? random.word() : 0));
  return { inputs, cycles };
};

describe('a batch', () => {
  it.each([1, 2])('gives what single runs give, on %s threads', async (threads) => {
    const stimuli = Array.from({ length: 5 }, (_, i) => stimulus(i, 100 * (5 - i)));
    const batch = createBatch(design.module, { threads });
    await batch.ready();
    const [first, again] = [await batch.replay(stimuli), await batch.replay(stimuli.slice(1, 2))];
    await batch.close();
    const single = stimuli.map(({ inputs, cycles }) => createSimulator(design.module).replay(inputs, cycles));
    expect(first).toEqual(single);
    expect(again).toEqual([single[1]]);
  });
});

describe('a pool', () => {
  const program = new URL('./testing/square.ts', import.meta.url);
  it("runs a program of one's own, in order", async () => {
    const pool = createPool<{ plus: number }, number, Square>(program, () => ({ plus: 1 }), { threads: 2 });
    const squares = async (jobs: readonly number[]) => (await pool.map(jobs)).map((r) => r.value);
    expect(await squares([1, 2, 3, 4])).toEqual([2, 5, 10, 17]); // by this thread, most likely
    await pool.ready();
    expect(await squares([1, 2, 3, 4])).toEqual([2, 5, 10, 17]);
    for (const jobs of [
      [-1, 1, 2, 3],
      [1, -1, 2, 3],
      [1, 2, -1, 3],
    ]) {
      await expect(pool.map(jobs)).rejects.toThrow('negative');
      expect(await squares([5, 6, 7])).toEqual([26, 37, 50]);
    }
  });
  it('runs it in the caller and in other threads', async () => {
    const pool = createPool<{ plus: number }, number, Square>(program, () => ({ plus: 1 }), { threads: 3 });
    await pool.ready();
    const threads = (await pool.map([1, 2, 3, 4, 5])).map((r) => r.thread);
    expect(threads).toContain(threadId);
    expect(new Set(threads).size).toBe(3);
    await pool.close();
  });
  it('does not start where its data cannot be made', () => {
    const prepare = () => {
      throw new Error('no data');
    };
    expect(() => createPool(program, prepare, { threads: 2 })).toThrow('no data');
  });
  it('says when there is no such program', async () => {
    const pool = createPool(fileURLToPath(new URL('./testing/missing.ts', import.meta.url)), () => ({}), {
      threads: 2,
    });
    await expect(pool.map([1])).rejects.toThrow('missing.ts');
    await expect(pool.ready()).rejects.toThrow('missing.ts');
    await pool.close();
  });
});
