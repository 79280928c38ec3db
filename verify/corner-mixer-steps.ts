/** Results of in_proj, biases and rates of a mixer that bring its heads to wanted step sizes and decays. */
import {
  exp2Table,
  FUNCTION_FRACTION,
  largest,
  type Mantissas,
  roundShift,
  type ScanHead,
  SOFTPLUS_FRACTION,
  softplusFixed,
  softplusTail,
} from '../golden/fixed/index.ts';
import type { MixerParameters } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { any, pick } from './draw.ts';
import { beforeExp2, beforeSoftplus } from './inverse.ts';
import { signed } from './jobs-corner-conv.ts';
import { roundingEdge } from './rounding-edges.ts';

/** What becomes the heads' step sizes and decays. */
export interface Steps {
  readonly raw: Int32Array;
  /** To 16 fraction bits. */
  readonly argument: number;
  readonly bias: Int32Array;
  readonly rate: Mantissas;
}

export function stepsOf(heads: readonly ScanHead[], p: MixerParameters, random: Random): Steps {
  const { mixer, scan } = p.numerics;
  const argument = random.below(16);
  const raw = Int32Array.from(heads, () => signed(random, mixer.projectedBits, random.chance(0.2)));
  const before = heads.map(({ dt }) =>
    random.chance(0.2) ? (random.chance(0.5) ? 1 : -1) * roundingEdge(softplusTail, random) : beforeSoftplus(dt),
  );
  const bias = Int32Array.from(before, (x, h) => x - raw[h]! * 2 ** argument);
  const dts = before.map((x) =>
    Math.min(2 ** scan.dtBits - 1, roundShift(softplusFixed(x), SOFTPLUS_FRACTION - scan.dtFraction)),
  );
  const far = random.chance(0.1); // powers of two so large that nothing is left
  const exponents = heads.map(({ decay }) =>
    far
      ? 2 ** random.below(scan.dtBits + mixer.rateBits)
      : random.chance(0.2)
        ? roundingEdge(exp2Table, random) + 2 ** FUNCTION_FRACTION * random.below(random.chance(0.5) ? 4 : 80)
        : beforeExp2(decay)[random.below(2)]!,
  );
  const shift = far ? 0 : rateShift(dts, random);
  const most = largest(mixer.rateBits);
  const values = Int32Array.from(exponents, (t, h) =>
    Math.min(most, Math.round((t * 2 ** shift) / Math.max(1, dts[h]!))),
  );
  return { raw, argument, bias, rate: { values, unit: scan.dtFraction - FUNCTION_FRACTION - shift } };
}

/** All heads have one unit: the right one for the largest of them, or for any; now and then so fine that decays are nearly 1. */
function rateShift(dts: readonly number[], random: Random): number {
  if (random.chance(0.05)) return pick(random, 24, 63);
  return Math.ceil(Math.log2(1 + (random.chance(0.5) ? Math.max(...dts) : any(random, dts))));
}
