/** `popscan wave FILE`: a window of chosen signals of a VCD, as text, SVG or WaveJSON. */
import { writeFile } from 'node:fs/promises';
import { type Radix, radices, readVcd, waveJson, waveSvg, waveText } from '../../sim/index.ts';
import type { Command } from '../command.ts';
import { patternsOf } from '../list.ts';
import { readableFile, wholeNumber, writableFile } from '../options.ts';

interface Args {
  readonly file: string;
  readonly signals: readonly string[] | undefined;
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly clock: string | undefined;
  readonly radix: Radix | undefined;
  readonly width: number;
  readonly svg: string | undefined;
  readonly wavejson: string | undefined;
}

export const waveCommand: Command<Args> = {
  command: 'wave <file>',
  describe: 'Draw signals of a waveform file (VCD, of any tool) as text, SVG or WaveJSON',
  builder: (y) =>
    y
      .usage(
        [
          'popscan wave FILE [--signals PATTERN...] [--from CYCLE] [--to CYCLE]',
          '',
          'A column is a cycle of the clock: the values as they have settled, before its next rising edge.',
          'Signals are grouped by instance and stream. In files that popscan wrote, fixed-point values are',
          'numbers and states have names. Values that do not fit lose their first digits.',
        ].join('\n'),
      )
      .positional('file', { type: 'string', demandOption: true, describe: 'the VCD file' })
      .option('signals', {
        type: 'string',
        array: true,
        describe: 'paths or ends of paths, * for anything, separated by commas; default: all',
      })
      .option('from', { type: 'number', describe: 'first cycle; default: the first in the file' })
      .option('to', { type: 'number', describe: 'last cycle; default: 31 after the first' })
      .option('clock', {
        type: 'string',
        describe: 'the clock; default: the topmost bit with clk or clock in its name',
      })
      .option('radix', {
        choices: radices,
        describe: 'of plain numbers; default: hex, and decimal where popscan knows that they are signed',
      })
      .option('width', { type: 'number', default: 100, describe: 'characters per line' })
      .option('svg', { type: 'string', describe: 'write a picture to this file instead' })
      .option('wavejson', { type: 'string', describe: 'write the input of WaveDrom to this file instead' })
      .example("popscan wave popscan-mismatch.vcd --signals 'design.scan.y_*,core.issue' --from 100", '') as never,
  run: async (a) => {
    const { clock, radix } = a;
    const from = a.from === undefined ? undefined : wholeNumber('--from', a.from, 0);
    const to = a.to === undefined ? undefined : wholeNumber('--to', a.to, from ?? 0);
    const width = wholeNumber('--width', a.width, 20, 10_000);
    const signals = patternsOf(a.signals);
    for (const [option, path] of Object.entries({ '--svg': a.svg, '--wavejson': a.wavejson }))
      if (path !== undefined) writableFile(option, path);
    const file = readableFile('<file>', a.file);
    const trace = readVcd(file, { from, to, clock, ...(signals === undefined ? {} : { signals }) });
    const written: string[] = [];
    const write = async (path: string | undefined, text: () => string): Promise<void> => {
      if (path === undefined) return;
      await writeFile(path, text());
      written.push(`wrote ${path}`);
    };
    await write(a.svg, () => waveSvg(trace, radix));
    await write(a.wavejson, () => `${JSON.stringify(waveJson(trace, radix), null, 2)}\n`);
    return {
      figures: [
        { name: 'cycles', value: trace.cycles, unit: 'clock cycles drawn', kind: 'simulated' },
        { name: 'signals', value: trace.rows.length, unit: 'signals drawn', kind: 'simulated' },
      ],
      checks: [],
      skipped: [],
      tools: {},
      text:
        written.length > 0 ? written.join('\n') : waveText(trace, radix === undefined ? { width } : { width, radix }),
    };
  },
};
