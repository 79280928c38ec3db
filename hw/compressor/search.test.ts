/** Plans use every bit once, end in time, and are as small as the table of docs/matmul.md says. */
import { describe, expect, it } from 'vitest';
import { type FamilyName, familyOf } from './family.ts';
import { cellsOf, type Heap, lutsOf } from './plan.ts';
import { searchPlan } from './search.ts';
import { leftOver } from './testing.ts';

const products = (n: number, planes = 1): Heap =>
  Array.from({ length: planes }, () => ({ bits: 0, products: n, operation: 'and' }));
const widthOf = (n: number, planes = 1): number => (BigInt(n) * (2n ** BigInt(planes) - 1n)).toString(2).length;

const families: readonly FamilyName[] = ['xilinx', 'xilinx-portable', 'ecp5'];

describe.each(families)('a plan for %s', (family) => {
  it('of any size uses every bit once and ends in time', () => {
    for (const [n, planes] of [
      [1, 1],
      [2, 1],
      [3, 2],
      [7, 1],
      [20, 3],
      [33, 8],
      [512, 8],
      [80, 1],
      [100, 2],
      [256, 1],
      [3, 16],
      [1500, 8],
    ] as const) {
      const plan = searchPlan(products(n, planes), widthOf(n, planes), { family, tries: 4 });
      expect(leftOver(plan).every((b) => b <= 1)).toBe(true);
      expect(plan.levels.length).toBeLessThanOrEqual(plan.latency * plan.every);
      const chains = plan.levels.flat();
      expect(plan.luts).toBe(chains.reduce((sum, c) => sum + lutsOf(c, familyOf(family)), 0));
      expect(plan.cells).toBe(chains.reduce((sum, c) => sum + cellsOf(c, familyOf(family)), 0));
    }
  });
});

it.each<[FamilyName, number, number]>([
  ['xilinx', 64, 64],
  ['xilinx', 256, 240],
  ['xilinx', 1024, 960],
  ['xilinx-portable', 256, 275],
  ['ecp5', 256, 453],
])('for %s, %i products take at most %i LUTs', (family, n, most) => {
  const plan = searchPlan(products(n), widthOf(n), { family });
  expect(plan.luts).toBeLessThanOrEqual(most);
  expect(plan.cells * familyOf(family).lutsPerCell).toBeLessThanOrEqual(plan.luts);
});

it('a plan that takes a bit twice is found', () => {
  const plan = searchPlan(products(20), 5, { family: 'xilinx' });
  const [first, ...others] = plan.levels;
  expect(() => leftOver({ ...plan, levels: [[...first!, ...first!], ...others] })).toThrow('takes too much');
});
