import { bundled } from '../../cli/bundled.ts';
import type { Check, Figure } from '../../cli/command.ts';
import { bitsPerByte, loadModel, readWindows } from '../../golden/index.ts';
import { measured, type Row, reportOf } from '../bench.ts';
import { clocked, timeCheck } from './time.ts';

/** What an independent implementation gives in float32 (models/README.md): 64 windows of 1024 bytes of kjv-val. */
const EXPECTED = { nano: 2.44911, tiny: 1.24275, 'tiny-fp': 1.14633 };
const BOUND = 2e-4;
const SECONDS = 20;

/** Bits per byte in floating point, and how long tiny takes. */
export const accuracy: Row = async (progress, { threads }) => {
  const text = await readWindows(bundled('models/kjv-val.txt'), { windows: 64 });
  const figures: Figure[] = [];
  const checks: Check[] = [];
  for (const [name, expected] of Object.entries(EXPECTED)) {
    const model = await loadModel(bundled(`models/${name}`));
    const [{ bitsPerByte: value }, time] = await clocked(() =>
      bitsPerByte(model, text, { threads, progress: (done, total) => progress(`${name}, window ${done} of ${total}`) }),
    );
    const error = Math.abs(value - expected);
    const id = name.replaceAll('-', '_');
    figures.push(measured(`${id}.float.bits_per_byte`, value, 'bits'));
    const detail = `${value.toFixed(5)} against ${expected}: ${error.toExponential(1)}, bound ${BOUND}`;
    checks.push({ name: `${name}: bits per byte in floating point`, ok: error <= BOUND, detail });
    if (name !== 'tiny') continue;
    figures.push(measured('tiny.float.seconds', time.seconds, 's'));
    checks.push(timeCheck('tiny: 64 windows in floating point', time, threads, SECONDS));
  }
  return reportOf(figures, checks);
};
