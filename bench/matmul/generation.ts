/** How long the array of the 2.7B model takes from its parameters to Verilog, in a process of its own. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Progress, Report } from '../../cli/command.ts';
import { measured, reportOf } from '../bench.ts';

const bounds = { seconds: 2, megabytes: 500 };

export async function generation(progress: Progress): Promise<Report> {
  progress('the array of the 2.7B model');
  const script = fileURLToPath(new URL('generate-once.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, ['--import', 'tsx', script]);
  const runs = JSON.parse(stdout) as { engine: string; seconds: number; bytes: number; peak: number }[];
  return reportOf(
    runs.flatMap(({ engine, seconds, bytes, peak }) => [
      measured(`generate.${engine}.seconds`, seconds, 's of processor time'),
      measured(`generate.${engine}.verilog_bytes`, bytes, 'bytes'),
      measured(`generate.${engine}.peak_megabytes`, peak / 1e6, 'MB'),
    ]),
    runs.map(({ engine, seconds, peak }) => ({
      name: `generation of the ${engine} engine for 2.7B, Verilog written`,
      ok: seconds < bounds.seconds && peak / 1e6 < bounds.megabytes,
      detail: `${seconds.toFixed(2)} s and ${Math.round(peak / 1e6)} MB, less than ${bounds.seconds} s and ${bounds.megabytes} MB`,
    })),
  );
}
