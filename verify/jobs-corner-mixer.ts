/** Models whose formats are too narrow for them: what must be clamped is, and is counted. */
import { type Calibration, fixModel, type Model, type Numerics } from '../golden/index.ts';
import { runFixed } from './fixed-run.ts';
import { type MixerJob, modelMixerJobs } from './golden-mixer.ts';

/** What follows from values that would be clamped themselves: ranges of every other layer. */
const derived = new Set(['x', 'b', 'c', 'y', 'gated']);

/** A calibration that has seen only 1 / factor of the ranges: of what enters the mixer in even layers, of what follows from it in odd ones. */
export const squeezed = ({ residual, layers }: Calibration, factor: number): Calibration => ({
  residual,
  layers: layers.map((ranges, i) => {
    const seen = (name: string, range: number): number =>
      derived.has(name) === (i % 2 === 1) ? range / factor : range;
    const { state, ...others } = ranges;
    const narrow = Object.fromEntries(Object.entries(others).map(([name, range]) => [name, seen(name, range)]));
    return { ...(narrow as typeof others), state: state.map((s) => seen('state', s)) };
  }),
});

/** Formats of the corner cases hold so much less than they have to. */
const factor = 16;

/** The mixers of a model in formats that are too narrow for them. */
export function squeezedJobs(
  model: Model,
  calibration: Calibration,
  numerics: Numerics,
  tokens: ArrayLike<number>,
): MixerJob[] {
  const fixed = fixModel(model, squeezed(calibration, factor), numerics);
  return modelMixerJobs(fixed, runFixed(fixed, tokens), () => 'mixers in formats too narrow');
}
