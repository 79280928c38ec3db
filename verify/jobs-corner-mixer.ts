/**
 * Corner cases of a mixer: the numbers that its parts' own corner cases are made of, brought about by in_proj's results, 1/rms, and the
 * constants and units of a layer.
 */
import {
  exp2Table,
  FUNCTION_FRACTION,
  largest,
  type Mantissas,
  RSQRT_FRACTION,
  roundShift,
  type ScanHead,
  type ScanInput,
  type ScanShape,
  SOFTPLUS_FRACTION,
  smallest,
  softplusFixed,
  softplusTail,
} from '../golden/fixed/index.ts';
import type { FixedLayer } from '../golden/fixed/model.ts';
import { convWords, type MixerParameters, storeSize } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import type { ConvInput } from './golden-conv.ts';
import { goldenMixer, type MixerInput, type MixerJob } from './golden-mixer.ts';
import { beforeExp2, beforeSilu, beforeSoftplus } from './inverse.ts';
import { atEdges, awkwardShape, inTurns, randomScanInput, scanSpreads } from './jobs-corner.ts';
import { convSpreads, randomConvTokens, signed } from './jobs-corner-conv.ts';
import { projectionSpreads, randomEpsilon, randomProjection, tilesOf } from './jobs-corner-norm.ts';
import { roundingEdge } from './rounding-edges.ts';

const pick = (random: Random, low: number, high: number): number => low + random.below(high - low + 1);
const any = <T>(random: Random, of: readonly T[]): T => of[random.below(of.length)]!;

/**
 * Sequences that take turns: as large as can be, which fill what waits for them; of heads with one row, or of nothing but one row, so that
 * many tokens are under way; of awkward shapes. In some the convolution passes on what the scan shall be given, in the others it has weights of its own.
 */
export function cornerMixerJobs(p: MixerParameters, random: Random, sequences: number): MixerJob[] {
  const { maxHeads: heads, maxHeadDim: headDim, maxState: dState, maxGroups: groups } = p.scan;
  const shapeOf = (n: number): ScanShape => {
    const kind = (['largest', 'narrow', 'awkward'] as const)[(n >> 2) % 3];
    if (kind === 'largest') return { heads, headDim, dState, groups };
    const narrow = random.chance(0.5)
      ? { heads, dState }
      : { heads: 1, dState: pick(random, 1, Math.min(dState, 2 * p.scan.lanes)) };
    let shape = kind === 'narrow' ? { ...narrow, headDim: 1, groups: 1 } : awkwardShape(p.scan, random);
    while (tilesFor(shape, p).length === 0) shape = awkwardShape(p.scan, random);
    return shape;
  };
  const sizeOf = (shape: ScanShape): number[] => [
    ...Object.values(storeSize(shape, p.scan)),
    convWords(shape, p.lanes),
  ];
  const room = [p.scan.stateWords, p.scan.rowWords, p.conv.stateWords];
  return inTurns(sequences, shapeOf, sizeOf, room, ({ number, shape, slot }) => {
    const mixer = goldenMixer(shape, { slot, layer: pick(random, 0, 2 ** 16 - 1) }, p.conv.taps, p.numerics);
    const what = `${shape.heads} heads in ${shape.groups} groups, ${shape.headDim} rows, d_state ${shape.dState}`;
    const passes = random.chance(0.6);
    const convolved = randomConvTokens(shape, formatsOf(p), random, any(random, convSpreads));
    return (t) => {
      const label = { group: 'corner and random mixers', label: `mixer ${number}, token ${t}: ${what}` };
      const spread = scanSpreads[(number + (random.chance(0.3) ? t : 0)) % scanSpreads.length]!;
      const scanned = atEdges(randomScanInput(shape, p.scan, random, spread), mixer.state, shape, p.scan, random);
      const conv = passes ? passing(scanned, p, random) : convolved();
      return mixer.next(mixerInput(shape, conv, scanned.heads, p, random), label);
    };
  });
}

const formatsOf = ({ conv, numerics }: MixerParameters) => ({ taps: conv.taps, numerics });

/** Tiles of out_proj's input that the norm can have, and whose segments of columns have one shift each; none where the columns cannot be fed. */
function tilesFor({ heads, headDim, groups }: ScanShape, p: MixerParameters): number[] {
  if (!p.ragged && heads > groups && headDim % p.lanes !== 0) return [];
  const whole = (heads * headDim) / groups;
  return tilesOf(p.norm, headDim, heads / groups).filter((tile) => tile === whole || tile % p.segment === 0);
}

/** A convolution that changes nothing, and what SiLU turns into x, B and C. */
function passing({ x, b, c }: ScanInput, p: MixerParameters, random: Random): ConvInput {
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
function gated(conv: ConvInput, p: MixerParameters, random: Random): ConvInput {
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

/** What becomes the heads' step sizes and decays. */
interface Steps {
  readonly raw: Int32Array;
  /** To 16 fraction bits. */
  readonly argument: number;
  readonly bias: Int32Array;
  readonly rate: Mantissas;
}

function stepsOf(heads: readonly ScanHead[], p: MixerParameters, random: Random): Steps {
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
        : beforeExp2(decay),
  );
  // All heads have one unit: the right one for the largest of them, or for any.
  const shift = far ? 0 : Math.ceil(Math.log2(1 + (random.chance(0.5) ? Math.max(...dts) : any(random, dts))));
  const most = largest(mixer.rateBits);
  const values = Int32Array.from(exponents, (t, h) =>
    Math.min(most, Math.round((t * 2 ** shift) / Math.max(1, dts[h]!))),
  );
  return { raw, argument, bias, rate: { values, unit: scan.dtFraction - FUNCTION_FRACTION - shift } };
}

/** A token whose z, xBC and heads are these. */
function mixerInput(
  shape: ScanShape,
  passed: ConvInput,
  heads: readonly ScanHead[],
  p: MixerParameters,
  random: Random,
): MixerInput {
  const { convolution, scaling, z, xbc } = gated(passed, p, random);
  const steps = stepsOf(heads, p, random);
  const unit = (shift: number): number => shift - FUNCTION_FRACTION;
  const tile = any(random, tilesFor(shape, p));
  const cols = shape.heads * shape.headDim;
  const spread = any(random, projectionSpreads);
  const outProj = randomProjection(p.norm, random, { groups: shape.groups, tile, cols }, spread, randomEpsilon(random));
  const units = {
    zUnit: unit(scaling.argument_z),
    dtUnit: unit(steps.argument),
    convUnit: unit(scaling.argument_conv),
    gateUnit: unit(scaling.result_z),
    scanUnits: { b: unit(scaling.result_b), c: unit(scaling.result_c), x: unit(scaling.result_x), y: 0, state: [] },
  };
  const inProj = projectionOf(units, outProj.resultFraction, random);
  const fixed: FixedLayer = {
    ...{ convolution, ...units, outProj },
    xbcUnit: inProj.xbcUnit,
    inProj: { ...outProj, floor: 0, weight: { values: new Int32Array(), unit: inProj.weightUnit } },
    dtBias: steps.bias,
    rate: steps.rate,
    heads: heads.map(({ direct, stepShift, outputShift }) => ({ direct, stepShift, outputShift })),
    gatedUnit: units.gateUnit + (random.chance(0.1) ? random.below(64) : pick(random, 0, 30)),
  };
  const mantissa = any(random, [2 ** 16, 2 ** 16, 2 ** 16 + 1 + random.below(2 ** 16), 2 ** 17]);
  const before = (values: Int32Array, of: number): number[] => {
    const amount = of + RSQRT_FRACTION + outProj.resultFraction - inProj.weightUnit + inProj.shift;
    return Array.from(values, (value) => beforeScale(value, mantissa, amount, p, random));
  };
  const product = [...before(z, fixed.zUnit), ...before(xbc, fixed.xbcUnit), ...before(steps.raw, fixed.dtUnit)];
  return { fixed, product, scale: { mantissa, shift: inProj.shift } };
}

/** Units with which all results are shifted to the right, most of them by a little. */
function projectionOf(
  { zUnit, dtUnit }: Pick<FixedLayer, 'zUnit' | 'dtUnit'>,
  resultFraction: number,
  random: Random,
): { readonly weightUnit: number; readonly xbcUnit: number; readonly shift: number } {
  const least = 8; // of what the units add to a scale's shift
  const amount = (): number => (random.chance(0.8) ? pick(random, 15, 22) : random.below(40));
  const shift = random.chance(0.05) ? pick(random, 40, 60) : pick(random, -30, 6);
  const base = Math.min(zUnit, dtUnit) + RSQRT_FRACTION + resultFraction;
  const weightUnit = base - Math.max(least, amount() - shift);
  const xbcUnit = Math.max(least, amount() - shift) - RSQRT_FRACTION - resultFraction + weightUnit;
  return { weightUnit, xbcUnit, shift };
}

/** A result of in_proj that mantissa / 2^amount turns into `value`, at an edge of rounding where it can be; or one beyond it. */
function beforeScale(value: number, mantissa: number, amount: number, p: MixerParameters, random: Random): number {
  const [low, high] = [smallest(p.resultBits), largest(p.resultBits)];
  if (random.chance(0.02)) return any(random, [low, high, pick(random, low, high)]);
  const exact = (value * 2 ** amount) / mantissa;
  const half = 2 ** amount / mantissa / 2;
  const edge = any(random, [Math.round(exact), Math.ceil(exact - half), Math.ceil(exact + half) - 1]);
  return Math.min(high, Math.max(low, edge));
}
