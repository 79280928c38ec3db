/** `popscan demo`: the whole chain on a small trained model. */

import { defaultChoices } from '../../hw/index.ts';
import type { VerilatorChoice } from '../../verify/index.ts';
import { verifyModel } from '../../verify/index.ts';
import { bundled } from '../bundled.ts';
import type { Command } from '../command.ts';
import { verifyReport } from '../verify-report.ts';

interface Args {
  readonly verilator: VerilatorChoice;
}

export const demoCommand: Command<Args> = {
  command: 'demo',
  describe: 'Show the whole chain on a small model: Verilog, simulator, Verilator and golden models agree',
  builder: (y) =>
    y.option('verilator', {
      choices: ['auto', 'native', 'wasm'] as const,
      default: 'auto' as const,
      describe: 'which Verilator runs the emitted Verilog; auto: the one on PATH, else ours',
    }),
  run: async (a, progress) => {
    const started = performance.now();
    const report = verifyReport(
      await verifyModel({
        model: bundled('models/nano'),
        zeros: 'refuse',
        units: ['matmul', 'scan'],
        engines: ['sim', 'verilator'],
        how: a.verilator,
        choices: defaultChoices,
        tokens: 16,
        text: bundled('models/kjv-val.txt'),
        offset: 1000,
        random: 64,
        seed: 1,
        wave: 'popscan-mismatch.vcd',
        fault: undefined,
        progress,
      }),
    );
    const seconds = {
      name: 'seconds',
      value: (performance.now() - started) / 1000,
      unit: 's',
      kind: 'measured' as const,
    };
    const text = [
      'models/nano (1-bit Mamba-2, 2 layers) on 16 bytes of text, then corner and random cases with stalls:',
      'emitted Verilog in Verilator = cycle-level simulator = fixed-point golden, bit for bit; fixed = float within a bound.',
      report.text ?? '',
    ].join('\n');
    return { ...report, text, figures: [...report.figures, seconds] };
  },
};
