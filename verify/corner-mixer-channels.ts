/** Channels of a mixer that bring its scan and its gate to wanted numbers. */
import { FUNCTION_FRACTION, largest, type ScanInput, smallest } from '../golden/fixed/index.ts';
import type { MixerParameters } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { any } from './draw.ts';
import type { ConvInput } from './golden-conv.ts';
import { beforeSilu } from './inverse.ts';
import { signed } from './jobs-corner-conv.ts';

/** A convolution that changes nothing, and what SiLU turns into x, B and C. */
export function passing({ x, b, c }: ScanInput, p: MixerParameters, random: Random): ConvInput {
  const { projectedBits } = p.numerics.mixer;
  const { taps } = p.conv;
  const channels = x.length + 2 * b.length;
  const shift = random.below(p.numerics.mixer.convWeightBits - 1);
  // Of the same scale every result is met, of another the ends of the formats.
  const argument = random.below(5);
  const result = random.chance(0.7) ? argument : random.below(argument + 1);
  const [low, high] = [smallest(projectedBits), largest(projectedBits)];
  const before = (wanted: number): number =>
    beforeSilu(wanted, argument - FUNCTION_FRACTION, result - FUNCTION_FRACTION, low, high);
  return {
    convolution: {
      ...{ channels, taps, shift, bias: new Int32Array(channels) },
      weight: Int32Array.from({ length: channels * taps }, (_, i) => (i % taps === taps - 1 ? 2 ** shift : 0)),
    },
    scaling: {
      ...{ shift, argument_conv: argument, argument_z: random.below(16), result_z: random.below(6) },
      ...{ result_b: result, result_c: result, result_x: result },
    },
    xbc: Int32Array.from([...x, ...b, ...c], before),
    z: Int32Array.from(x, () => signed(random, projectedBits, random.chance(0.2))),
  };
}

/** z whose gates are powers of two and zeros, or nothing but zeros; or those that there are. */
export function gated(conv: ConvInput, p: MixerParameters, random: Random): ConvInput {
  const { projectedBits } = p.numerics.mixer;
  const zeros = any(random, [0, 0, 0.3, 0.95, 1]);
  const sparse = (z: number): number => (random.chance(zeros) ? 0 : z);
  if (random.chance(0.6)) return { ...conv, z: conv.z.map(sparse) };
  const [argument_z, result_z] = [4, random.below(5)];
  const powers = conv.z.map(() => {
    const wanted = (random.chance(0.5) ? 1 : -1) * 2 ** random.below(p.numerics.mixer.gateBits - 1);
    const [from, to] = [argument_z - FUNCTION_FRACTION, result_z - FUNCTION_FRACTION];
    return sparse(beforeSilu(wanted, from, to, smallest(projectedBits), largest(projectedBits)));
  });
  return { ...conv, scaling: { ...conv.scaling, argument_z, result_z }, z: powers };
}
