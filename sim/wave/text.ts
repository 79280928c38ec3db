/** Waveforms in box-drawing characters. */
import type { Radix } from './format.ts';
import { cellWidth, lines, type Row, type Run, rowsOf, shortened } from './rows.ts';
import type { Trace } from './trace.ts';

export interface WaveTextOptions {
  /** Characters per line; default 100. Cycles that do not fit go to further blocks. */
  readonly width?: number;
  readonly radix?: Radix;
  /** A cycle to point at. */
  readonly mark?: number;
}

const bounds = { least: 4, most: 14 };

/** Two lines per signal, below a line of cycle numbers; a column is a cycle. */
export function waveText(trace: Trace, options: WaveTextOptions = {}): string {
  const { width = 100, radix, mark } = options;
  const rows = rowsOf(trace, radix);
  const labels = lines(rows);
  const cell = cellWidth(rows, Math.max(bounds.least, `${trace.start + trace.cycles}`.length + 1), bounds.most);
  const margin = Math.max(5, ...labels.map(({ depth, row }) => 2 * depth + row.label.length)) + 1;
  const perBlock = Math.max(1, Math.floor((width - margin) / cell));
  const blocks: string[] = [];
  for (let from = 0; from < trace.cycles; from += perBlock) {
    const count = Math.min(perBlock, trace.cycles - from);
    blocks.push(block(labels, trace.start, from, count, cell, margin, mark));
  }
  return blocks.join('\n\n');
}

function block(
  labels: readonly { readonly depth: number; readonly row: Row }[],
  start: number,
  from: number,
  count: number,
  cell: number,
  margin: number,
  mark: number | undefined,
): string {
  const numbers = Array.from({ length: count }, (_, i) => {
    const cycle = start + from + i;
    return `${cycle === mark ? '▼' : ' '}${cycle}`.padEnd(cell);
  });
  const out = [`${'cycle'.padEnd(margin)}${numbers.join('')}`];
  for (const { depth, row } of labels) {
    const label = `${'  '.repeat(depth)}${row.label}`.padEnd(margin);
    if (row.kind === 'group') out.push(label);
    else {
      const [top, bottom] = draw(row.runs, from, from + count, cell);
      out.push(`${' '.repeat(margin)}${top}`, `${label}${bottom}`);
    }
  }
  return out.map((l) => l.trimEnd()).join('\n');
}

/** Upper and lower line of the runs between two cycles. */
function draw(runs: readonly Run[], from: number, to: number, cell: number): [string, string] {
  let top = '';
  let bottom = '';
  let before: Run | undefined;
  for (const run of runs) {
    if (run.from + run.count <= from || run.from >= to) continue;
    const length = cell * (Math.min(to, run.from + run.count) - Math.max(from, run.from));
    const [upperEdge, lowerEdge] = before === undefined ? [undefined, undefined] : edge(before, run);
    const [upper, lower] = run.level === undefined ? ['─', ' '] : run.level === 1 ? ['─', ' '] : [' ', '─'];
    const text = run.level === undefined ? shortened(run.text, length - 2) : '';
    top += (upperEdge ?? upper).padEnd(length, upper);
    bottom += ((lowerEdge ?? lower) + text).padEnd(length, lower);
    before = run;
  }
  return [top, bottom];
}

/** The two characters where one run meets the next. */
function edge(before: Run, after: Run): readonly [string, string] {
  if (before.level === 0 && after.level === 1) return ['┌', '┘'];
  if (before.level === 0) return ['┌', '┤'];
  if (after.level === 0) return ['┐', before.level === 1 ? '└' : '├'];
  return ['┬', '│'];
}
