/** Additions to the residual stream, with what golden makes of them. */
import { type GroupProduct, largest, RSQRT_FRACTION, saturate, smallest, sumGroups } from '../golden/fixed/index.ts';
import type { ResidualParameters } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { signed } from './jobs-corner-conv.ts';

export interface ResidualJob {
  readonly group: string;
  readonly label: string;
  /** Shift that the layer adds to all groups'. */
  readonly base: number;
  readonly groups: readonly GroupProduct[];
  readonly residual: Int32Array;
  readonly expected: Int32Array;
  readonly clamped: number;
}

/** residual + sumGroups(groups, base), in the format of the residual stream. */
export function residualJob(
  base: number,
  groups: readonly GroupProduct[],
  residual: Int32Array,
  bits: number,
  label: Pick<ResidualJob, 'group' | 'label'>,
): ResidualJob {
  let clamped = 0;
  const expected = Int32Array.from(residual, (r, o) => {
    const wide = r + sumGroups(groups, o, base);
    if (saturate(wide, bits) !== wide) clamped++;
    return saturate(wide, bits);
  });
  return { ...label, base, groups, residual, expected, clamped };
}

export function cornerResidualJobs(p: ResidualParameters, random: Random, vectors: number): ResidualJob[] {
  return Array.from({ length: vectors }, (_, n) => {
    const extreme = n % 3 === 1;
    const whole = n === vectors - 1;
    const rows = whole ? p.maxRows : 1 + random.below(p.maxRows);
    const base = random.below(extreme ? 128 : 30);
    const quiet = n % 3 === 2; // small numbers that leave every bit of the products to be seen
    const groups = Array.from({ length: whole ? p.maxGroups : 1 + random.below(p.maxGroups) }, () => ({
      y: Array.from({ length: rows }, () => signed(random, quiet ? 5 : p.resultBits, extreme)),
      mantissa: extreme ? 2 ** (RSQRT_FRACTION + 1) : 2 ** RSQRT_FRACTION + 1 + random.below(2 ** RSQRT_FRACTION),
      shift: extreme
        ? random.below(random.chance(0.5) ? 80 : 128 + base) - base
        : (quiet ? 0 : 16) + random.below(10) - (quiet ? base : 0),
    }));
    const residual = Int32Array.from({ length: rows }, () =>
      extreme
        ? (random.chance(0.5) ? largest : smallest)(p.residualBits)
        : signed(random, quiet ? 8 : p.residualBits, false),
    );
    const label = { group: 'corner and random sums', label: `vector ${n}: ${rows} rows, ${groups.length} groups` };
    return residualJob(base, groups, residual, p.residualBits, label);
  });
}
