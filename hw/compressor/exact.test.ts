/** The cheapest plans are plans, none that is found otherwise is cheaper, and all cost at least the bound. */
import { describe, expect, it } from 'vitest';
import { pricesOf } from './bound.ts';
import { cheapestPlan } from './exact.ts';
import type { FamilyName } from './family.ts';
import type { Heap, Plan } from './plan.ts';
import { search } from './search.ts';
import { leftOver } from './testing.ts';

const products = (...heights: readonly number[]): Heap =>
  heights.map((n) => ({ bits: 0, products: n, operation: 'and' }));
const widthOf = (heap: Heap): number => heap.reduce((n, h, c) => n + h.products * 2 ** c, 0).toString(2).length;

describe.each<FamilyName>(['xilinx', 'xilinx-portable', 'ecp5'])('for %s', (family) => {
  const cost = (p: Plan): number => p.luts + (family === 'ecp5' ? p.registers : 0);

  it.each([{ heights: [3] }, { heights: [6] }, { heights: [2, 2] }, { heights: [9] }])(
    'the cheapest plan of $heights products',
    ({ heights }) => {
      const heap = products(...heights);
      const found = search(heap, widthOf(heap), { family }).plan;
      const best = cheapestPlan(found, 200_000)!;
      expect(leftOver(best).every((b) => b <= 1)).toBe(true);
      expect(best.levels.length).toBeLessThanOrEqual(best.latency * best.every);
      expect(cost(best)).toBeLessThanOrEqual(cost(found));
      expect(cost(best)).toBeGreaterThanOrEqual(pricesOf(found).bound);
      // terms of all kinds: the search is another one
      const any = search(heap, widthOf(heap), { family, tries: 200, from: [] }).plan;
      if (any.latency === best.latency) expect(cost(any)).toBeGreaterThanOrEqual(cost(best));
    },
  );

  it('is given up where there is too much to look at', () => {
    const { plan } = search(products(30), 5, { family, tries: 1 });
    expect(cheapestPlan(plan, 2000)).toBe(undefined);
  });
});

it.each([
  // as integer programming found them, beside docs/matmul.md
  [256, 2, 217.5],
  [64, 2, 51],
])('the bound for %i products in %i stages is below the best plan known', (n, latency, best) => {
  const heap = products(n);
  const { bound } = pricesOf({ family: 'xilinx', heap, width: widthOf(heap), every: 3, latency });
  expect(bound).toBeLessThan(best);
  expect(bound).toBeGreaterThan(0.9 * best);
});
