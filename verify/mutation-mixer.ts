/** A mixer small enough to be run hundreds of times, and its work: made-up models of several shapes in formats that fit, or do not. */
import type { Design } from '../gen/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import type { FixedLayer } from '../golden/fixed/model.ts';
import { calibrate, type FixedModel, fixModel, loadModel } from '../golden/index.ts';
import {
  AWKWARD,
  type SyntheticSpec,
  scratchDir,
  syntheticCheckpoint,
  writeCheckpoint,
} from '../golden/testing/synthetic.ts';
import { defaultChoices, type MixerParameters, mixerUnit, unitParameters } from '../hw/index.ts';
import { createRandom, type Random } from '../sim/index.ts';
import { mixerBench } from './bench-mixer.ts';
import { runFixed } from './fixed-run.ts';
import { type MixerJob, modelMixerJobs } from './golden-mixer.ts';
import { signed } from './jobs-corner-conv.ts';
import { squeezed } from './jobs-corner-mixer.ts';
import { type MutationUnit, runs } from './mutation-units.ts';

/** The first is the largest in every direction. */
const shapes: readonly Partial<SyntheticSpec>[] = [
  { dModel: 6, headDim: 3, dState: 5, nGroups: 2 },
  { dModel: 4, headDim: 2, dState: 4, nGroups: 1 },
  { dModel: 2, headDim: 1, dState: 1, nGroups: 2 },
  { dModel: 6, headDim: 3, dState: 2, nGroups: 1 },
];
const choices = { ...defaultChoices, columns: 6, mixerLanes: 2, scanLanes: 4, scanRows: 2 };
/** By how much the formats are narrower than what was seen. */
const squeezes = [1, 16, 4, 256];

export async function mixer(): Promise<MutationUnit> {
  let p: MixerParameters | undefined;
  const works: MixerJob[][] = [];
  for (let n = 0; n < runs; n++) {
    const spec: SyntheticSpec = { ...AWKWARD, nLayer: 2, ...shapes[n % shapes.length] };
    using dir = scratchDir();
    const model = await loadModel(writeCheckpoint(dir.path, syntheticCheckpoint(spec, 1 + n)));
    p ??= unitParameters(model.config, choices, defaultNumerics).mixer;
    const random = createRandom(1 + n);
    const tokens = Array.from({ length: n === 0 ? 20 : 10 }, () => random.below(spec.vocabSize));
    const calibration = squeezed(calibrate(model, [tokens]), squeezes[(n >> 1) % squeezes.length]!);
    const fixed = fixModel(model, calibration, defaultNumerics);
    const made = n % 3 === 1 ? atRandom(fixed, random) : fixed;
    works.push(modelMixerJobs(made, runFixed(made, tokens)));
  }
  return { design: mixerUnit(p!) as Design, benchOf: (n) => mixerBench(works[n]!, p!) };
}

/** The model with numbers of its heads, convolutions and norms that no training gives: any, or the ends of their formats. */
function atRandom(fixed: FixedModel, random: Random): FixedModel {
  const { norm, mixer, scan } = fixed.numerics;
  const any = (of: Int32Array, bits: number): Int32Array => of.map(() => signed(random, bits, random.chance(0.2)));
  const layer = (l: FixedLayer): FixedLayer => ({
    ...l,
    heads: l.heads.map((h) => ({
      ...h,
      direct: signed(random, scan.directBits, random.chance(0.2)),
      outputShift: random.below(20),
    })),
    convolution: {
      ...l.convolution,
      weight: any(l.convolution.weight, mixer.convWeightBits),
      bias: any(l.convolution.bias, 24),
    },
    outProj: { ...l.outProj, weight: { ...l.outProj.weight, values: any(l.outProj.weight.values, norm.weightBits) } },
  });
  return { ...fixed, layers: fixed.layers.map(layer) };
}
