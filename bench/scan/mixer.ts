/** The mixer of the released models beside a matmul array that takes all that 460 GB/s bring at 300 MHz. */
import type { Check, Figure, Progress, Report } from '../../cli/command.ts';
import { defaultNumerics, type ScanShape } from '../../golden/fixed/index.ts';
import type { ModelConfig } from '../../golden/index.ts';
import { layerTiming, type MixerPlan, mixerSchedule, planMixer, resultPace } from '../../hw/index.ts';
import { runMixer } from '../../verify/mixer-run.ts';
import { reportOf } from '../bench.ts';

/** R x K = 12 288 weight bits a cycle. */
const array = { lanes: 24, columns: 512 };

const releasedModel = (dModel: number, nLayer: number): ModelConfig => ({
  ...{ dModel, nLayer, vocabSize: 32000, paddedVocabSize: 32000, dInner: 2 * dModel, nHeads: dModel / 32, headDim: 64 },
  ...{ dState: 128, nGroups: 1, dConv: 4, convBias: true, normEps: 1e-5, tieEmbeddings: true, notHonoured: [] },
});
const models = {
  '780M': ['m780', releasedModel(1536, 48)],
  '1.3B': ['m1300', releasedModel(2048, 48)],
  '2.7B': ['m2700', releasedModel(2560, 64)],
} as const;

const shapeOf = ({ nHeads: heads, headDim, dState, nGroups: groups }: ModelConfig): ScanShape => ({
  ...{ heads, headDim, dState, groups },
});

interface Rows {
  readonly figures: readonly Figure[];
  readonly checks: readonly Check[];
}

/** One row per model: cycles of a layer and token with the mixer between the projections, over those of the weights alone. */
export function mixerRows(progress: Progress): Report {
  const rows = Object.entries(models).map(([name, [id, config]]) => {
    progress(`mixer of ${name}: planning`);
    const plan = planMixer(config, array, defaultNumerics);
    const { lanes, rows: q } = plan.parameters.scan;
    progress(`mixer of ${name}: simulating P ${plan.parameters.lanes}, L ${lanes}, Q ${q}`);
    return row(name, id, config, plan);
  });
  return reportOf(
    rows.flatMap((r) => r.figures),
    rows.flatMap((r) => r.checks),
  );
}

function row(name: string, id: string, config: ModelConfig, { parameters: p }: MixerPlan): Rows {
  const shape = shapeOf(config);
  const pace = resultPace(array, config.dModel, p.lanes);
  const { act } = runMixer(shape, p, pace, () => 0);
  const planned = mixerSchedule(shape, p, pace).act;
  const { cycles, weights } = layerTiming(config, shape, p, array, act);
  const ratio = cycles / weights;
  const differs = act.findIndex((at, i) => at !== planned[i]);
  const figure = (what: string, value: number, unit: string): Figure => ({
    ...{ name: `mixer.${id}.${what}`, value, unit, kind: 'simulated' },
  });
  const sizes = `P ${p.lanes}, L ${p.scan.lanes}, Q ${p.scan.rows}, array ${array.lanes} x ${array.columns}`;
  return {
    figures: [
      figure('cycles', cycles, 'clock cycles per layer and token'),
      figure('weight_cycles', weights, 'clock cycles per layer and token'),
      figure('scan_lanes', p.scan.lanes * p.scan.rows, 'lanes'),
    ],
    checks: [
      {
        name: `mixer of ${name}: hidden behind the weights`,
        ok: ratio <= 1,
        detail: `${cycles} cycles per layer over ${weights} of the weights alone = ${ratio.toFixed(4)}, bound 1; ${sizes}`,
      },
      {
        name: `mixer of ${name}: columns leave in the planned cycles`,
        ok: differs < 0 && act.length === planned.length,
        detail:
          differs < 0
            ? `${act.length} beats, the last in cycle ${act.at(-1)}`
            : `beat ${differs} in cycle ${act[differs]}, planned ${planned[differs]}`,
      },
    ],
  };
}
