/** `popscan plan`: the matmul array for a model, a memory and a device, from the configuration alone. */
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { inProjRows, type ModelConfig, readConfig, releasedConfigs } from '../../golden/index.ts';
import { type DeviceName, devices, type Engine, type Plan, planMatmul } from '../../hw/index.ts';
import type { Command, Figure, Report } from '../command.ts';
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
  describe: 'Choose the matmul array for a model, a memory and a device',
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
    return report(plan, config, bitsPerCycle);
  },
};

/** The binary matrices of a layer in the order of a token. */
export const projections = (config: ModelConfig) => [
  { name: 'in_proj', rows: inProjRows(config), cols: config.dModel, planes: 1 },
  { name: 'out_proj', rows: config.dModel, cols: config.dInner, planes: 1 },
];

function report(plan: Plan, config: ModelConfig, bitsPerCycle: number): Report {
  const { parameters: p, resources, alone, together } = plan;
  const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit, kind: 'projected' });
  const runs = [...alone, { name: 'layer', ...together }];
  const { engine, lanes, columns, load, drain, tokens } = p;
  return {
    figures: [
      figure('lanes', lanes, 'rows at once (R)'),
      figure('columns', columns, 'columns per cycle (K)'),
      figure('planes', p.activationPlanes ?? p.numerics.activationBits, 'bit planes of activations at once (A)'),
      figure('tokens', tokens, 'vectors at once (T)'),
      ...Object.entries(resources).map(([name, value]) => figure(name, value, name === 'bram' ? '36 Kbit' : name)),
      figure('memory_bits', bitsPerCycle, 'bits per cycle'),
      ...runs.flatMap((r) => [
        figure(`${r.name}.cycles`, r.cycles, 'cycles'),
        figure(`${r.name}.utilisation`, r.utilisation, 'useful of all multiply-accumulates'),
      ]),
      figure('layer.memory_cycles', plan.memoryCycles, 'cycles for its weights'),
      figure('model.cycles', config.nLayer * Math.max(together.cycles, plan.memoryCycles), 'cycles'),
    ],
    checks: [],
    skipped: [],
    tools: {},
    text: `${engine} engine, R x K = ${lanes} x ${columns}, ${load} activations loaded and ${drain} results given per cycle`,
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
