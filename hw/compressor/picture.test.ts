import { expect, it } from 'vitest';
import { planPicture, planRows } from './picture.ts';
import { heightsOf } from './plan.ts';
import { searchPlan } from './search.ts';

const plan = searchPlan([{ bits: 0, products: 12, operation: 'and' }], 4, { family: 'xilinx' });

it('a plan as a table', () => {
  expect(
    planRows(plan).map((r) => `${r.level}: ${r.heights}: ${r.counters}: ${r.luts} LUT, ${r.cells} cells`),
  ).toMatchInlineSnapshot(`
    [
      "1: 12p - - -: 2 x 3:2:3p at 2^0: 4 LUT, 0 cells",
      "2: 6p+2 2 - -: 2 x 3:2:2p at 2^0: 2 LUT, 0 cells",
      "3 |: 2p+2 4 - -: 1 x (4] (4]:2p +c at 2^0: 2 LUT, 1 cells",
      "4 |: 1 2 2 -: 1 x (2] (2] at 2^1: 2 LUT, 1 cells",
    ]
  `);
});

it('a plan as a picture has a dot for every bit', () => {
  const dots = heightsOf(plan).reduce((n, h) => n + [...h.bits, ...h.products].reduce((a, b) => a + b, 0), 0);
  expect(planPicture(plan).match(/<circle/g)).toHaveLength(dots);
});
