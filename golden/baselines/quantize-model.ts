/** The projections of a full-precision model quantized after training, one after the other, each on inputs that those before it give. */
import { tapRows } from '../float/capture.ts';
import { prefill } from '../float/forward.ts';
import { createSession, resetState } from '../float/session.ts';
import { createSimdKernels } from '../float/simd.ts';
import type { Model } from '../model.ts';
import type { DenseProjection, Projection } from '../projection.ts';
import type { Matrix } from './grids.ts';
import { addInputs, emptyStatistics, inverseFactor } from './hessian.ts';

/** A method: new weights [rows, cols] of a matrix, and their steps where they have some; `factor` gives `inverseFactor` of its inputs. */
export type Method = (matrix: Matrix, factor: () => Float64Array) => Pick<DenseProjection, 'weights' | 'steps'>;

/** Replaces in_proj and out_proj of every layer; everything else stays in full precision. Dense models only. */
export function quantizeModel(
  model: Model,
  method: Method,
  calibration: readonly Uint8Array[],
  progress: (done: number, total: number) => void = () => {},
): Model {
  const layers = [...model.layers];
  const changed = { ...model, layers };
  for (let i = 0; i < layers.length; i++) {
    for (const [name, tap] of [
      ['inProj', 'norm_out'],
      ['outProj', 'gated_norm_out'],
    ] as const) {
      const projection = layers[i]![name];
      const factor = () => inverseFactor(inputsOf(changed, i, tap, projection.cols, calibration));
      layers[i] = { ...layers[i]!, [name]: replaced(projection, method, factor) };
      progress(2 * i + (name === 'inProj' ? 1 : 2), 2 * layers.length);
    }
  }
  return changed;
}

function replaced(projection: Projection, method: Method, factor: () => Float64Array): Projection {
  if (projection.kind !== 'dense') throw new Error('the projection is binary already');
  return { ...projection, ...method(projection, factor) };
}

function inputsOf(
  model: Model,
  layer: number,
  name: 'norm_out' | 'gated_norm_out',
  width: number,
  windows: readonly Uint8Array[],
) {
  const statistics = emptyStatistics(width);
  const upTo = { ...model, layers: model.layers.slice(0, layer + 1), config: { ...model.config, nLayer: layer + 1 } };
  const session = createSession(upTo, { kernels: createSimdKernels() });
  for (const window of windows) {
    resetState(session);
    prefill(session, [window], {
      observer: (tap) => {
        if (tap.layer === layer && tap.name === name) addInputs(statistics, tapRows(tap));
      },
    });
  }
  return statistics;
}
