/** Reports and problems on stdout: tables for people, or one JSON object. */
import Table from 'cli-table3';
import type { Figure, Report } from './command.ts';
import type { Problem } from './problem.ts';

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

export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  right: readonly number[] = [],
): string {
  const t = new Table({
    head: [...head],
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

/** Prints the report and returns the exit status. */
export function printReport(command: string, report: Report, json: boolean): number {
  const ok = report.checks.every((c) => c.ok);
  const { figures, checks, skipped, tools } = report;
  if (json) {
    process.stdout.write(`${JSON.stringify({ command, ok, figures, checks, skipped, tools })}\n`);
    return ok ? 0 : 1;
  }
  const parts: string[] = [];
  if (report.text !== undefined && report.text !== '') parts.push(report.text);
  if (checks.length > 0) {
    parts.push(
      table(
        ['', 'check', 'detail'],
        checks.map((c) => [c.ok ? 'ok' : 'FAILED', c.name, c.detail ?? '']),
      ),
    );
  }
  if (figures.length > 0) parts.push(table(['figure', 'value', 'unit', 'kind'], figures.map(figureRow), [1]));
  for (const s of skipped) parts.push(`skipped: ${s.name}: ${s.why}\n  to get it: ${s.get}`);
  const used = Object.entries(tools).map(([name, t]) => `${name} ${t.version} (${t.how})`);
  if (used.length > 0) parts.push(`tools: ${used.join(', ')}`);
  if (checks.length > 0) {
    const failed = checks.filter((c) => !c.ok).length;
    const left = skipped.length === 0 ? '' : `, ${skipped.length} skipped`;
    parts.push(
      failed === 0 ? `all ${checks.length} checks hold${left}` : `${failed} of ${checks.length} checks FAILED${left}`,
    );
  }
  process.stdout.write(`${parts.join('\n\n')}\n`);
  return ok ? 0 : 1;
}

/** Prints a problem (stderr for people, stdout for `--json`) and returns its exit status. */
export function printFailure(command: string, p: Problem, json: boolean): number {
  const { id, what, where, expected, found, remedy } = p;
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ command, ok: false, error: { id, what, where, expected, found, remedy } })}\n`,
    );
  } else {
    const rows = [
      `popscan: ${what}`,
      `  where:    ${where}`,
      `  expected: ${expected}`,
      `  found:    ${found}`,
      `  remedy:   ${remedy}`,
    ];
    process.stderr.write(`${rows.join('\n')}\n`);
  }
  return p.status;
}
