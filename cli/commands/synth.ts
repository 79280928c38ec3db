/** `popscan synth`: what a unit takes on a device, mapped by Yosys, and its frequency where nextpnr is found. */
import { type Design, printVerilog } from '../../gen/index.ts';
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { type ModelConfig, readConfig, releasedConfigs } from '../../golden/index.ts';
import { defaultChoices, targetCells, type UnitParameters, unitParameters } from '../../hw/index.ts';
import {
  findNextpnr,
  placeAndRoute,
  placers,
  type Synthesis,
  type SynthesisTarget,
  synthesisTargets,
  synthesize,
} from '../../sim/index.ts';
import { type Unit, unitNames, verifiedUnits } from '../../verify/units.ts';
import { bundled } from '../bundled.ts';
import type { Command, Figure, Progress, Report, Skipped } from '../command.ts';
import { wholeNumber } from '../options.ts';
import { overridden } from '../parameters.ts';
import { showNumber, table } from '../print.ts';

interface Args {
  readonly unit: Unit;
  readonly target: SynthesisTarget;
  readonly param: readonly string[] | undefined;
  readonly config: string | undefined;
  readonly 'model-size': keyof typeof releasedConfigs | undefined;
  readonly seeds: number;
}

export const synthCommand: Command<Args> = {
  command: 'synth',
  describe: 'Count what a unit takes on an FPGA (Yosys), and its frequency on ECP5 and iCE40 (nextpnr)',
  builder: (y) =>
    y
      .usage('popscan synth --unit U --target T [--param NAME=VALUE...] [--seeds N]')
      .option('unit', { choices: unitNames, demandOption: true, describe: 'what to map' })
      .option('target', {
        choices: synthesisTargets,
        demandOption: true,
        describe: 'UltraScale+, 7-series, ECP5, iCE40',
      })
      .option('param', {
        type: 'string',
        array: true,
        describe: "NAME=VALUE: one of the unit's parameters; those of numbers within are NAME.NAME=VALUE",
      })
      .option('model-size', {
        group: 'Model:',
        choices: Object.keys(releasedConfigs) as (keyof typeof releasedConfigs)[],
        describe: 'a released size, for the parameters that are not given; default: the nano model',
      })
      .option('config', { group: 'Model:', type: 'string', describe: 'or a config.json' })
      .option('seeds', { type: 'number', default: 1, describe: 'runs of nextpnr, of which the median counts' })
      .example('popscan synth --unit matmul --target xcup --param lanes=16 --param columns=256', '')
      .example('popscan synth --unit scan --target ecp5 --param lanes=16', ''),
  async run(a, progress) {
    wholeNumber('--seeds', a.seeds, 1, 99);
    const parameters = await parametersOf(a);
    const design = verifiedUnits[a.unit].design(parameters);
    const verilog = printVerilog(design);
    const map = (keepHierarchy: boolean): Promise<Synthesis> => {
      const stage = keepHierarchy ? 'module by module' : 'the whole';
      return synthesize(verilog, {
        ...{ target: a.target, keepHierarchy, seconds: 7200 },
        progress: (line) => progress(`${stage}: ${line}`),
      });
    };
    const parts = await map(true);
    const whole = await map(false);
    const timing = await frequency(whole, a, progress);
    return report(a, parameters, design, parts, whole, timing);
  },
};

async function parametersOf(a: Args): Promise<UnitParameters> {
  const config: ModelConfig =
    a['model-size'] !== undefined
      ? releasedConfigs[a['model-size']]
      : await readConfig(a.config ?? bundled('models/nano/config.json'));
  const base = unitParameters(config, defaultChoices, defaultNumerics);
  const given =
    a.unit === 'matmul' ? { ...matmulDefaults, ...base.matmul, cells: targetCells[a.target] } : base[a.unit];
  return { ...base, [a.unit]: overridden(a.unit, given, a.param ?? []) };
}

/** Parameters that a model leaves out, so that they can be named. */
const matmulDefaults = { load: undefined, storedRows: 0, engine: 'popcount' };

interface Timing {
  readonly fmax: number | undefined;
  readonly skipped: readonly Skipped[];
  readonly tools: Report['tools'];
}

/** The median over the seeds, in MHz. */
async function frequency({ netlist }: Synthesis, a: Args, progress: Progress): Promise<Timing> {
  if (a.target === 'xcup' || a.target === 'xc7') return { fmax: undefined, skipped: [], tools: {} };
  const name = `Fmax on ${a.target}`;
  const nextpnr = await findNextpnr(a.target);
  if (nextpnr === undefined) {
    const { install, variable } = placers[a.target];
    const get = `${install}, or name the program in ${variable}`;
    return { fmax: undefined, skipped: [{ name, why: `nextpnr-${a.target} was not found`, get }], tools: {} };
  }
  const found: number[] = [];
  for (let seed = 1; seed <= a.seeds; seed++) {
    progress(`nextpnr: seed ${seed} of ${a.seeds}`);
    found.push((await placeAndRoute(nextpnr, netlist, seed)).fmax);
  }
  const fmax = found.sort((x, y) => x - y)[Math.floor(found.length / 2)]!;
  return { fmax, skipped: [], tools: { nextpnr: { version: nextpnr.version, how: 'native' } } };
}

function report(
  a: Args,
  parameters: UnitParameters,
  design: Design,
  parts: Synthesis,
  whole: Synthesis,
  { fmax, skipped, tools }: Timing,
): Report {
  const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit, kind: 'measured' });
  const { lanes, columns, tokens } = parameters.matmul;
  const figures = [
    figure('lut', whole.lut, a.target === 'ecp5' ? 'LUT4, two for each CCU2C' : 'LUT'),
    figure('ff', whole.ff, 'flip-flops'),
    figure('carry', whole.carry, 'carry cells'),
    figure('bram', whole.bram, 'block RAMs'),
    figure('dsp', whole.dsp, 'DSP blocks'),
    ...(a.unit === 'matmul'
      ? [figure('lut_per_mac', whole.lut / (lanes * columns * tokens), 'LUT per MAC and cycle')]
      : []),
    ...(fmax === undefined ? [] : [figure('fmax_mhz', fmax, 'MHz')]),
  ];
  const rows = parts.modules.map((m) => [m.name, ...[m.lut, m.ff, m.carry].map(showNumber)]);
  const text = [
    `${design.module.name} on ${a.target}`,
    table(['module, without those below it', 'LUT', 'FF', 'carry cells'], rows, [1, 2, 3]),
  ].join('\n\n');
  return { figures, checks: [], skipped, tools: { yosys: { version: whole.version, how: 'wasm' }, ...tools }, text };
}
