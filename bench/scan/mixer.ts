/** The mixer of the released models beside a matmul array that takes all that 460 GB/s bring at 300 MHz. */
import type { Check, Figure, Progress, Report } from '../../cli/command.ts';
import { defaultNumerics, type ScanShape } from '../../golden/fixed/index.ts';
import type { ModelConfig } from '../../golden/index.ts';
import {
  layerTiming,
  type MixerParameters,
  type MixerPlan,
  type MixerSchedule,
  mixerBeats,
  mixerSchedule,
  planMixer,
  resultPace,
} from '../../hw/index.ts';
import { runMixer } from '../../verify/mixer-run.ts';
import { reportOf } from '../bench.ts';
import { timeline, type Work } from './timeline.ts';

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
  readonly text: string;
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
    rows.map((r) => r.text).join('\n'),
  );
}

function row(name: string, id: string, config: ModelConfig, { parameters: p }: MixerPlan): Rows {
  const shape = shapeOf(config);
  const pace = resultPace(array, config.dModel, p.lanes);
  const { act } = runMixer(shape, p, pace, () => 0);
  const schedule = mixerSchedule(shape, p, pace);
  const planned = schedule.act;
  const { cycles, weights } = layerTiming(config, shape, p, array, act);
  const ratio = cycles / weights;
  const differs = act.findIndex((at, i) => at !== planned[i]);
  const figure = (what: string, value: number, unit: string): Figure => ({
    ...{ name: `mixer.${id}.${what}`, value, unit, kind: 'simulated' },
  });
  const sizes = `P ${p.lanes}, L ${p.scan.lanes}, Q ${p.scan.rows}, array ${array.lanes} x ${array.columns}`;
  return {
    text: `${name}, one layer and token\n${timeline(worksOf(config, p, pace, schedule, act, cycles), cycles, 72)}\n`,
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

/** What is drawn of a layer: weights and results of the array, the scan as planned, and what out_proj was given. */
function worksOf(
  config: ModelConfig,
  p: MixerParameters,
  pace: (beat: number) => number,
  { scan }: MixerSchedule,
  act: readonly number[],
  cycles: number,
): Work[] {
  const order = mixerBeats(shapeOf(config), p.lanes);
  const results = (...segments: readonly string[]): number[] =>
    order.flatMap(({ segment }, i) => (segments.includes(segment) ? [pace(i)] : []));
  const every = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);
  const inProj = Math.ceil((order.length * p.lanes) / array.lanes) * Math.ceil(config.dModel / array.columns);
  const tiles = Math.ceil(config.dState / p.scan.lanes);
  return [
    { name: 'weights of in_proj', cycles: every(0, inProj) },
    { name: 'results B, C, dt', cycles: results('b', 'c', 'dt') },
    { name: 'results x', cycles: results('x') },
    { name: 'results z', cycles: results('z') },
    { name: 'scan', cycles: scan.flatMap((at) => every(at, at + tiles)) },
    { name: "columns of out_proj's input", cycles: act },
    { name: 'weights of out_proj', cycles: every(inProj, cycles) },
  ];
}
