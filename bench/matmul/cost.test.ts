import { describe, expect, it } from 'vitest';
import { costOf, resources } from '../../hw/matmul/resources.ts';
import { structureOf } from '../../hw/matmul/structure.ts';
import { lookUpTile, tile } from './arrays.ts';
import { costsOf, type Measurement } from './cost.ts';
import { fitted } from './cost-samples.ts';
import { nonNegative } from './least-squares.ts';

describe('least squares', () => {
  it('finds coefficients, and none below 0', () => {
    const rows = [
      [1, 2, 0],
      [1, 3, 1],
      [1, 5, 4],
      [1, 7, 2],
    ];
    const of = (x: readonly number[]) => rows.map((row) => row.reduce((sum, a, j) => sum + a * x[j]!, 0));
    nonNegative(rows, of([3, 0.5, 2])).forEach((x, j) => {
      expect(x).toBeCloseTo([3, 0.5, 2][j]!, 4);
    });
    expect(nonNegative(rows, of([3, 0.5, -2]))[2]).toBe(0);
  });
});

describe('the cost model', () => {
  it('finds again what made the counts', () => {
    const shares = { control: 200, loaded: 1.5, planes: 2 };
    const samples = fitted.filter(({ target, parameters }) => target === 'xcup' && parameters.engine === 'table');
    const made = samples.map((sample): Measurement => {
      const { cells, sizes } = structureOf(sample.parameters);
      return { sample, counts: { ...cells, lut: cells.lut + costOf(sizes, shares), bram: 0 } };
    });
    const { lut } = costsOf(made)['xcup.table']!;
    expect(Object.keys(lut).sort()).toEqual(Object.keys(shares).sort());
    for (const [name, share] of Object.entries(shares)) expect(lut[name as 'control']).toBeCloseTo(share, 1);
  });

  it.each([
    // as popscan bench matmul --rows popcount-array,look-up counts them
    ['popcounts', { ...tile, cells: 'xilinx' as const }, { lut: 33_181, ff: 18_372, carry: 3644, bram: 0 }],
    ['tables', lookUpTile, { lut: 15_344, ff: 23_768, carry: 1495, bram: 38 }],
  ])('is within 5 %% of Yosys for 16 x 256, which it was not fitted on: %s', (_name, p, counts) => {
    const estimate = resources(p);
    for (const what of ['lut', 'ff', 'carry'] as const)
      expect(Math.abs(estimate[what] / counts[what] - 1), what).toBeLessThan(0.05);
    expect(estimate.bram).toBe(counts.bram);
  });
});
