/** Convolutions that no text produces: random sequences over awkward shapes, values at the ends of their formats among them. */
import { largest, type Numerics, type ScanShape, siluTail, smallest } from '../golden/fixed/index.ts';
import type { ConvParameters } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { type ConvJob, goldenConv } from './golden-conv.ts';
import { roundingEdge } from './rounding-edges.ts';

/** Largest sizes of the shapes. */
export interface ShapeBounds {
  readonly heads: number;
  readonly headDim: number;
  readonly dState: number;
  readonly groups: number;
}

const pick = (random: Random, low: number, high: number): number => low + random.below(high - low + 1);

export function randomShape(most: ShapeBounds, random: Random): ScanShape {
  const groups = pick(random, 1, most.groups);
  const heads = groups * pick(random, 1, Math.max(1, Math.floor(most.heads / groups)));
  return { heads, groups, headDim: pick(random, 1, most.headDim), dState: pick(random, 1, most.dState) };
}

/** `bits` bits of two's complement: any, or with `extreme` an end of their range. */
export const signed = (random: Random, bits: number, extreme: boolean): number =>
  extreme
    ? random.chance(0.5)
      ? smallest(bits)
      : largest(bits)
    : Number(BigInt.asIntN(bits, random.bits(bits)) >> BigInt(random.chance(0.5) ? random.below(bits) : 0));

/** A number of `bits` bits whose SiLU, shifted left by `by` to its argument, is about to round up. */
function edgeOfSilu(bits: number, by: number, random: Random): number {
  for (;;) {
    const t = roundingEdge(siluTail, random);
    if (t % 2 ** by !== 0 || t / 2 ** by > largest(bits)) continue;
    return random.chance(0.5) ? t / 2 ** by : -t / 2 ** by;
  }
}

export function cornerConvJobs(
  p: Pick<ConvParameters, 'taps'> & { readonly numerics: Pick<Numerics, 'mixer' | 'scan'> },
  bounds: ShapeBounds,
  random: Random,
  sequences: number,
): ConvJob[] {
  const { mixer } = p.numerics;
  const jobs: ConvJob[] = [];
  for (let n = 0; n < sequences; n++) {
    const shape =
      n === 0 ? { ...bounds, heads: bounds.heads - (bounds.heads % bounds.groups) } : randomShape(bounds, random);
    const channels = shape.heads * shape.headDim + 2 * shape.groups * shape.dState;
    const extreme = n % 4 === 1;
    const quiet = n % 4 === 2; // small numbers that leave every bit of the sums to be seen
    const edges = n % 4 === 3; // z at which SiLU is about to round up, sums beyond their format, and results that show it
    const ints = (length: number, bits: number): Int32Array =>
      Int32Array.from({ length }, () => signed(random, quiet ? Math.min(bits, 7) : bits, extreme));
    const convolution = {
      channels,
      taps: p.taps,
      weight: ints(channels * p.taps, mixer.convWeightBits),
      bias: ints(channels, 32),
      shift: quiet
        ? random.below(3)
        : edges
          ? random.below(16)
          : extreme
            ? random.chance(0.5)
              ? 0
              : random.below(64)
            : pick(random, 12, 20),
    };
    const result = () => random.below(extreme ? 32 : quiet || edges ? 2 : 6);
    const scaling = {
      shift: convolution.shift,
      argument_conv: random.below(edges ? 2 : 16),
      argument_z: random.below(edges ? 5 : 16),
      ...{ result_b: result(), result_c: result(), result_x: result(), result_z: result() },
    };
    const layer = goldenConv(shape, 0, convolution, scaling, p.numerics);
    const what = `${shape.heads} heads in ${shape.groups} groups, ${shape.headDim} rows, d_state ${shape.dState}`;
    for (let t = 0; t < 5; t++) {
      const inner = shape.heads * shape.headDim;
      const z = edges
        ? Int32Array.from({ length: inner }, () => edgeOfSilu(mixer.projectedBits, scaling.argument_z, random))
        : ints(inner, mixer.projectedBits);
      const xbc = ints(channels, mixer.projectedBits);
      const label = { group: 'corner and random convolutions', label: `sequence ${n}, token ${t}: ${what}` };
      jobs.push(layer.next(xbc, z, label));
    }
  }
  return jobs;
}
