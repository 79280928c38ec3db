/** Convolutions that no text produces: random sequences over awkward shapes, values at the ends of their formats among them. */
import { largest, type Numerics, type ScanShape, siluTail, smallest } from '../golden/fixed/index.ts';
import { type ConvParameters, convWords } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { pick } from './draw.ts';
import { type ConvInput, type ConvJob, goldenConv } from './golden-conv.ts';
import { roundingEdge } from './rounding-edges.ts';

/** Largest sizes of the shapes. */
export interface ShapeBounds {
  readonly heads: number;
  readonly headDim: number;
  readonly dState: number;
  readonly groups: number;
}

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

type Formats = Pick<ConvParameters, 'taps'> & { readonly numerics: Pick<Numerics, 'mixer' | 'scan'> };

export const convSpreads = ['random', 'extreme', 'quiet', 'edges'] as const;

/**
 * `quiet`: small numbers that leave every bit of the sums to be seen; `edges`: z at which SiLU is about to round up, sums beyond their format,
 * and results that show it; `extreme`: the ends of every format.
 */
export type ConvSpread = (typeof convSpreads)[number];

/** Tokens of a layer with random weights and scaling. */
export function randomConvTokens(
  { heads, headDim, dState, groups }: ScanShape,
  p: Formats,
  random: Random,
  spread: ConvSpread,
): () => ConvInput {
  const { mixer } = p.numerics;
  const [extreme, quiet, edges] = (['extreme', 'quiet', 'edges'] as const).map((s) => s === spread);
  const inner = heads * headDim;
  const channels = inner + 2 * groups * dState;
  const ints = (length: number, bits: number): Int32Array =>
    Int32Array.from({ length }, () => signed(random, quiet ? Math.min(bits, 7) : bits, extreme!));
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
  const shift = (most: number): number =>
    random.chance(0.5) ? (random.chance(0.5) ? 0 : most) : random.below(most + 1);
  const result = () => (extreme ? shift(31) : random.below(quiet || edges ? 2 : 6));
  const scaling = {
    shift: convolution.shift,
    argument_conv: extreme ? shift(15) : random.below(edges ? 2 : 16),
    argument_z: extreme ? shift(15) : random.below(edges ? 5 : 16),
    ...{ result_b: result(), result_c: result(), result_x: result(), result_z: result() },
  };
  return () => ({
    convolution,
    scaling,
    z: edges
      ? Int32Array.from({ length: inner }, () => edgeOfSilu(mixer.projectedBits, scaling.argument_z, random))
      : ints(inner, mixer.projectedBits),
    xbc: ints(channels, mixer.projectedBits),
  });
}

/** Sequences one after another, in any place of the store; two take turns where there is room for two. */
export function cornerConvJobs(p: ConvParameters, bounds: ShapeBounds, random: Random, sequences: number): ConvJob[] {
  return Array.from({ length: sequences }, (_, n) => {
    const shape =
      n === 0 ? { ...bounds, heads: bounds.heads - (bounds.heads % bounds.groups) } : randomShape(bounds, random);
    const slots = Math.floor(p.stateWords / convWords(shape, p.lanes));
    const layers = [...new Set([n % slots, (n + 1) % slots])].map((slot) => ({
      token: randomConvTokens(shape, p, random, convSpreads[n % convSpreads.length]!),
      conv: goldenConv(shape, slot, p.taps, p.numerics),
    }));
    const what = `${shape.heads} heads in ${shape.groups} groups, ${shape.headDim} rows, d_state ${shape.dState}`;
    return Array.from({ length: 6 }, (_, t) => {
      const { token, conv } = layers[t % layers.length]!;
      const label = { group: 'corner and random convolutions', label: `sequence ${n}, token ${t}: ${what}` };
      return conv.next({ ...token(), zFirst: n % 3 === 2 }, label);
    });
  }).flat();
}
