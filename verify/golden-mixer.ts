/** Tokens through the middle of a mixer, as the fixed-point model runs them. */
import {
  groupVector,
  type QuantizedInput,
  quantizeInput,
  type ScanShape,
  tiledProduct,
} from '../golden/fixed/index.ts';
import type { FixedLayer } from '../golden/fixed/model.ts';
import type { FixedModel } from '../golden/index.ts';
import { type FixedRun, runFixed } from './fixed-run.ts';
import { type NormJob, normJob } from './golden-norm.ts';

export interface MixerJob {
  readonly group: string;
  readonly label: string;
  readonly shape: ScanShape;
  readonly slot: number;
  readonly layer: number;
  readonly token: number;
  /** Weights and units. */
  readonly fixed: FixedLayer;
  /** in_proj's results in the array's unit, and 1/rms. */
  readonly product: ArrayLike<number>;
  readonly input: QuantizedInput;
  /** What out_proj must be given. */
  readonly expected: NormJob;
}

export interface MixerWork {
  readonly jobs: readonly MixerJob[];
  /** Values that the mixers clamped, by golden's names; `bias`: of out_proj. */
  readonly clamped: Readonly<Record<string, number>>;
}

/** Every layer of every token. `slot`: the place of the model's layer 0 among the states. */
export function mixerWork(fixed: FixedModel, shown: FixedRun, group: (layer: number) => string, slot = 0): MixerWork {
  const projections: Record<string, number> = {};
  const jobs = Array.from({ length: shown.tokens }, (_, token) =>
    fixed.layers.map((layer, index): MixerJob => {
      const tap = shown.tapsOf(index, token);
      const input = quantizeInput(layer.inProj, tap('residual_in'), projections);
      const product = tiledProduct(
        layer.inProj.matrix,
        groupVector(layer.inProj, input, 0),
        layer.inProj.resultFraction,
      );
      const label = { group: group(index), label: `${group(index)}, token ${token}` };
      const expected = normJob(layer.outProj, fixed.config.headDim, tap('gated'), label);
      const place = { slot: slot + index, layer: index, token };
      return { ...label, shape: fixed.shape, ...place, fixed: layer, product, input, expected };
    }),
  ).flat();
  const bias = jobs.reduce((sum, j) => sum + j.expected.clamped, 0);
  return { jobs, clamped: { ...shown.clamped, bias } };
}

export const modelMixerWork = (fixed: FixedModel, tokens: ArrayLike<number>): MixerWork =>
  mixerWork(fixed, runFixed(fixed, tokens), (layer) => `layer ${layer} mixer`);
