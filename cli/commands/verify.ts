/** `popscan verify`: the units on real activations and corner cases, engines in lock step, results against golden. */
import { type Fault, faults } from '../../verify/faults.ts';
import type { EngineName, VerilatorChoice } from '../../verify/run.ts';
import { verifyModel } from '../../verify/verify.ts';
import type { Command } from '../command.ts';
import { listOf } from '../list.ts';
import { wholeNumber, writableFile } from '../options.ts';
import { verifyReport } from '../verify-report.ts';
import { type WorkArgs, workOf, workOptions } from '../work-options.ts';

interface Args extends WorkArgs {
  readonly engines: string;
  readonly verilator: VerilatorChoice;
  readonly 'post-synthesis': boolean;
  readonly random: number;
  readonly wave: string;
  readonly plant: Fault | undefined;
  readonly registers: boolean;
  readonly coverage: string | undefined;
}

const engines = ['sim', 'verilator', 'cxxrtl', 'icarus'] as const satisfies readonly EngineName[];

/** More than anyone waits for. */
const mostRandom = 100_000;

const faultList = Object.entries(faults).map(([name, what]) => `  ${name.padEnd(14)} ${what}`);

export const verifyCommand: Command<Args> = {
  command: 'verify',
  describe: "Run the hardware units on a model's activations and compare, bit for bit, with golden and Verilator",
  interruptible: true,
  builder: (y) =>
    workOptions(y, [
      'popscan verify --model DIR [--unit U] [--engines E] [--tokens N]',
      '',
      'Sends the activations of a model on real text, then corner and random cases with stalls, through',
      'the hardware units. What the first engine gives is compared with the fixed-point golden model,',
      'word by word; the other engines with the first, on every output port in every cycle; and fixed',
      'golden with float golden.',
    ])
      .option('random', {
        group: 'Work:',
        type: 'number',
        default: 64,
        describe: 'random matrices on top of the corner cases, and a quarter as many sequences',
      })
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
  run: async (a, progress, session) => {
    const options = {
      ...a,
      ...(await workOf(a)),
      engines: [...listOf('--engines', a.engines, engines), ...(a['post-synthesis'] ? (['netlist'] as const) : [])],
      how: a.verilator,
      fault: a.plant,
      random: wholeNumber('--random', a.random, 0, mostRandom),
      wave: writableFile('--wave', a.wave),
      progress,
      stopped: session.interrupted,
    };
    return verifyReport(await verifyModel(options));
  },
};
