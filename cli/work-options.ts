/** Units at work on a model's activations, as `verify` and `sim` are asked for it: the model, the sizes, which tokens of which text. */
import type { Argv } from 'yargs';
import { openCheckpoint } from '../golden/read/checkpoint.ts';
import { type Unit, unitNames } from '../verify/units.ts';
import { bundled } from './bundled.ts';
import { listOf } from './list.ts';
import {
  type ModelArgs,
  modelOptions,
  readableFile,
  type SizeArgs,
  sizeChoices,
  sizeOptions,
  wholeNumber,
} from './options.ts';
import { CommandProblem } from './problem.ts';

export interface WorkArgs extends ModelArgs, SizeArgs {
  readonly unit: string | undefined;
  readonly tokens: number;
  readonly text: string;
  readonly offset: number;
  readonly seed: number;
}

/** More tokens and seeds than anyone waits for; bounds keep a typing error from looking like a long run. */
const most = { tokens: 65536, seed: 2 ** 32 - 1 };

/** `usage`: the head of the command's help, by lines. */
export const workOptions = <T>(y: Argv<T>, usage: readonly string[]) =>
  sizeOptions(modelOptions(y.usage(usage.join('\n'))))
    .option('unit', {
      group: 'Work:',
      type: 'string',
      describe: `which units, of ${unitNames.join(', ')} (default: all)`,
    })
    .option('tokens', { group: 'Work:', type: 'number', default: 8, describe: 'tokens that go through every layer' })
    .option('text', {
      group: 'Work:',
      type: 'string',
      default: bundled('models/kjv-val.txt'),
      defaultDescription: 'models/kjv-val.txt',
      describe: 'the file they come from, a token per byte',
    })
    .option('offset', { group: 'Work:', type: 'number', default: 1000, describe: 'first byte that is used of it' })
    .option('seed', { group: 'Work:', type: 'number', default: 1, describe: 'seed of random cases and stalls' });

/** The values, checked, for a model that can be given to the units asked for. */
export async function workOf(a: WorkArgs) {
  const units = a.unit === undefined ? undefined : listOf('--unit', a.unit, unitNames);
  const work = {
    units,
    choices: sizeChoices(a),
    tokens: wholeNumber('--tokens', a.tokens, 1, most.tokens),
    text: readableFile('--text', a.text),
    offset: wholeNumber('--offset', a.offset, 0),
    seed: wholeNumber('--seed', a.seed, 0, most.seed),
  };
  await refuseDense(a.model, units);
  return work;
}

/** The matmul array takes binary weights; a full-precision model would leave it without work. */
async function refuseDense(model: string, units: readonly Unit[] = unitNames): Promise<void> {
  if (!units.includes('matmul')) return;
  const source = await openCheckpoint(model);
  try {
    const dense = [...source.tensors.keys()].find((name) => {
      const projection = /^(.*\.(in_proj|out_proj))\.weight$/.exec(name)?.[1];
      return projection !== undefined && !source.tensors.has(`${projection}.wscale`);
    });
    if (dense === undefined) return;
    throw new CommandProblem({
      id: 'not-binary',
      what: 'the matmul array takes binary weights, and this model has others',
      where: `${model}, ${dense}`,
      expected: 'every in_proj and out_proj with wscale and wbias (1-bit weights)',
      found: 'full-precision weights',
      remedy: 'name a binarized model, or this one with --unit scan,conv,norm,residual,mixer',
    });
  } finally {
    await source.close();
  }
}
