/** A value that should not be, for people: where it came from, with the lines of TypeScript, and the waves around it. */
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import type { Location } from '../../gen/location.ts';
import { showValue } from '../wave/format.ts';
import { waveText } from '../wave/text.ts';
import type { Trace } from '../wave/trace.ts';
import type { Cause } from './cause.ts';

/** Lines of source by place, read once. */
function sourceReader(): (location: Location) => { readonly place: string; readonly code: string } {
  const files = new Map<string, readonly string[]>();
  const linesOf = (file: string): readonly string[] => {
    const known = files.get(file);
    if (known !== undefined) return known;
    let read: readonly string[] = [];
    try {
      read = readFileSync(file, 'utf8').split('\n');
    } catch {
      // The place alone helps too.
    }
    files.set(file, read);
    return read;
  };
  return (location) => {
    const at = location.resolve();
    if (at === undefined) return { place: `${location}`, code: '' };
    const path = relative(process.cwd(), at.file);
    const place = `${path.startsWith('..') ? at.file : path}:${at.line}`;
    return { place, code: linesOf(at.file)[at.line - 1]?.trim() ?? '' };
  };
}

/** Characters per line of prose. */
const lineWidth = 130;

function wrapped(text: string, indent: string): string {
  const lines = [indent.trimEnd()];
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!;
    if (last !== '' && last.length + 1 + word.length > lineWidth) lines.push(indent + word);
    else lines[lines.length - 1] = last === '' ? indent + word : `${last} ${word}`;
  }
  return lines.join('\n');
}

/** The causes in their order: cycle, signal, value and reason, then the line of TypeScript. */
export function causeText(causes: readonly Cause[]): string {
  const source = sourceReader();
  const margin = Math.max(5, ...causes.map((c) => `${c.cycle}`.length));
  const lines: string[] = [`${'cycle'.padStart(margin)}  signal = value`];
  let last = '';
  for (const { cycle, path, value, because, alike, location } of causes) {
    const others = alike.length === 0 ? '' : `  (and ${alike.length} like it, to ${alike.at(-1)})`;
    lines.push(`${`${cycle}`.padStart(margin)}  ${path} = ${value}${others}`);
    lines.push(wrapped(because, ' '.repeat(margin + 4)));
    if (location === undefined) continue;
    const { place, code } = source(location);
    if (place !== last) lines.push(`${' '.repeat(margin + 4)}${place}  ${code}`);
    last = place;
  }
  return lines.join('\n');
}

/** The output (in every engine, where they differ) and its first causes, in a few cycles around the one in question. */
export function causeWave(
  trace: Trace,
  port: string | undefined,
  cycle: number,
  causes: readonly Cause[],
  width: number,
): string {
  const [from, to] = [Math.max(trace.start, cycle - 4), Math.min(trace.start + trace.cycles - 1, cycle + 1)];
  const outputs = trace.rows.filter((r) => r.signal.path.endsWith(`.${port}`) && !r.signal.path.startsWith('design.'));
  const agree = new Set(outputs.map((r) => r.values[cycle - trace.start])).size === 1;
  const shown = causes.slice(0, 8).flatMap((c) => trace.rows.filter((r) => r.signal.path === `design.${c.path}`));
  const rows = [...(agree ? outputs.slice(0, 1) : outputs), ...shown].map(({ signal, values }) => ({
    signal,
    values: values.slice(from - trace.start, to - trace.start + 1),
  }));
  return waveText({ start: from, cycles: to - from + 1, rows }, { width, mark: cycle });
}

/** The value of an output in every engine, and the bits in which they differ. */
export function valueText(values: ReadonlyMap<string, bigint>, width: number): string {
  const [first, ...others] = [...values.values()];
  const differing = others.reduce((bits, v) => bits | BigInt.asUintN(width, v ^ first!), 0n);
  const name = Math.max(...[...values.keys()].map((n) => n.length));
  const lines = [...values].map(([n, v]) => `  ${n.padEnd(name)}  ${showValue(v, { path: '', width }, 'hex')}`);
  return [...lines, `  they differ in ${bitText(differing)}`].join('\n');
}

/** `bits 27 to 0`: from the highest to the lowest. */
export function bitText(bits: bigint): string {
  const text = bits.toString(2);
  const [high, low] = [text.length - 1, text.length - 1 - text.lastIndexOf('1')];
  return high === low ? `bit ${high}` : `bits ${high} to ${low}`;
}
