/** `popscan verify`: the units on real activations and corner cases, engines in lock step, results against golden. */

import { type Fault, faults } from '../../verify/faults.ts';
import type { EngineName, Unit, VerilatorChoice } from '../../verify/run.ts';
import { verifyModel } from '../../verify/verify.ts';
import { bundled } from '../bundled.ts';
import type { Command } from '../command.ts';
import { listOf } from '../list.ts';
import { type ModelArgs, modelOptions, type SizeArgs, sizeOptions } from '../options.ts';
import { verifyReport } from '../verify-report.ts';

interface Args extends ModelArgs, SizeArgs {
  readonly unit: string;
  readonly engines: string;
  readonly tokens: number;
  readonly text: string;
  readonly offset: number;
  readonly verilator: VerilatorChoice;
  readonly seed: number;
  readonly random: number;
  readonly wave: string;
  readonly plant: Fault | undefined;
}

const units: readonly Unit[] = ['matmul', 'scan'];
const engines: readonly EngineName[] = ['sim', 'verilator'];

export const verifyCommand: Command<Args> = {
  command: 'verify',
  describe: "run the units on a model's activations in several engines and compare with golden, bit for bit",
  builder: (y) =>
    sizeOptions(modelOptions(y))
      .option('unit', { type: 'string', default: units.join(','), describe: 'matmul, scan, or both' })
      .option('engines', { type: 'string', default: engines.join(','), describe: 'sim, verilator, or both' })
      .option('tokens', { type: 'number', default: 8, describe: 'tokens of text that go through every layer' })
      .option('text', {
        type: 'string',
        default: bundled('models/kjv-val.txt'),
        defaultDescription: 'kjv-val.txt',
        describe: 'where the tokens come from (bytes)',
      })
      .option('offset', { type: 'number', default: 1000, describe: 'first byte of the text' })
      .option('verilator', {
        choices: ['auto', 'native', 'wasm'] as const,
        default: 'auto' as const,
        describe: 'which Verilator',
      })
      .option('seed', { type: 'number', default: 1, describe: 'of random vectors and stalls' })
      .option('random', {
        type: 'number',
        default: 64,
        describe: 'random matrices and sequences on top of the corner cases',
      })
      .option('wave', {
        type: 'string',
        default: 'popscan-mismatch.vcd',
        describe: 'where a waveform goes when engines differ',
      })
      .option('plant', {
        choices: Object.keys(faults) as Fault[],
        describe: `plant a fault, which must be caught (exit status 1): ${Object.entries(faults)
          .map(([name, what]) => `${name}: ${what}`)
          .join('; ')}`,
      }),
  run: async (a, progress) => {
    const options = {
      ...a,
      units: listOf('--unit', a.unit, units),
      engines: listOf('--engines', a.engines, engines),
      how: a.verilator,
      fault: a.plant,
      choices: { lanes: a.lanes, columns: a.columns, scanLanes: a['scan-lanes'] },
      progress,
    };
    return verifyReport(await verifyModel(options));
  },
};
