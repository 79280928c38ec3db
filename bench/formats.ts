/** What the number formats of the fixed-point model cost: reprints the tables of docs/numerics.md. */
import { bundled } from '../cli/bundled.ts';
import { calibrationText } from '../cli/calibration.ts';
import type { Figure, Progress } from '../cli/command.ts';
import { table } from '../cli/print.ts';
import {
  bitsPerByte,
  calibrate,
  defaultNumerics,
  loadModel,
  readCalibrationText,
  readWindows,
  VARIANTS,
  variant,
} from '../golden/index.ts';
import { type Bench, measured, type Row, reportOf } from './bench.ts';

type Option = keyof typeof VARIANTS;

interface Sweep {
  readonly model: string;
  readonly window: number;
  readonly windows: number;
  readonly options: readonly Option[];
}

/** Windows of 1024 bytes for every format; long ones for the state, whose rounding accumulates; full precision for its weights. */
const SWEEPS: Readonly<Record<string, Sweep>> = {
  nano: {
    model: 'nano',
    window: 1024,
    windows: 64,
    options: ['activation_bits', 'state_format', 'head_bits', 'head_activation_bits', 'scale_tile', 'seed'],
  },
  tiny: {
    model: 'tiny',
    window: 1024,
    windows: 64,
    options: ['activation_bits', 'head_bits', 'head_activation_bits', 'scale_tile', 'seed'],
  },
  tiny_state: { model: 'tiny', window: 2048, windows: 8, options: ['state_format'] },
  tiny_fp: { model: 'tiny-fp', window: 1024, windows: 64, options: ['dense_bits'] },
};

export const formats: Bench = {
  describe: 'what each number format costs, the tables of docs/numerics.md',
  rows: Object.fromEntries(
    Object.entries(SWEEPS).map(([name, s]): [string, Row] => [
      name,
      (progress, { threads }) => sweep(name, s, threads, progress),
    ]),
  ),
};

async function sweep(
  id: string,
  { model: name, window, windows, options }: Sweep,
  threads: number,
  progress: Progress,
) {
  const model = await loadModel(bundled(`models/${name}`));
  const text = await readWindows(bundled('models/kjv-val.txt'), { window, windows });
  const calibration = calibrate(model, await readCalibrationText(calibrationText));
  const shown = (what: string) => (done: number, total: number) => progress(`${what}: window ${done} of ${total}`);
  const float = (await bitsPerByte(model, text, { threads, progress: shown('float') })).bitsPerByte;
  const figures: Figure[] = [measured(`${id}.float.bits_per_byte`, float, 'bits')];
  const rows: string[][] = [];
  for (const option of options) {
    for (const value of Object.keys(VARIANTS[option])) {
      const numerics = variant(defaultNumerics, option, value);
      const choice = { threads, fixed: { calibration, numerics }, progress: shown(`${option} ${value}`) };
      const { bitsPerByte: fixed, clamped } = await bitsPerByte(model, text, choice);
      const change = fixed / float - 1;
      const lost = Object.values(clamped).reduce((sum, n) => sum + n, 0);
      figures.push(measured(`${id}.${option}.${value.replaceAll('-', '_')}.change`, change, 'of float'));
      rows.push([option, value, `${(100 * change).toFixed(3)} %`, String(lost)]);
    }
  }
  const head = [`${name}, ${windows} windows of ${window}: ${float.toFixed(5)} bits`, 'value', 'change', 'clamped'];
  return reportOf(figures, [], table(head, rows, [2, 3]));
}
