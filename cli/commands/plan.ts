/** `popscan plan`: the matmul array for a model, a memory and a device, from the configuration alone. */
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { inProjRows, type ModelConfig, readConfig, releasedConfigs } from '../../golden/index.ts';
import {
  type CostTarget,
  type DeviceName,
  devices,
  type Engine,
  HardwareProblem,
  type Plan,
  planMatmul,
  planScan,
  type ScanPlan,
} from '../../hw/index.ts';
import type { Command, Figure, Report, Skipped } from '../command.ts';
import { wholeNumber } from '../options.ts';
import { CommandProblem } from '../problem.ts';

interface Args {
  readonly config: string | undefined;
  readonly 'model-size': keyof typeof releasedConfigs | undefined;
  readonly device: DeviceName;
  readonly bandwidth: number;
  readonly clock: number;
  readonly vectors: number;
  readonly 'matmul-engine': Engine | 'any';
}

export const planCommand: Command<Args> = {
  command: 'plan',
  describe: 'Choose the matmul array and the scan for a model, a memory and a device',
  builder: (y) =>
    y
      .usage('popscan plan --model-size S | --config FILE [--device D] [--bandwidth GB/s] [--clock MHz]')
      .option('model-size', {
        group: 'Model:',
        choices: Object.keys(releasedConfigs) as (keyof typeof releasedConfigs)[],
        describe: 'a released size',
      })
      .option('config', { group: 'Model:', type: 'string', describe: 'or a config.json' })
      .option('device', {
        group: 'Hardware:',
        choices: Object.keys(devices) as DeviceName[],
        default: 'xcu280' as const,
        describe: 'the FPGA, of which the array may take 70 %',
      })
      .option('bandwidth', { group: 'Hardware:', type: 'number', default: 460, describe: 'of the weight memory, GB/s' })
      .option('clock', { group: 'Hardware:', type: 'number', default: 300, describe: 'MHz' })
      .option('vectors', {
        group: 'Hardware:',
        type: 'number',
        default: 1,
        describe: 'tokens that come together: 1 for writing text, more for reading a prompt',
      })
      .option('matmul-engine', {
        group: 'Hardware:',
        choices: ['any', 'popcount', 'table'] as const,
        default: 'any' as const,
        describe: 'count ones of bit planes, look sums up, or what costs less',
      })
      .example('popscan plan --model-size 2.7B', '')
      .example('popscan plan --config models/tiny/config.json --device xc7a100t --bandwidth 4', ''),
  run: async (a) => {
    if ((a.config === undefined) === (a['model-size'] === undefined)) throw oneSource(a.config !== undefined);
    wholeNumber('--vectors', a.vectors, 1, 4096);
    positive('--bandwidth', a.bandwidth);
    positive('--clock', a.clock);
    const config = a.config === undefined ? releasedConfigs[a['model-size']!] : await readConfig(a.config);
    const bitsPerCycle = (a.bandwidth * 8000) / a.clock;
    const plan = planMatmul({
      matrices: projections(config),
      bitsPerCycle,
      device: devices[a.device],
      vectors: a.vectors,
      engine: a['matmul-engine'] === 'any' ? undefined : a['matmul-engine'],
      maxShift: 0,
      segment: config.headDim,
      numerics: defaultNumerics.matmul,
    });
    const { family } = devices[a.device];
    return report(plan, scanBehind(config, bitsPerCycle, family), config, bitsPerCycle, family);
  },
};

/** The binary matrices of a layer in the order of a token. */
export const projections = (config: ModelConfig) => [
  { name: 'in_proj', rows: inProjRows(config), cols: config.dModel, planes: 1 },
  { name: 'out_proj', rows: config.dModel, cols: config.dInner, planes: 1 },
];

/** The fewest lanes of the scan that hide behind the weights, or why there are none. */
function scanBehind(config: ModelConfig, bitsPerCycle: number, family: CostTarget): ScanPlan | HardwareProblem {
  try {
    return planScan(config, bitsPerCycle, { numerics: defaultNumerics.scan, state: defaultNumerics.state }, family);
  } catch (error) {
    if (error instanceof HardwareProblem) return error;
    throw error;
  }
}

const projected = (name: string, value: number, unit: string): Figure => ({ name, value, unit, kind: 'projected' });

function scanReport(
  scan: ScanPlan | HardwareProblem,
  family: CostTarget,
): { figures: Figure[]; skipped: Skipped[]; text: string[] } {
  if (scan instanceof HardwareProblem)
    return { figures: [], skipped: [{ name: 'scan', why: scan.message, get: 'less bandwidth' }], text: [] };
  const { parameters: p, resources, buffers, state, cycles, busy } = scan;
  const { bram: _, ...cells } = resources ?? { bram: 0 };
  const unknown = {
    name: `cells of the scan on ${family}`,
    why: 'its cost model has not been fitted',
    get: 'another --device',
  };
  const figures = [
    projected('scan.lanes', p.lanes, 'elements of a row per cycle (L)'),
    projected('scan.rows', p.rows, 'rows at once (Q)'),
    ...Object.entries(cells).map(([name, value]) => projected(`scan.${name}`, value, `${name}, ${family}`)),
    projected('scan.buffers.bram', buffers.bram36, '36 Kbit, beside the state'),
    projected('scan.state.bram', state.bram36, '36 Kbit, if the state of a sequence is on chip'),
    projected('scan.busy', busy, 'share of lanes'),
    projected('scan.cycles', cycles, 'cycles'),
  ];
  const skipped = resources === undefined ? [unknown] : [];
  return { figures, skipped, text: [`scan, L x Q = ${p.lanes} x ${p.rows}: hidden behind the weights`] };
}

function report(
  plan: Plan,
  scan: ScanPlan | HardwareProblem,
  config: ModelConfig,
  bitsPerCycle: number,
  family: CostTarget,
): Report {
  const { parameters: p, resources, alone, together } = plan;
  const behind = scanReport(scan, family);
  const runs = [...alone, { name: 'layer', ...together }];
  const { engine, lanes, columns, load, drain, tokens } = p;
  return {
    figures: [
      projected('lanes', lanes, 'rows at once (R)'),
      projected('columns', columns, 'columns per cycle (K)'),
      projected('planes', p.activationPlanes ?? p.numerics.activationBits, 'bit planes of activations at once (A)'),
      projected('tokens', tokens, 'vectors at once (T)'),
      ...Object.entries(resources).map(([name, value]) => projected(name, value, name === 'bram' ? '36 Kbit' : name)),
      projected('memory_bits', bitsPerCycle, 'bits per cycle'),
      ...runs.flatMap((r) => [
        projected(`${r.name}.cycles`, r.cycles, 'cycles'),
        projected(`${r.name}.utilisation`, r.utilisation, 'useful of all multiply-accumulates'),
      ]),
      projected('layer.memory_cycles', plan.memoryCycles, 'cycles for its weights'),
      projected('model.cycles', config.nLayer * Math.max(together.cycles, plan.memoryCycles), 'cycles'),
      ...behind.figures,
    ],
    checks: [],
    skipped: behind.skipped,
    tools: {},
    text: [
      `${engine} engine, R x K = ${lanes} x ${columns}, ${load} activations loaded and ${drain} results given per cycle`,
      ...behind.text,
    ].join('\n'),
  };
}

function positive(option: string, value: number): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new CommandProblem({
    id: 'option-range',
    what: `${option} is out of range`,
    where: `${option} ${value}`,
    expected: 'a number above 0',
    found: `${value}`,
    remedy: `give ${option} such a number, or leave it out for its default`,
  });
}

const oneSource = (both: boolean): CommandProblem =>
  new CommandProblem({
    id: 'usage-required',
    what: both
      ? 'plan takes either a released size or a configuration'
      : 'plan needs a released size or a configuration',
    where: 'popscan plan',
    expected: '--model-size SIZE or --config FILE',
    found: both ? 'both' : 'neither',
    remedy: 'give one of the two',
  });
