import { fileURLToPath } from 'node:url';
import {
  CALIBRATION_OFFSET,
  CALIBRATION_WINDOW,
  CALIBRATION_WINDOWS,
  type CalibrationText,
  calibrate,
  loadModel,
  readCalibrationText,
  writeCalibration,
  type ZeroChoice,
} from '../../golden/index.ts';
import type { Command } from '../command.ts';
import { table } from '../print.ts';

/** The bundled calibration text: a part of kjv-val that is not evaluated. */
export const calibrationText: CalibrationText = {
  text: fileURLToPath(new URL('../../models/kjv-val.txt', import.meta.url)),
  offset: CALIBRATION_OFFSET,
  window: CALIBRATION_WINDOW,
  windows: CALIBRATION_WINDOWS,
};

interface CalibrateArgs extends CalibrationText {
  readonly model: string;
  readonly out: string;
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
      .option('offset', { type: 'number', default: calibrationText.offset, describe: 'first byte of the text' })
      .option('window', { type: 'number', default: calibrationText.window, describe: 'bytes per window' })
      .option('windows', { type: 'number', default: calibrationText.windows, describe: 'how many windows' })
      .option('zeros', {
        choices: ['refuse', 'plus', 'minus'] as const,
        default: 'refuse' as const,
        describe: 'how to read latent weights that are exactly zero',
      }),
  async run({ model: dir, out, zeros, text, offset, window, windows }, progress) {
    const model = await loadModel(dir, { zeros, progress });
    const from = { text, offset, window, windows };
    const tokens = await readCalibrationText(from);
    const ranges = calibrate(model, tokens, (done, total) => progress(`window ${done} of ${total}`));
    const bundled = text === calibrationText.text;
    await writeCalibration(out, model, ranges, { ...from, text: bundled ? 'kjv-val.txt' : text });
    const names = ['z', 'xbc', 'dt', 'conv', 'x', 'b', 'c', 'y', 'gated'] as const;
    const rows = ranges.layers.map((layer, i) => [
      String(i),
      ...names.map((name) => layer[name].toPrecision(3)),
      Math.max(...layer.state).toPrecision(3),
    ]);
    return {
      figures: [
        { name: 'tokens', value: window * windows, unit: 'tokens', kind: 'measured' },
        { name: 'residual_range', value: ranges.residual, unit: 'largest magnitude', kind: 'measured' },
      ],
      checks: [],
      skipped: [],
      tools: {},
      text: `${table(['layer', ...names, 'state'], rows, [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])}\n\nwritten: ${out}`,
    };
  },
};
