import { expect, it } from 'vitest';
import { scanResources } from '../../hw/index.ts';
import { drawn, kinds } from './cost-samples.ts';

it.each([
  // as popscan bench scan --rows cost counts them
  [0, { lut: 9380, ff: 8771, carry: 1005, dsp: 20 }],
  [1, { lut: 10_112, ff: 10_146, carry: 1145, dsp: 24 }],
  [2, { lut: 6924, ff: 7076, carry: 814, dsp: 18 }],
] as const)('the estimate of a unit that it was not fitted on is within 5 %% of Yosys: %i', (i, counts) => {
  const estimate = scanResources(drawn(kinds[0]!, 2, kinds[0]!.judging)[i]!)!;
  for (const [what, count] of Object.entries(counts))
    expect(Math.abs(estimate[what as keyof typeof counts] / count - 1), what).toBeLessThan(0.05);
});
