import { describe, expect, it } from 'vitest';
import { activate, exp2Fixed, largest, smallest, softplusFixed } from '../golden/fixed/index.ts';
import { beforeExp2, beforeSilu, beforeSoftplus } from '../verify/inverse.ts';

describe('arguments for wanted results', () => {
  it('SiLU: where one scale is as fine as the other every value from its lowest one on, or the next where it is steeper than 1', () => {
    for (const from of [-16, -14, -12]) {
      const silu = (wanted: number): number =>
        activate(beforeSilu(wanted, from, from, smallest(16), largest(16)), from, from);
      const low = activate(Math.max(smallest(16), Math.ceil(-1.2785 * 2 ** -from)), from, from);
      const high = activate(largest(16), from, from);
      for (let wanted = low; wanted <= high; wanted += 7) expect(silu(wanted) - wanted).toBeOneOf([0, 1]);
      expect([silu(low - 1000), silu(high + 1000)]).toEqual([low, high]);
    }
  });

  it('2^-t: every value; softplus: every value below 2^16, larger ones but for 4 bits', () => {
    for (let wanted = 1; wanted < 2 ** 16; wanted += 13) {
      const [first, last] = beforeExp2(wanted);
      expect([exp2Fixed(first), exp2Fixed(last)]).toEqual([wanted, wanted]);
      expect(exp2Fixed(first - 1)).toBeGreaterThan(wanted);
      expect(exp2Fixed(last + 1)).toBeLessThan(wanted);
    }
    for (let k = 0; k < 24; k++) {
      const found = softplusFixed(beforeSoftplus(2 ** k));
      expect(found - 2 ** k).toBeGreaterThanOrEqual(0);
      expect(found - 2 ** k).toBeLessThanOrEqual(k < 16 ? 0 : 15);
    }
  });
});
