/** Waveforms as SVG: self-contained, in light and dark. */
import type { Radix } from './format.ts';
import { cellWidth, lines, type Row, type Run, rowsOf, shortened } from './rows.ts';
import type { Trace } from './trace.ts';

/** In units of the picture. */
const size = { row: 26, wave: 16, character: 6.7, indent: 12, slope: 3, margin: 8 };
const bounds = { least: 5, most: 14 };

const style = [
  'text{font:11px ui-monospace,Menlo,Consolas,monospace;fill:#222}',
  '.n{fill:#777}.g{font-weight:bold}',
  'path{fill:none;stroke:#222}.v{fill:#eef3fb}.x{fill:#f8dcdc}.t{stroke:#ddd}',
  '@media(prefers-color-scheme:dark){text{fill:#ddd}.n{fill:#999}path{stroke:#ccc}.v{fill:#233044}.x{fill:#5a2a2a}.t{stroke:#444}}',
].join('');

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);

/** A picture with a line of cycle numbers, then one line per signal; a column is a cycle. */
export function waveSvg(trace: Trace, radix?: Radix): string {
  const rows = rowsOf(trace, radix);
  const labels = lines(rows);
  const cell = Math.round(size.character * cellWidth(rows, bounds.least, bounds.most));
  const widest = Math.max(
    5,
    ...labels.map(({ depth, row }) => row.label.length + (depth * size.indent) / size.character),
  );
  const left = Math.ceil(size.margin + (widest + 1) * size.character);
  const width = left + cell * trace.cycles + size.margin;
  const height = size.row * (labels.length + 1) + size.margin;
  const ticks = Array.from({ length: trace.cycles }, (_, i) => {
    const x = left + i * cell;
    return `<path class="t" d="M${x} ${size.row}V${height}"/><text class="n" x="${x + 3}" y="17">${trace.start + i}</text>`;
  });
  const body = labels.map(({ depth, row }, i) => signalRow(row, depth, size.row * (i + 1), left, cell));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>${escaped(titleOf(rows, trace))}</title>`,
    `<style>${style}</style>`,
    `<text class="n" x="${size.margin}" y="17">cycle</text>`,
    ...ticks,
    ...body,
    '</svg>\n',
  ].join('\n');
}

const titleOf = (rows: readonly Row[], { start, cycles }: Trace): string =>
  `Waveform of ${rows.map((r) => r.label).join(', ')}, cycles ${start} to ${start + cycles - 1}`;

function signalRow(row: Row, depth: number, y: number, left: number, cell: number): string {
  const kind = row.kind === 'group' ? ' class="g"' : '';
  const label = `<text${kind} x="${size.margin + depth * size.indent}" y="${y + 17}">${escaped(row.label)}</text>`;
  if (row.kind === 'group') return label;
  const top = y + (size.row - size.wave) / 2;
  const shapes = row.runs.map((run, i) => shape(run, row.runs[i - 1], left, top, cell));
  return [label, ...shapes].join('');
}

/** A level, or a box with a value in it. */
function shape(run: Run, before: Run | undefined, left: number, top: number, cell: number): string {
  const [x, end] = [left + run.from * cell, left + (run.from + run.count) * cell];
  const bottom = top + size.wave;
  if (run.level !== undefined) {
    const y = run.level === 1 ? top : bottom;
    const from = before?.level === undefined ? y : before.level === 1 ? top : bottom;
    return `<path d="M${x} ${from}L${x + size.slope} ${y}H${end}"/>`;
  }
  const [a, b, middle] = [x + size.slope, end, (top + bottom) / 2];
  const box = `M${x} ${middle}L${a} ${top}H${b - size.slope}L${b} ${middle}L${b - size.slope} ${bottom}H${a}Z`;
  const room = Math.floor((end - x - 4 * size.slope) / size.character);
  const text = `<text x="${a + 4}" y="${bottom - 4}">${escaped(shortened(run.text, room))}</text>`;
  return `<path class="${run.unknown ? 'x' : 'v'}" d="${box}"/>${text}`;
}
