/** `popscan verify`: the units on real activations and corner cases, engines in lock step, results against golden. */
import { openCheckpoint } from '../../golden/read/checkpoint.ts';
import { type Fault, faults } from '../../verify/faults.ts';
import type { EngineName, VerilatorChoice } from '../../verify/run.ts';
import { unitNames } from '../../verify/units.ts';
import { verifyModel } from '../../verify/verify.ts';
import { bundled } from '../bundled.ts';
import type { Command } from '../command.ts';
import { listOf } from '../list.ts';
import {
  type ModelArgs,
  modelOptions,
  readableFile,
  type SizeArgs,
  sizeChoices,
  sizeOptions,
  wholeNumber,
  writableFile,
} from '../options.ts';
import { CommandProblem } from '../problem.ts';
import { verifyReport } from '../verify-report.ts';

interface Args extends ModelArgs, SizeArgs {
  readonly unit: string;
  readonly engines: string;
  readonly tokens: number;
  readonly text: string;
  readonly offset: number;
  readonly verilator: VerilatorChoice;
  readonly 'post-synthesis': boolean;
  readonly seed: number;
  readonly random: number;
  readonly wave: string;
  readonly plant: Fault | undefined;
  readonly registers: boolean;
  readonly coverage: string | undefined;
}

const engines = ['sim', 'verilator', 'cxxrtl', 'icarus'] as const satisfies readonly EngineName[];

/** More tokens, random cases and seeds than anyone waits for; bounds keep a typing error from looking like a long run. */
const most = { tokens: 65536, random: 100_000, seed: 2 ** 32 - 1 };

const faultList = Object.entries(faults).map(([name, what]) => `  ${name.padEnd(14)} ${what}`);

export const verifyCommand: Command<Args> = {
  command: 'verify',
  describe: "Run the hardware units on a model's activations and compare, bit for bit, with golden and Verilator",
  builder: (y) =>
    sizeOptions(
      modelOptions(
        y.usage(
          [
            'popscan verify --model DIR [--unit U] [--engines E] [--tokens N]',
            '',
            'Sends the activations of a model on real text, then corner and random cases with stalls, through',
            'the hardware units. What the first engine gives is compared with the fixed-point golden model,',
            'word by word; the other engines with the first, on every output port in every cycle; and fixed',
            'golden with float golden.',
          ].join('\n'),
        ),
      ),
    )
      .option('unit', {
        group: 'Work:',
        type: 'string',
        default: unitNames.join(','),
        describe: `which units, of ${unitNames.join(', ')}`,
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
      .option('random', {
        group: 'Work:',
        type: 'number',
        default: 64,
        describe: 'random matrices on top of the corner cases, and a quarter as many sequences',
      })
      .option('seed', { group: 'Work:', type: 'number', default: 1, describe: 'seed of random cases and stalls' })
      .option('engines', {
        group: 'Engines:',
        type: 'string',
        default: 'sim,verilator',
        describe: 'any of sim, verilator, cxxrtl, icarus; the first drives',
      })
      .option('verilator', {
        group: 'Engines:',
        choices: ['auto', 'native', 'wasm'] as const,
        default: 'auto' as const,
        describe: 'which Verilator; auto: the one on PATH, else ours',
      })
      .option('post-synthesis', {
        group: 'Engines:',
        type: 'boolean',
        default: false,
        describe: 'one more engine: what Yosys makes of the Verilog, cells of UltraScale+, in Verilator',
      })
      .option('wave', {
        group: 'Engines:',
        type: 'string',
        default: 'popscan-mismatch.vcd',
        describe: 'waveform to write when engines differ',
      })
      .option('registers', {
        group: 'Engines:',
        type: 'boolean',
        default: false,
        describe: 'compare all named registers, not only output ports',
      })
      .option('coverage', {
        group: 'Engines:',
        type: 'string',
        describe: 'folder that coverage is added to: coverage.json and index.html',
      })
      .option('plant', {
        group: 'Engines:',
        choices: Object.keys(faults) as Fault[],
        describe: 'plant a fault, which must be caught: exit status 1',
      })
      .epilogue(['Faults to plant:', ...faultList].join('\n'))
      .example('popscan verify --model models/nano --tokens 32', '')
      .example('popscan verify --model models/tiny --unit scan --engines sim', '')
      .example('popscan verify --model models/nano --unit scan --engines sim,icarus,cxxrtl --registers', '')
      .example('popscan verify --model models/nano --coverage coverage', '')
      .example('popscan verify --model models/nano --plant row-address', '')
      .example('popscan verify --model models/nano --unit residual --tokens 1 --random 8 --post-synthesis', ''),
  run: async (a, progress) => {
    const options = {
      ...a,
      units: listOf('--unit', a.unit, unitNames),
      engines: [...listOf('--engines', a.engines, engines), ...(a['post-synthesis'] ? (['netlist'] as const) : [])],
      how: a.verilator,
      fault: a.plant,
      choices: sizeChoices(a),
      tokens: wholeNumber('--tokens', a.tokens, 1, most.tokens),
      offset: wholeNumber('--offset', a.offset, 0),
      random: wholeNumber('--random', a.random, 0, most.random),
      seed: wholeNumber('--seed', a.seed, 0, most.seed),
      text: readableFile('--text', a.text),
      wave: writableFile('--wave', a.wave),
      progress,
    };
    if (options.units.some((u) => ['matmul', 'residual', 'mixer'].includes(u))) await refuseDense(a.model);
    return verifyReport(await verifyModel(options));
  },
};

/** The matmul array, and what follows it, take binary weights; a full-precision model would leave it without work. */
async function refuseDense(model: string): Promise<void> {
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
      remedy: 'verify a binarized model, or this one with --unit scan,conv,norm',
    });
  } finally {
    await source.close();
  }
}
