import { bundled } from '../../cli/bundled.ts';
import { calibrationText } from '../../cli/calibration.ts';
import type { Check, Figure, Progress, Report } from '../../cli/command.ts';
import {
  bitsPerByte,
  calibrate,
  defaultNumerics,
  loadModel,
  readCalibrationText,
  readWindows,
  type WindowOptions,
} from '../../golden/index.ts';
import { joinReports, measured, type Row, reportOf } from '../bench.ts';
import { clocked, timeCheck } from './time.ts';

/** Fixed point may differ from floating point by this part of its bits per byte. */
const BOUND = 0.002;
const SECONDS = 40;

/** Default formats against floating point in windows of 1024 bytes, and how long tiny takes. */
export const fixed: Row = async (progress, { threads }) =>
  joinReports([
    await compare('nano', { windows: 64 }, threads, progress),
    await compare('tiny', { windows: 64 }, threads, progress, SECONDS),
  ]);

/** The same in windows so long that a drift of the state would show. */
export const windows16k: Row = (progress, { threads }) =>
  compare('tiny', { window: 16_384, windows: 4 }, threads, progress);

async function compare(
  name: string,
  options: WindowOptions,
  threads: number,
  progress: Progress,
  most?: number,
): Promise<Report> {
  const text = await readWindows(bundled('models/kjv-val.txt'), options);
  const model = await loadModel(bundled(`models/${name}`));
  const calibration = calibrate(model, await readCalibrationText(calibrationText));
  const shown = (what: string) => (done: number, total: number) =>
    progress(`${name} ${what}, window ${done} of ${total}`);
  const float = await bitsPerByte(model, text, { threads, progress: shown('float') });
  const choice = { calibration, numerics: defaultNumerics };
  const [result, time] = await clocked(() =>
    bitsPerByte(model, text, { threads, fixed: choice, progress: shown('fixed') }),
  );
  const difference = Math.abs(result.bitsPerByte / float.bitsPerByte - 1);
  const clamped = Object.entries(result.clamped).map(([format, n]) => `${format}: ${n}`);
  const what = `${name}, ${text.length} windows of ${text[0]!.length}`;
  const id = text[0]!.length === 1024 ? name : `${name}.windows_of_${text[0]!.length}`;
  const figures: Figure[] = [
    measured(`${id}.fixed.bits_per_byte`, result.bitsPerByte, 'bits'),
    measured(`${id}.relative_difference`, difference, 'of float'),
    measured(`${id}.fixed.seconds`, time.seconds, 's'),
  ];
  const checks: Check[] = [
    {
      name: `${what}: fixed against floating point`,
      ok: difference <= BOUND,
      detail: `${(100 * difference).toFixed(3)} % of ${float.bitsPerByte.toFixed(5)}, at most 0.2 %`,
    },
    {
      name: `${what}: every result fits its format`,
      ok: clamped.length === 0,
      detail: clamped.join(', ') || 'nothing clamped',
    },
  ];
  if (most !== undefined) checks.push(timeCheck(`${what}: time in fixed point`, time, threads, most));
  return reportOf(figures, checks);
}
