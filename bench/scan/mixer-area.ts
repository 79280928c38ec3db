/** What the units between the projections take on UltraScale+, one lane each. */
import type { Figure, Progress, Report } from '../../cli/command.ts';
import { type Design, printVerilog } from '../../gen/index.ts';
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { convLane } from '../../hw/conv/lane.ts';
import { normUnit, residualUnit } from '../../hw/index.ts';
import { frontUnit } from '../../hw/mixer/front.ts';
import { gateUnit } from '../../hw/mixer/gate.ts';
import { stepSizeUnit } from '../../hw/mixer/step-size.ts';
import { synthesize } from '../../sim/index.ts';
import { reportOf } from '../bench.ts';
import { parameters } from './area.ts';

const numerics = defaultNumerics;
const { maxHeads, maxHeadDim, maxState, maxGroups } = parameters(16, 1);
const resultBits = 29;

/** Units of 2.7B's sizes at P = 1. */
const designs: Readonly<Record<string, () => Design>> = {
  conv_lane: () => convLane({ lanes: 1, taps: 4, maxWords: 1, stateWords: 1, numerics }).design as Design,
  front: () => frontUnit({ lanes: 1, resultBits, maxHeads, maxHeadDim, maxState, maxGroups, numerics }) as Design,
  step_size: () => stepSizeUnit({ scan: parameters(16, 1), numerics }) as Design,
  gate: () => gateUnit({ lanes: 1, numerics }) as Design,
  norm: () => {
    const sizes = { maxTileWords: maxHeadDim, maxTiles: maxHeads, maxGroups, maxColumns: maxHeads * maxHeadDim };
    return normUnit({ lanes: 1, inputBits: numerics.mixer.gatedBits, ...sizes, maxShift: 16, numerics }) as Design;
  },
  residual: () =>
    residualUnit({ lanes: 1, maxRows: 2560, maxGroups, resultBits, residualBits: numerics.residualBits }) as Design,
};

/** Figures alone: there is no published unit of the same numbers to compare with. */
export async function mixerArea(progress: Progress): Promise<Report> {
  const figures: Figure[] = [];
  for (const [name, design] of Object.entries(designs)) {
    progress(`yosys: ${name}`);
    const { lut, ff, dsp, bram } = await synthesize(printVerilog(design()), { target: 'xcup' });
    for (const [what, value] of Object.entries({ lut, ff, dsp, bram }))
      figures.push({ name: `mixer_area.${name}.${what}`, value, unit: 'xcup, P = 1', kind: 'measured' });
  }
  return reportOf(figures, []);
}
