/** `popscan synth`: what a unit takes on a device, mapped by Yosys, and its frequency where nextpnr is found. */
import { type Design, DesignError, printVerilog } from '../../gen/index.ts';
import { defaultNumerics } from '../../golden/fixed/index.ts';
import { loadModel, projectionForm, readConfig, releasedConfigs } from '../../golden/index.ts';
import { type Choices, checkChoice, laneCells, type UnitParameters, unitParameters } from '../../hw/index.ts';
import {
  type CellTotals,
  type Synthesis,
  type SynthesisTarget,
  synthesisTargets,
  synthesize,
  uncounted,
} from '../../sim/index.ts';
import { type Unit, unitNames, verifiedUnits } from '../../verify/units.ts';
import { bundled } from '../bundled.ts';
import type { Command, Figure, Report } from '../command.ts';
import { frequency, type Timing } from '../frequency.ts';
import { type SizeArgs, sizeChoices, sizeOptions, wholeNumber, type ZerosArgs, zerosOption } from '../options.ts';
import { overridden } from '../parameters.ts';
import { showNumber, table } from '../print.ts';
import { CommandProblem } from '../problem.ts';

interface Args extends SizeArgs, ZerosArgs {
  readonly unit: Unit;
  readonly target: SynthesisTarget;
  readonly param: readonly string[] | undefined;
  readonly model: string | undefined;
  readonly config: string | undefined;
  readonly 'model-size': keyof typeof releasedConfigs | undefined;
  readonly seeds: number;
}

export const synthCommand: Command<Args> = {
  command: 'synth',
  describe: 'Count what a unit takes on an FPGA (Yosys), and its frequency on ECP5 and iCE40 (nextpnr)',
  builder: (y) =>
    sizeOptions(zerosOption(y))
      .usage('popscan synth --unit U --target T [--model DIR | --config FILE | --model-size S] [--param NAME=VALUE...]')
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
      .option('model', {
        group: 'Model:',
        type: 'string',
        describe:
          'folder with config.json and the checkpoint that the unit is for; default: the sizes of the nano model',
      })
      .option('config', { group: 'Model:', type: 'string', describe: 'or a config.json alone' })
      .option('model-size', {
        group: 'Model:',
        choices: Object.keys(releasedConfigs) as (keyof typeof releasedConfigs)[],
        describe: 'or a released size',
      })
      .option('seeds', { type: 'number', default: 1, describe: 'runs of nextpnr, of which the median counts' })
      .example('popscan synth --unit matmul --target xcup --lanes 16 --columns 256', '')
      .example('popscan synth --unit mixer --target ecp5 --model models/tiny --mixer-lanes 1', '')
      .example('popscan synth --unit scan --target xcup --param products=logic', 'no DSP blocks'),
  async run(a, progress) {
    wholeNumber('--seeds', a.seeds, 1, 99);
    const parameters = await parametersOf(a);
    const design = designOf(a, parameters);
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
    const timing = await frequency(design, a.target, a.seeds, progress);
    return report(a, parameters, design, parts, whole, timing);
  },
};

async function parametersOf(a: Args): Promise<UnitParameters> {
  const { config, form } = await modelOf(a);
  const cells = laneCells(a.target, a['matmul-engine']);
  const base = unitParameters(config, { ...sizeChoices(a), cells, ...form }, defaultNumerics);
  const units = { ...base, matmul: { ...matmulDefaults, ...base.matmul }, scan: { ...scanDefaults, ...base.scan } };
  const parameters = { ...base, [a.unit]: overridden(a.unit, units[a.unit], a.param ?? []) };
  checkChoice('matmul', 'cells', parameters.matmul.cells ?? 'portable', ['portable', cells]);
  return parameters;
}

/** Parameters that a model leaves out, so that they can be named. */
const matmulDefaults = { load: undefined, storedRows: 0 };
const scanDefaults = { products: 'dsp', memory: 'chip' };

async function modelOf(a: Args) {
  const given = ['model', 'config', 'model-size'].filter((name) => a[name as keyof Args] !== undefined);
  if (given.length > 1) throw severalModels(given);
  if (a.model !== undefined) {
    const model = await loadModel(a.model, { zeros: a.zeros });
    return { config: model.config, form: projectionForm(model, defaultNumerics.denseBits) };
  }
  const size = a['model-size'];
  const config =
    size === undefined ? await readConfig(a.config ?? bundled('models/nano/config.json')) : releasedConfigs[size];
  const form: Partial<Choices> = {};
  return { config, form };
}

const severalModels = (given: readonly string[]): CommandProblem =>
  new CommandProblem({
    id: 'usage-conflict',
    what: 'the sizes of a unit come from one place',
    where: 'popscan synth',
    expected: '--model DIR, --config FILE or --model-size S',
    found: given.map((name) => `--${name}`).join(' and '),
    remedy: 'give one of them, or none for the sizes of the nano model',
  });

/** A design that does not come about with parameters of the user's is the user's to mend. */
function designOf({ unit, param = [] }: Args, parameters: UnitParameters): Design {
  try {
    return verifiedUnits[unit].design(parameters);
  } catch (error) {
    if (!(error instanceof DesignError) || param.length === 0) throw error;
    throw new CommandProblem({
      id: 'unit-parameter',
      what: `${unit} cannot be built with these parameters`,
      where: param.map((text) => `--param ${text}`).join(' '),
      expected: 'values that fit each other and the rest',
      found: error.message,
      remedy: 'leave some of them out: without any, the parameters are those of the model',
    });
  }
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
    ...countsOn(a.target).map((c) => figure(c.name, whole[c.name], c.unit)),
    ...(a.unit === 'matmul'
      ? [figure('lut_per_mac', whole.lut / (lanes * columns * tokens), 'LUT per MAC and cycle')]
      : []),
    ...(fmax === undefined ? [] : [figure('fmax_mhz', fmax, 'MHz')]),
  ];
  const text = [`${design.module.name} on ${a.target}`, moduleTable(a.target, parts, whole), others(whole)]
    .filter((part) => part !== '')
    .join('\n\n');
  const { modules } = parts;
  const yosys = { version: whole.version, how: 'wasm' };
  return { figures, checks: [], skipped, tools: { yosys, ...tools }, modules, text };
}

interface Count {
  readonly name: keyof CellTotals;
  readonly head: string;
  readonly unit: string;
}

/** What there is to be counted on a device. */
const countsOn = (target: SynthesisTarget): Count[] => [
  { name: 'lut', head: 'LUT', unit: target === 'ecp5' ? 'LUT4, two for each CCU2C' : 'LUT' },
  { name: 'ff', head: 'FF', unit: 'flip-flops' },
  { name: 'carry', head: 'carry', unit: 'carry cells' },
  { name: 'bram', head: 'BRAM', unit: 'block RAMs' },
  { name: 'dsp', head: 'DSP', unit: 'DSP blocks' },
  ...(target === 'xcup' ? [{ name: 'uram', head: 'URAM', unit: 'UltraRAMs' } as const] : []),
];

/** Every module alone, as often as it stands in the design; their sum; and the whole, which Yosys maps across their bounds. */
function moduleTable(target: SynthesisTarget, parts: Synthesis, whole: Synthesis): string {
  const counts = countsOn(target);
  const row = (name: string, times: string, of: CellTotals): string[] => [
    ...[name, times],
    ...counts.map((c) => showNumber(of[c.name])),
  ];
  const head = ['module, without those below it', 'times', ...counts.map((c) => c.head)];
  const rows = [
    ...parts.modules.map((m) => row(m.name, showNumber(m.instances), m)),
    row('sum of the modules', '', parts),
    row('the whole, hierarchy dissolved', '', whole),
  ];
  return table(head, rows, [...head.keys()].slice(1));
}

/** Cells that are in no column. */
function others(whole: Synthesis): string {
  const cells = uncounted(whole).map(([cell, n]) => `${showNumber(n)} ${cell}`);
  return cells.length === 0 ? '' : `Not among these in the whole: ${cells.join(', ')}.`;
}
