import { type CalibrationText, calibrate, loadModel, writeCalibration, type ZeroChoice } from '../../golden/index.ts';
import { calibrationText, calibrationTokens } from '../calibration.ts';
import type { Command } from '../command.ts';
import { wholeNumber, writableFile } from '../options.ts';
import { table } from '../print.ts';
import { readIds } from '../words.ts';

interface CalibrateArgs extends CalibrationText {
  readonly model: string;
  readonly out: string;
  readonly ids: string | undefined;
  readonly zeros: ZeroChoice;
}

/** `popscan calibrate`: the static ranges of the fixed-point model, from text, as a manifest. */
export const calibrateCommand: Command<CalibrateArgs> = {
  command: 'calibrate',
  describe: 'Choose the static ranges of the fixed-point model from text',
  builder: (y) =>
    y
      .option('model', {
        type: 'string',
        demandOption: true,
        describe: 'directory with config.json and the checkpoint',
      })
      .option('out', { type: 'string', demandOption: true, describe: 'file to write, JSON' })
      .option('text', {
        type: 'string',
        default: calibrationText.text,
        describe: 'text to run',
        defaultDescription: 'kjv-val',
      })
      .option('ids', { type: 'string', describe: 'tokens to run instead of a text, separated by commas: one window' })
      .option('offset', { type: 'number', default: calibrationText.offset, describe: 'first byte of the text' })
      .option('window', { type: 'number', default: calibrationText.window, describe: 'bytes per window' })
      .option('windows', { type: 'number', default: calibrationText.windows, describe: 'how many windows' })
      .option('zeros', {
        choices: ['refuse', 'plus', 'minus'] as const,
        default: 'refuse' as const,
        describe: 'how to read latent weights that are exactly zero',
      }),
  async run({ model: dir, out, ids, zeros, text, offset, window, windows }, progress) {
    writableFile('--out', out);
    wholeNumber('--offset', offset, 0);
    wholeNumber('--window', window, 1);
    wholeNumber('--windows', windows, 1);
    const model = await loadModel(dir, { zeros, progress });
    const from = { text, offset, window, windows };
    const tokens = ids === undefined ? await calibrationTokens(dir, model, from) : [readIds(ids)];
    const ranges = calibrate(model, tokens, (done, total) => progress(`window ${done} of ${total}`));
    const name = text === calibrationText.text ? 'kjv-val.txt' : text;
    await writeCalibration(out, model, ranges, ids === undefined ? { ...from, text: name } : { ids });
    const names = ['z', 'xbc', 'dt', 'conv', 'x', 'b', 'c', 'y', 'gated'] as const;
    const rows = ranges.layers.map((layer, i) => [
      String(i),
      ...names.map((name) => layer[name].toPrecision(3)),
      Math.max(...layer.state).toPrecision(3),
    ]);
    return {
      figures: [
        { name: 'tokens', value: tokens.reduce((sum, one) => sum + one.length, 0), unit: 'tokens', kind: 'measured' },
        { name: 'residual_range', value: ranges.residual, unit: 'largest magnitude', kind: 'measured' },
      ],
      checks: [],
      skipped: [],
      tools: {},
      text: `${table(['layer', ...names, 'state'], rows, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])}\n\nwritten: ${out}`,
    };
  },
};
