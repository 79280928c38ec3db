/** A million nodes, elaborated and printed as Verilog and as FIRRTL: time and memory, each in a process of its own. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Check, Figure } from '../cli/command.ts';
import { type Bench, measured, type Row, reportOf } from './bench.ts';
import type { Format, Measured, Shape } from './gen-shapes.ts';

const nodes = 1_000_000;
const shapes: readonly Shape[] = ['chain', 'helper', 'random', 'sum', 'instances'];
const formats: readonly Format[] = ['verilog', 'firrtl'];
/** Bounds: seconds on the clock, and MB. */
const most = { seconds: 5, megabytes: 1000 };

const worker = fileURLToPath(new URL('gen-shapes.ts', import.meta.url));

/** Ends with an error where the process does. */
function inProcess(shape: Shape, format: Format): Promise<Measured> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', worker, shape, format, `${nodes}`], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let text = '';
    child.stdout.on('data', (chunk) => {
      text += chunk;
    });
    child.on('error', reject);
    child.on('close', (status, signal) =>
      status === 0
        ? resolve(JSON.parse(text) as Measured)
        : reject(new Error(`${shape} ${format}: ${signal ?? status}`)),
    );
  });
}

const share = (value: number, bound: number): string => `${(value / bound).toFixed(2)} of`;

const row =
  (shape: Shape): Row =>
  async (progress) => {
    const figures: Figure[] = [];
    const checks: Check[] = [];
    for (const format of formats) {
      progress(format);
      const m = await inProcess(shape, format);
      const name = `${shape}.${format}`;
      const seconds = m.elaborating + m.printing;
      figures.push(
        measured(`${name}.processor_seconds`, m.processor, 's'),
        measured(`${name}.seconds`, seconds, 's'),
        measured(`${name}.peak_memory`, m.peak, 'MB'),
      );
      checks.push({
        name: `${shape}: ${m.nodes} nodes to ${(m.bytes / 1e6).toFixed(0)} MB of ${format}`,
        ok: seconds <= most.seconds && m.peak <= most.megabytes,
        detail:
          `${m.elaborating.toFixed(2)} + ${m.printing.toFixed(2)} s, ${share(seconds, most.seconds)} ${most.seconds} s ` +
          `(${m.processor.toFixed(2)} s of processor time); ` +
          `${m.peak.toFixed(0)} MB, ${share(m.peak, most.megabytes)} ${most.megabytes} MB`,
      });
    }
    return reportOf(figures, checks);
  };

export const gen: Bench = {
  describe: 'a million nodes elaborated and printed',
  rows: Object.fromEntries(shapes.map((shape) => [shape, row(shape)])),
};
