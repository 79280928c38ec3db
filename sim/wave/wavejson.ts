/** Traces as WaveJSON, the input of WaveDrom (https://github.com/wavedrom/schema/blob/master/WaveJSON.md). */
import type { Radix } from './format.ts';
import { type Row, type Run, rowsOf, type SignalRow } from './rows.ts';
import type { Trace } from './trace.ts';

export type WaveLane = { readonly name: string; readonly wave: string; readonly data?: readonly string[] };
export type WaveGroup = readonly [string, ...(WaveLane | WaveGroup)[]];
export interface WaveJson {
  readonly signal: readonly (WaveLane | WaveGroup)[];
  readonly head: { readonly tick: number };
}

export function waveJson(trace: Trace, radix?: Radix): WaveJson {
  const convert = (rows: readonly Row[]): (WaveLane | WaveGroup)[] =>
    rows.map((row) => (row.kind === 'signal' ? lane(row) : [row.label, ...convert(row.rows)]));
  return { signal: convert(rowsOf(trace, radix)), head: { tick: trace.start } };
}

function lane({ label, runs }: SignalRow): WaveLane {
  const data = runs.flatMap((r) => (r.level === undefined && !r.unknown ? [r.text] : []));
  const symbol = (r: Run) => r.level ?? (r.unknown ? r.text[0] : '=');
  const wave = runs.map((r) => `${symbol(r)}`.padEnd(r.count, '.')).join('');
  return data.length === 0 ? { name: label, wave } : { name: label, wave, data };
}
