/** Additions to the residual stream, with what golden makes of them. */
import { largest, RSQRT_FRACTION, roundShift, saturate, smallest } from '../golden/fixed/index.ts';
import type { ResidualParameters } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { signed } from './jobs-corner-conv.ts';

export interface ScaledGroup {
  /** [rows]: what the matmul array delivers. */
  readonly y: ArrayLike<number>;
  readonly mantissa: number;
  /** Exponent of 1/rms less that of the group's unit. */
  readonly shift: number;
}

export interface ResidualJob {
  readonly group: string;
  readonly label: string;
  /** Shift that the layer adds to all groups'. */
  readonly base: number;
  readonly groups: readonly ScaledGroup[];
  readonly residual: Int32Array;
  readonly expected: Int32Array;
  readonly clamped: number;
}

/** residual + sum_g round(y_g mantissa_g / 2^(base + shift_g)), in the format of the residual stream. */
export function residualJob(
  base: number,
  groups: readonly ScaledGroup[],
  residual: Int32Array,
  bits: number,
  label: Pick<ResidualJob, 'group' | 'label'>,
): ResidualJob {
  let clamped = 0;
  const expected = Int32Array.from(residual, (r, o) => {
    const terms = groups.map(({ y, mantissa, shift }) => {
      const product = y[o]! * mantissa;
      return Number.isSafeInteger(product)
        ? roundShift(product, base + shift)
        : wideShift(y[o]!, mantissa, base + shift);
    });
    const wide = terms.reduce((sum, t) => sum + t, r);
    if (saturate(wide, bits) !== wide) clamped++;
    return saturate(wide, bits);
  });
  return { ...label, base, groups, residual, expected, clamped };
}

/** `roundShift` of products beyond 2^53, which no model has. */
const wideShift = (y: number, mantissa: number, n: number): number =>
  Number(((((BigInt(y) * BigInt(mantissa)) << 1n) >> BigInt(n)) + 1n) >> 1n);

export function cornerResidualJobs(p: ResidualParameters, random: Random, vectors: number): ResidualJob[] {
  return Array.from({ length: vectors }, (_, n) => {
    const extreme = n % 3 === 1;
    const rows = n === 0 ? p.maxRows : 1 + random.below(p.maxRows);
    const base = random.below(30);
    const groups = Array.from({ length: n === 0 ? p.maxGroups : 1 + random.below(p.maxGroups) }, () => ({
      y: Array.from({ length: rows }, () => signed(random, p.resultBits, extreme)),
      mantissa: extreme ? 2 ** (RSQRT_FRACTION + 1) : 2 ** RSQRT_FRACTION + 1 + random.below(2 ** RSQRT_FRACTION),
      shift: extreme ? random.below(80) - base : 16 + random.below(10),
    }));
    const residual = Int32Array.from({ length: rows }, () =>
      extreme ? (random.chance(0.5) ? largest : smallest)(p.residualBits) : signed(random, p.residualBits, false),
    );
    const label = { group: 'corner and random sums', label: `vector ${n}: ${rows} rows, ${groups.length} groups` };
    return residualJob(base, groups, residual, p.residualBits, label);
  });
}
