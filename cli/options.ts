/** Options that several commands share, and the checks of their values. */
import { accessSync, constants, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Argv } from 'yargs';
import { defaultNumerics } from '../golden/fixed/index.ts';
import type { ModelConfig, ZeroChoice } from '../golden/index.ts';
import { type Choices, defaultChoices, type Engine, HardwareProblem, unitParameters } from '../hw/index.ts';
import { CommandProblem } from './problem.ts';

export interface ZerosArgs {
  readonly zeros: ZeroChoice;
}

export const zerosOption = <T>(y: Argv<T>) =>
  y.option('zeros', {
    group: 'Model:',
    choices: ['refuse', 'plus', 'minus'] as const,
    default: 'refuse' as const,
    describe: 'latent weights that are exactly zero: refuse the model, or take them for +1 or -1',
  });

export interface ModelArgs extends ZerosArgs {
  readonly model: string;
}

export const modelOptions = <T>(y: Argv<T>) =>
  zerosOption(
    y.option('model', {
      group: 'Model:',
      type: 'string',
      demandOption: true,
      describe: 'folder with config.json and the checkpoint',
    }),
  );

export interface SizeArgs {
  readonly lanes: number;
  readonly columns: number;
  readonly 'matmul-engine': Engine;
  readonly 'activation-planes': number;
  readonly 'scan-lanes': number;
  readonly 'scan-rows': number;
  readonly 'mixer-lanes': number;
}

export const sizeOptions = <T>(y: Argv<T>) =>
  y
    .option('lanes', {
      group: 'Hardware:',
      type: 'number',
      default: defaultChoices.lanes,
      describe: 'R: matrix rows that the matmul array computes at once',
    })
    .option('columns', {
      group: 'Hardware:',
      type: 'number',
      default: defaultChoices.columns,
      describe: 'K: matrix columns that it takes per cycle',
    })
    .option('matmul-engine', {
      group: 'Hardware:',
      choices: ['popcount', 'table'] as const,
      default: defaultChoices.engine,
      describe: 'how it multiplies: ones of bit planes counted, or sums of four activations looked up',
    })
    .option('activation-planes', {
      group: 'Hardware:',
      type: 'number',
      default: defaultNumerics.matmul.activationBits,
      describe: 'bit planes of activations that are counted at once; fewer than all take several cycles',
    })
    .option('scan-lanes', {
      group: 'Hardware:',
      type: 'number',
      default: defaultChoices.scanLanes,
      describe: 'L: state elements of a row that the scan updates per cycle, a power of two',
    })
    .option('scan-rows', {
      group: 'Hardware:',
      type: 'number',
      default: defaultChoices.scanRows,
      describe: 'Q: rows of state that it updates at once; L Q up to 1024',
    })
    .option('mixer-lanes', {
      group: 'Hardware:',
      type: 'number',
      default: defaultChoices.mixerLanes,
      describe: 'P: channels per cycle of convolution, gate, norm and quantizer',
    });

/** A model whose sizes leave only the choices to be out of range. */
const smallest: ModelConfig = {
  dModel: 1,
  nLayer: 1,
  vocabSize: 1,
  paddedVocabSize: 1,
  dInner: 4096,
  nHeads: 1,
  headDim: 4096,
  dState: 1,
  nGroups: 1,
  dConv: 4,
  convBias: false,
  normEps: 1,
  tieEmbeddings: true,
  notHonoured: [],
};

const optionOf: Readonly<Record<string, string>> = {
  'matmul.lanes': '--lanes',
  'matmul.columns': '--columns',
  'matmul.activationPlanes': '--activation-planes',
  'scan.lanes': '--scan-lanes',
  'scan.rows': '--scan-rows',
  'mixer.lanes': '--mixer-lanes',
};

/** The sizes that the user chose; a problem that names the option where hardware cannot be built with one. */
export function sizeChoices(a: SizeArgs): Choices {
  const choices = {
    lanes: a.lanes,
    columns: a.columns,
    engine: a['matmul-engine'],
    activationPlanes: a['activation-planes'],
    scanLanes: a['scan-lanes'],
    scanRows: a['scan-rows'],
    mixerLanes: a['mixer-lanes'],
  };
  try {
    unitParameters(smallest, choices, defaultNumerics);
  } catch (error) {
    const option = error instanceof HardwareProblem ? optionOf[error.where] : undefined;
    if (option === undefined) throw error;
    const { expected, found, nearest } = error as HardwareProblem;
    throw outOfRange(option, expected, found, nearest);
  }
  return choices;
}

/** `value` as a whole number from `low` to `high`; a problem that names the option where it is not one. */
export function wholeNumber(option: string, value: number, low: number, high = Number.MAX_SAFE_INTEGER): number {
  if (Number.isSafeInteger(value) && value >= low && value <= high) return value;
  const range = high === Number.MAX_SAFE_INTEGER ? `from ${low} on` : `from ${low} to ${high}`;
  throw outOfRange(option, `a whole number ${range}`, `${value}`);
}

const outOfRange = (option: string, expected: string, found: string, nearest = 'such a number'): CommandProblem =>
  new CommandProblem({
    id: 'option-range',
    what: `${option} is out of range`,
    where: `${option} ${found}`,
    expected,
    found,
    remedy: `give ${option} ${nearest}, or leave it out for its default`,
  });

/** Refuses, before any work is done, a file that could not be written after it. */
export function writableFile(option: string, path: string): string {
  const found = obstacle(resolve(path));
  if (found === undefined) return path;
  throw new CommandProblem({
    id: 'output-file',
    what: `the file of ${option} cannot be written`,
    where: path,
    expected: 'a file in a directory that you may write to',
    found,
    remedy: `name another file with ${option}`,
  });
}

/** Refuses, before any work is done, what is not a file that can be read. */
export function readableFile(option: string, path: string): string {
  let found = 'a directory';
  try {
    accessSync(path, constants.R_OK);
    if (!isDirectory(path)) return path;
  } catch (error) {
    found = (error as NodeJS.ErrnoException).code ?? String(error);
  }
  throw new CommandProblem({
    id: 'input-file',
    what: option.startsWith('-') ? `the file of ${option} cannot be read` : 'the file cannot be read',
    where: path,
    expected: 'a file that you may read',
    found,
    remedy: option.startsWith('-') ? `name another file with ${option}` : 'name another file',
  });
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** What stands in the way of writing `path`, if anything does. */
function obstacle(path: string): string | undefined {
  if (isDirectory(path)) return 'a directory of this name';
  for (let at = dirname(path); ; at = dirname(at)) {
    try {
      if (!statSync(at).isDirectory()) return `${at} is a file`;
      accessSync(at, constants.W_OK);
      return undefined;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const absent = code === 'ENOENT' || code === 'ENOTDIR';
      if (!absent || dirname(at) === at) return `${code} at ${at}`;
    }
  }
}
