/**
 * Corner cases of a mixer: the numbers that its parts' own corner cases are made of, brought about by in_proj's results, 1/rms, and the
 * constants and units of a layer.
 */
import { FUNCTION_FRACTION, RSQRT_FRACTION, type ScanHead, type ScanShape } from '../golden/fixed/index.ts';
import type { FixedLayer } from '../golden/fixed/model.ts';
import { convWords, type MixerParameters, storeSize } from '../hw/index.ts';
import type { Random } from '../sim/index.ts';
import { gated, passing } from './corner-mixer-channels.ts';
import { beforeScale, projectionOf } from './corner-mixer-projection.ts';
import { stepsOf } from './corner-mixer-steps.ts';
import { any, pick } from './draw.ts';
import type { ConvInput } from './golden-conv.ts';
import { goldenMixer, type MixerInput, type MixerJob } from './golden-mixer.ts';
import { convSpreads, randomConvTokens } from './jobs-corner-conv.ts';
import { projectionSpreads, randomEpsilon, randomProjection, tilesOf } from './jobs-corner-norm.ts';
import { atEdges, awkwardShape, inTurns, randomPlace, randomScanInput, scanSpreads } from './jobs-corner-scan.ts';

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
  return inTurns(random, sequences, shapeOf, sizeOf, room, ({ number, shape, slot }) => {
    const mixer = goldenMixer(shape, { slot, ...randomPlace(random) }, p.conv.taps, p.numerics);
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
