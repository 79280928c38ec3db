/** A trace as a page has it: signals below the instance and the stream that they belong to, values joined to runs. */
import { type Radix, showValue } from './format.ts';
import type { Trace, TraceSignal, Value } from './trace.ts';

/** Equal values in consecutive cycles, counted from the start of the trace. */
export interface Run {
  readonly from: number;
  readonly count: number;
  /** 0 or 1 for a plain bit, which is drawn as a level; undefined for what is drawn as text. */
  readonly level: 0 | 1 | undefined;
  readonly text: string;
  /** No bit is known. */
  readonly unknown: boolean;
}

export interface SignalRow {
  readonly kind: 'signal';
  readonly label: string;
  readonly signal: TraceSignal;
  readonly runs: readonly Run[];
}
/** An instance or a stream. */
export interface GroupRow {
  readonly kind: 'group';
  readonly label: string;
  readonly rows: readonly Row[];
}
export type Row = SignalRow | GroupRow;

interface Group {
  readonly kind: 'group';
  label: string;
  rows: (SignalRow | Group)[];
}

/** The rows of a trace in its order; a group stands where its first signal does. */
export function rowsOf(trace: Trace, radix?: Radix): Row[] {
  const root: Group = { kind: 'group', label: '', rows: [] };
  const streams = streamsOf(trace.rows.map((r) => r.signal.path));
  for (const { signal, values } of trace.rows) {
    const steps = stepsOf(signal.path, streams);
    const label = steps.pop()!;
    let group = root;
    for (const step of steps) {
      const known = group.rows.find((r): r is Group => r.kind === 'group' && r.label === step);
      const next = known ?? { kind: 'group', label: step, rows: [] };
      if (known === undefined) group.rows.push(next);
      group = next;
    }
    group.rows.push({ kind: 'signal', label, signal, runs: runsOf(values, signal, radix) });
  }
  collapse(root);
  return root.rows;
}

/** A scope with nothing in it but another scope shares its line; one around everything has none. */
function collapse(root: Group): void {
  const work: Group[] = [root];
  for (let group = work.pop(); group !== undefined; group = work.pop()) {
    for (let only = group.rows[0]; group.rows.length === 1 && only?.kind === 'group'; only = group.rows[0]) {
      group.label = group === root ? '' : `${group.label}.${only.label}`;
      group.rows = only.rows;
    }
    for (const row of group.rows) if (row.kind === 'group') work.push(row);
  }
}

/** Paths of streams: what has a `_valid` (AXI4-Stream: `_tvalid`) and something else. */
function streamsOf(paths: readonly string[]): ReadonlySet<string> {
  const valids = paths.filter((p) => /_t?valid$/.test(p));
  const stems = valids.map((p) => p.slice(0, p.lastIndexOf('_') + 1));
  const shared = stems.filter((stem, i) => paths.some((q) => q.startsWith(stem) && q !== valids[i]));
  return new Set(shared.map((stem) => stem.slice(0, -1)));
}

/** The path's steps; a stream is a step of its own. */
function stepsOf(path: string, streams: ReadonlySet<string>): string[] {
  for (let end = path.lastIndexOf('_'); end > path.lastIndexOf('.'); end = path.lastIndexOf('_', end - 1)) {
    const stream = path.slice(0, end);
    if (streams.has(stream) && !/^\d+$/.test(path.slice(end + 1))) return [...stream.split('.'), path.slice(end + 1)];
  }
  return path.split('.');
}

function runsOf(values: readonly Value[], signal: TraceSignal, radix: Radix | undefined): Run[] {
  const plain = signal.width === 1 && signal.display === undefined && signal.signed !== true;
  const runs: Run[] = [];
  for (let from = 0; from < values.length; ) {
    const value = values[from]!;
    let end = from + 1;
    while (end < values.length && values[end] === value) end++;
    const level = plain && typeof value === 'bigint' ? (value === 0n ? 0 : 1) : undefined;
    const unknown = typeof value === 'string' && !/[01]/.test(value);
    runs.push({ from, count: end - from, level, text: showValue(value, signal, radix), unknown });
    from = end;
  }
  return runs;
}

/** Rows with groups opened, and how deep each lies. */
export function lines(rows: readonly Row[]): { readonly depth: number; readonly row: Row }[] {
  const result: { depth: number; row: Row }[] = [];
  const work = rows.map((row) => ({ depth: 0, row })).reverse();
  for (let at = work.pop(); at !== undefined; at = work.pop()) {
    result.push(at);
    if (at.row.kind === 'group') {
      const { depth } = at;
      work.push(...at.row.rows.map((row) => ({ depth: depth + 1, row })).reverse());
    }
  }
  return result;
}

/** Characters per cycle: the fewest, within bounds, in which the values can be read. */
export function cellWidth(rows: readonly Row[], least: number, most: number): number {
  const needed = lines(rows).flatMap(({ row }) =>
    row.kind === 'group'
      ? []
      : row.runs.map((r) => (r.level === undefined ? Math.ceil((r.text.length + 2) / r.count) : 0)),
  );
  return Math.min(
    most,
    needed.reduce((a, b) => Math.max(a, b), least),
  );
}

/** The end of a text that is too long: where numbers differ first is seldom their front. */
export const shortened = (text: string, room: number): string =>
  text.length <= room ? text : room < 1 ? '' : `…${text.slice(text.length - room + 1)}`;
