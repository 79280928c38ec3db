/** The schedule of the mixer against the simulation, to the cycle. */
import { describe, expect, it } from 'vitest';
import { defaultNumerics, type ScanShape } from '../golden/fixed/index.ts';
import { mixerParameters, mixerSchedule } from '../hw/index.ts';
import { runMixer } from '../verify/mixer-run.ts';

/** heads, head_dim, d_state, groups; P, L, Q, C; cycles between results. */
const cases = [
  [8, 16, 16, 1, 4, 8, 2, 4, 1],
  [8, 16, 16, 1, 4, 8, 2, 4, 5],
  [4, 32, 64, 2, 8, 64, 4, 8, 2],
  [4, 32, 64, 2, 8, 64, 5, 32, 1],
  [6, 5, 7, 2, 4, 8, 2, 6, 3],
  [12, 8, 8, 3, 8, 4, 3, 16, 1],
  [2, 64, 128, 1, 8, 16, 13, 8, 2],
  [8, 16, 32, 1, 8, 32, 2, 8, 2],
] as const;

describe('schedule of a mixer', () => {
  it.each(cases)(
    '%i heads, %i rows, d_state %i, %i groups; P %i, L %i, Q %i, C %i, a beat in %i cycles: columns leave in the planned cycles',
    (heads, headDim, dState, groups, lanes, scanLanes, scanRows, columns, gap) => {
      const shape: ScanShape = { heads, headDim, dState, groups };
      const config = { nHeads: heads, headDim, dState, nGroups: groups, nLayer: 1, dConv: 4 };
      const array = { columns, segment: columns % headDim === 0 ? headDim : 1, resultBits: 29 };
      const p = mixerParameters(config, { lanes, scanLanes, scanRows }, array, defaultNumerics);
      const product = (beat: number): number => 8 + gap * beat;
      const { act } = mixerSchedule(shape, p, product);
      expect(runMixer(shape, p, product, () => 0).act).toEqual(act);
    },
  );
});
