/** Reports and problems on stdout: tables for people, or one JSON object. */
import Table from 'cli-table3';
import { factLines } from 'popscan-problem';
import type { Figure, Report } from './command.ts';
import { type Io, plainWidth } from './io.ts';
import type { Failure } from './problem.ts';

const line = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '', left: '', right: '', middle: '  ' };
const frame = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
};

/** The last column is never squeezed below this. */
const leastLast = 30;

/** A table without lines; where it is wider than `width`, the words of the last column are wrapped. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
  width = plainWidth,
): string {
  const widths = head.map((_, i) => Math.max(...[head, ...rows].map((r) => r[i]!.length)));
  const last = widths.length - 1;
  const others = widths.slice(0, last).reduce((sum, w) => sum + w + 2, 0);
  const room = Math.max(leastLast, width - others);
  const t = new Table({
    head: [...head],
    ...(widths[last]! > room ? { colWidths: [...widths.slice(0, last), room], wordWrap: true } : {}),
    chars: { ...line, ...frame },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, i) => (right.includes(i) ? 'right' : 'left')),
  });
  t.push(...rows.map((r) => [...r]));
  return t
    .toString()
    .split('\n')
    .map((l) => l.trimEnd())
    .join('\n');
}

/** A number with as many digits as a reader wants. */
export function showNumber(value: number): string {
  if (Number.isInteger(value)) return value.toLocaleString('en-US').replaceAll(',', ' ');
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e6 ? String(Number(value.toPrecision(6))) : value.toExponential(3);
}

const figureRow = (f: Figure): string[] => [f.name, showNumber(f.value), f.unit, f.kind];

/** Breaks lines of prose at `width`; lines with columns in them stay as they are. */
function fill(text: string, width: number): string {
  return text
    .split('\n')
    .map((l) => (l.length <= width || /\S {2,}\S/.test(l) ? l : breakLine(l, width)))
    .join('\n');
}

function breakLine(text: string, width: number): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join('\n');
}

/** JSON has no other numbers. */
function refuseNonFinite(figures: readonly Figure[]): void {
  const wrong = figures.find((f) => !Number.isFinite(f.value));
  if (wrong !== undefined) throw new Error(`figure ${wrong.name} is ${wrong.value}`);
}

/** Prints the report and returns the exit status. */
export function printReport(io: Io, command: string, report: Report, json: boolean): number {
  const ok = report.checks.every((c) => c.ok);
  const { figures, checks, skipped, tools, made: text, survivors, streams, modules } = report;
  refuseNonFinite(figures);
  if (json)
    io.out(`${JSON.stringify({ command, ok, figures, checks, skipped, tools, text, survivors, streams, modules })}\n`);
  else io.out(`${reportText(report, io.width)}\n`);
  return ok ? 0 : 1;
}

function reportText({ text, figures, checks, skipped, tools }: Report, width: number): string {
  const parts: string[] = [];
  if (text !== undefined && text !== '') parts.push(fill(text, width));
  if (checks.length > 0) {
    const rows = checks.map((c) => [c.ok ? 'ok' : 'FAILED', c.name, c.detail ?? '']);
    parts.push(table(['', 'check', 'detail'], rows, [], width));
  }
  if (figures.length > 0) parts.push(table(['figure', 'value', 'unit', 'kind'], figures.map(figureRow), [1], width));
  if (skipped.length > 0) {
    const rows = skipped.map((s) => [s.name, s.why, s.get]);
    parts.push(table(['skipped', 'why', 'to get it'], rows, [], width));
  }
  const used = Object.entries(tools).map(([name, t]) => `${name} ${t.version} (${t.how})`);
  if (used.length > 0 && checks.length + figures.length > 0) parts.push(fill(`tools: ${used.join(', ')}`, width));
  const failed = checks.filter((c) => !c.ok).length;
  const left = skipped.length === 0 ? '' : `, ${skipped.length} skipped`;
  if (failed > 0) parts.push(`${failed} of ${checks.length} checks FAILED${left}`);
  else if (checks.length > 0)
    parts.push(`${checks.length === 1 ? 'the one check holds' : `all ${checks.length} checks hold`}${left}`);
  return parts.join('\n\n');
}

/** Prints help or a version; with `--json` as `text` of an otherwise empty report. */
export function printText(io: Io, command: string, text: string, json: boolean): number {
  const empty = { figures: [], checks: [], skipped: [], tools: {} };
  io.out(json ? `${JSON.stringify({ command, ok: true, ...empty, text })}\n` : `${text}\n`);
  return 0;
}

/** Prints a problem (stderr for people, stdout for `--json`) and returns its exit status. */
export function printFailure(io: Io, command: string, p: Failure, json: boolean): number {
  const { id, what, where, expected, found, remedy } = p;
  if (json) {
    io.out(`${JSON.stringify({ command, ok: false, error: { id, what, where, expected, found, remedy } })}\n`);
    return p.status;
  }
  io.err(`popscan: ${what}\n${factLines(p)}\n`);
  return p.status;
}
