/** Bar charts as SVG files. */
import { rename, writeFile } from 'node:fs/promises';

export interface Bar {
  /** Bars of one group stand together under its name. */
  readonly group: string;
  readonly name: string;
  /** A share; shown in percent on a logarithmic scale from 0.001 % to 100 %. */
  readonly value: number;
}

const LEFT = 240;
const WIDTH = 500;
const ROW = 20;
const TOP = 50;
const DECADES = [-5, -4, -3, -2, -1, 0];

const escaped = (text: string) => text.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c]!);
const position = (value: number) => (WIDTH * (Math.log10(Math.min(1, Math.max(value, 1e-5))) + 5)) / 5;
const percent = (value: number) => `${Number((100 * value).toPrecision(3))} %`;
const text = (x: number, y: number, content: string, anchor = 'start') =>
  `<text x="${x}" y="${y}" text-anchor="${anchor}">${escaped(content)}</text>`;

/** Horizontal bars, one per row. What is not above 0.001 % has no length, and its value beside it all the same. */
export function barPlot(title: string, bars: readonly Bar[]): string {
  let y = TOP;
  const rows = bars.map(({ group, name, value }, i) => {
    const first = bars[i - 1]?.group !== group;
    y += first && i > 0 ? 2 * ROW : ROW;
    const length = position(value);
    return [
      first ? text(8, y, group) : '',
      text(LEFT - 8, y, name, 'end'),
      `<rect x="${LEFT}" y="${y - 12}" width="${length.toFixed(1)}" height="14" fill="#4477aa"/>`,
      text(LEFT + length + 6, y, percent(value)),
    ].join('');
  });
  const bottom = y + 10;
  const grid = DECADES.map((decade) => {
    const x = LEFT + position(10 ** decade);
    return `<path d="M${x} ${TOP}V${bottom}" stroke="#ccc"/>${text(x, TOP - 6, percent(10 ** decade), 'middle')}`;
  });
  const size = `width="${LEFT + WIDTH + 90}" height="${bottom + 10}"`;
  const lines = [text(8, 20, title), ...grid, ...rows].join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="sans-serif" font-size="12">\n<rect width="100%" height="100%" fill="white"/>\n${lines}\n</svg>\n`;
}

/** Writes the chart whole or not at all. */
export async function writePlot(path: string, title: string, bars: readonly Bar[]): Promise<void> {
  const beside = `${path}.${process.pid}.new`;
  await writeFile(beside, barPlot(title, bars));
  await rename(beside, path);
}
