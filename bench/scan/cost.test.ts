import { expect, it } from 'vitest';
import { scanResources } from '../../hw/index.ts';
import { drawn, kinds } from './cost-samples.ts';

it.each([
  // 4 x 4 lanes, as Yosys counts them; the shares are fitted on others
  ['xcup, 8 bits', 0, { lut: 10_320, ff: 12_046, carry: 1443, bram: 6.5, dsp: 40 }],
  ['xcup, 8 bits, no DSP blocks', 1, { lut: 20_564, ff: 22_577, carry: 3919, bram: 6.5 }],
  ['xcup, one unit per head', 2, { lut: 4244, ff: 5985, carry: 641, bram: 8.5, dsp: 56 }],
  ['xc7, 8 bits', 3, { lut: 10_024, ff: 10_434, carry: 1335, bram: 6.5, dsp: 56 }],
] as const)('the estimate of a unit that it was not fitted on is within 5 %% of Yosys: %s', (_, i, counts) => {
  const kind = kinds[i]!;
  const estimate = scanResources(drawn(kind, 3, 1)[0]!, kind.target)!;
  for (const [what, count] of Object.entries(counts))
    expect(Math.abs(estimate[what as keyof typeof counts] / count - 1), what).toBeLessThan(0.05);
});

it('there is none of what has not been fitted', () => {
  const [unit] = drawn(kinds[2]!, 3, 1);
  expect(scanResources(unit!, 'ecp5')).toBeUndefined();
  expect(scanResources({ ...unit!, products: 'logic' }, 'xcup')).toBeUndefined();
});
