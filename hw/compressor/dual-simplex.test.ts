import { describe, expect, it } from 'vitest';
import { prices } from './dual-simplex.ts';

const row = (least: number, ...a: readonly number[]) => ({ coefficients: new Map(a.map((x, j) => [j, x])), least });

describe('a linear program', () => {
  it('ends in prices that are worth its least cost', () => {
    // 2 x + 3 y, x + y >= 4, x + 3 y >= 6, x <= 3: x = 3, y = 1
    const rows = [row(4, 1, 1), row(6, 1, 3), row(-3, -1, 0)];
    const y = prices({ costs: [2, 3], rows })!;
    expect(rows.reduce((sum, { least }, i) => sum + least * y[i]!, 0)).toBeCloseTo(9, 4);
    for (const [j, cost] of [2, 3].entries())
      expect(rows.reduce((sum, r, i) => sum + y[i]! * r.coefficients.get(j)!, 0)).toBeLessThan(cost + 1e-5);
  });

  it('that nothing meets has none', () => {
    expect(prices({ costs: [1], rows: [row(2, 1), row(-1, -1)] })).toBe(undefined);
  });
});
