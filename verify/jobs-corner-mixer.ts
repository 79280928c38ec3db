/** Models whose formats are too narrow for them: what must be clamped is, and is counted. */
import { type Calibration, fixModel, type Model, type Numerics } from '../golden/index.ts';
import { runFixed } from './fixed-run.ts';
import { type MixerWork, mixerWork } from './golden-mixer.ts';

/** A calibration that has seen only 1 / factor of every range. */
export const squeezed = ({ residual, layers }: Calibration, factor: number): Calibration => ({
  residual,
  layers: layers.map((ranges) =>
    Object.fromEntries(
      Object.entries(ranges).map(([name, range]) => [
        name,
        typeof range === 'number' ? range / factor : (range as readonly number[]).map((r) => r / factor),
      ]),
    ),
  ) as unknown as Calibration['layers'],
});

/** How much of a range the formats of the corner cases hold. */
const factor = 8;

/** The mixers of a model in formats that hold an eighth of what they have to. */
export function squeezedWork(
  model: Model,
  calibration: Calibration,
  numerics: Numerics,
  tokens: ArrayLike<number>,
): MixerWork {
  const fixed = fixModel(model, squeezed(calibration, factor), numerics);
  return mixerWork(fixed, runFixed(fixed, tokens), () => 'mixers in formats too narrow');
}
