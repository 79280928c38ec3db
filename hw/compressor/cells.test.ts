/** Counts of cells are those of the modules that are made. */
import { describe, expect, it } from 'vitest';
import { compressorCells } from './cells.ts';
import { compressor, withConstant } from './compressor.ts';
import type { FamilyName } from './family.ts';
import type { Heap } from './plan.ts';
import { searchPlan } from './search.ts';

const heapOf = (n: number, planes: number): Heap =>
  Array.from({ length: planes }, (_, c) => ({
    bits: c % 2,
    products: n,
    operation: c === planes - 1 ? 'nand' : 'and',
  }));

describe.each([
  ['xcup', 'xilinx'],
  ['xc7', 'xilinx'],
  ['ecp5', 'ecp5'],
] as const)('cells of %s', (print, family: FamilyName) => {
  it.each([
    [1, 1],
    [16, 1],
    [33, 1],
    [64, 1],
    [7, 3],
    [24, 4],
    [13, 8],
  ])('are those of %i products in %i planes', (n, planes) => {
    const heap = withConstant(heapOf(n, planes), 5n);
    const plan = searchPlan(heap, planes + 8, { family, tries: 6 });
    const { instances } = compressor(plan, { print, constant: 5n }).module.implementation!;
    const made = (names: RegExp): number => instances.filter(({ module }) => names.test(module.name)).length;
    const carry = made(/^(CARRY8|CARRY4|CCU2C)$/);
    const lut = made(/^(LUT4|LUT6|LUT6_2)$/) + (print === 'ecp5' ? 2 * carry : 0);
    expect(compressorCells(plan, print)).toMatchObject({ lut, carry });
    expect(instances.length).toBe(lut + carry - (print === 'ecp5' ? 2 * carry : 0));
  });
});
