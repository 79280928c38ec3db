/** Coverage as one self-contained page. */
import { escape as escaped } from 'html-escaper';
import { type Coverage, ones, type Share, totals } from './data.ts';

const style = `body{font:14px/1.5 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#222;background:#fff}
table{border-collapse:collapse;margin:0 0 2em}th,td{text-align:left;padding:.15em 1.2em .15em 0;border-bottom:1px solid #e4e4e4}
td.n{text-align:right;font-variant-numeric:tabular-nums}.miss{color:#b00020}code{font:13px ui-monospace,monospace}
@media(prefers-color-scheme:dark){body{color:#ddd;background:#181818}th,td{border-color:#333}.miss{color:#ff7a8a}}`;

const percent = ({ met, all }: Share): string => (all === 0 ? '' : `${((100 * met) / all).toFixed(1)} %`);
const cell = (text: string | number, kind = ''): string => `<td class="${kind}">${escaped(`${text}`)}</td>`;
const name = (path: string): string => `<td><code>${escaped(path)}</code></td>`;
const row = (...cells: readonly string[]): string => `<tr>${cells.join('')}</tr>`;
const heads = (...titles: readonly string[]): string => row(...titles.map((t) => `<th>${escaped(t)}</th>`));
const count = (n: number): string => cell(n, n === 0 ? 'n miss' : 'n');

/** Totals first; then what was not met, the nets with most missing bits first; then everything. */
export function coverageHtml(c: Coverage): string {
  const all = totals(c);
  const kinds = Object.entries(all).filter(([, share]) => share.all > 0);
  const nets = Object.entries(c.nets)
    .map(([path, t]) => ({ path, ...t, missing: 2 * t.width - ones(t.rose) - ones(t.fell) }))
    .filter((t) => t.missing > 0)
    .sort((a, b) => b.missing - a.missing);
  const sections = [
    section(
      'Total',
      heads('', 'met', 'of', ''),
      kinds.map(([kind, s]) => row(cell(kind), cell(s.met, 'n'), cell(s.all, 'n'), cell(percent(s), 'n'))),
    ),
    section(
      'State machines: states',
      heads('register', 'state', 'entered'),
      Object.entries(c.machines).flatMap(([path, m]) =>
        Object.entries(m.states).map(([state, n]) => row(name(path), cell(state), count(n))),
      ),
    ),
    section(
      'State machines: transitions made',
      heads('register', 'transition', 'times'),
      Object.entries(c.machines).flatMap(([path, m]) =>
        Object.entries(m.transitions).map(([t, n]) => row(name(path), cell(t), count(n))),
      ),
    ),
    section(
      'Cover properties',
      heads('property', 'met'),
      Object.entries(c.covers).map(([path, n]) => row(name(path), count(n))),
    ),
    section(
      'Corners that no register took',
      heads('register', 'corner'),
      Object.entries(c.registers).flatMap(([path, r]) =>
        Object.entries(r)
          .filter(([, n]) => n === 0)
          .map(([corner]) => row(name(path), cell(corner, 'miss'))),
      ),
    ),
    section(
      'Nets with bits that did not rise and fall',
      heads('net', 'bits', 'rose', 'fell'),
      nets.map((t) => row(name(t.path), cell(t.width, 'n'), cell(ones(t.rose), 'n'), cell(ones(t.fell), 'n'))),
    ),
  ];
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Coverage of ${escaped(c.design)}</title><style>${style}</style>
<h1>Coverage of ${escaped(c.design)}</h1>
<p>${c.cycles} cycles, simulated.</p>
${sections.join('\n')}
</html>
`;
}

const section = (title: string, head: string, rows: readonly string[]): string =>
  rows.length === 0 ? '' : `<h2>${escaped(title)}</h2>\n<table>${head}\n${rows.join('\n')}</table>`;
