import { describe, expect, it } from 'vitest';
import { resources } from '../../hw/matmul/resources.ts';
import { lookUpTile, tile } from './arrays.ts';
import { drawn, kinds } from './cost-samples.ts';

describe('the cost model', () => {
  it.each([
    // as popscan bench matmul --rows popcount-array,look-up counts them
    ['popcounts', { ...tile, cells: 'xilinx' as const }, { lut: 32_750, ff: 18_064, carry: 3642, bram: 0 }],
    ['tables', lookUpTile, { lut: 14_804, ff: 23_466, carry: 1493, bram: 38 }],
  ])('is within 5 %% of Yosys for 16 x 256, which it was not fitted on: %s', (_name, p, counts) => {
    const estimate = resources(p);
    for (const what of ['lut', 'ff', 'carry'] as const)
      expect(Math.abs(estimate[what] / counts[what] - 1), what).toBeLessThan(0.05);
    expect(estimate.bram).toBe(counts.bram);
  });

  it('is judged by arrays that are not those of the fit, the same ones every time', () => {
    for (const kind of kinds) {
      const texts = (seed: number): string[] =>
        drawn(kind, seed, 8, { popcount: 6144, table: 1536 }).map((p) => JSON.stringify(p));
      expect(texts(7)).toEqual(texts(7));
      expect(texts(7).filter((t) => texts(1).includes(t))).toEqual([]);
    }
  });
});
