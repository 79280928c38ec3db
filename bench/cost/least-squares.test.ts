import { expect, it } from 'vitest';
import { nonNegative } from './least-squares.ts';

it('least squares find coefficients, and none below 0', () => {
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
