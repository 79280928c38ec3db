/** A plan for people: its levels as a table, and its heap as a picture of dots that shrinks from level to level. */
import { familyOf } from './family.ts';
import { type Chain, cellsOf, type Heights, heightsOf, lutsOf, type Plan } from './plan.ts';

/** A chain as its counters, the lowest weight on the right: `(0,6](4]` with `+c` for a carry into it. */
export function showChain({ times, steps, start, carryIn }: Chain): string {
  const counters = [...steps].reverse().map((v) => {
    const products = v.products.reduce((n, p) => n + p, 0);
    return products > 0 ? `${v.counter.name}:${products}p` : v.counter.name;
  });
  return `${times} x ${counters.join(' ')}${{ none: '', bit: ' +c', product: ' +p' }[carryIn ?? 'none']} at 2^${start}`;
}

export interface PlanRow {
  readonly level: string;
  readonly heights: string;
  readonly counters: string;
  readonly luts: number;
  readonly cells: number;
}

/** One row per level: what it finds in its columns, the lowest weight first, products as 5p, and what it does. */
export function planRows(plan: Plan): PlanRow[] {
  const family = familyOf(plan.family);
  const heights = heightsOf(plan);
  const shown = ({ bits, products }: Heights): string =>
    bits
      .map((b, c) => [products[c]! > 0 ? `${products[c]}p` : '', b > 0 ? `${b}` : ''].filter((x) => x).join('+') || '-')
      .join(' ');
  return plan.levels.map((level, n) => ({
    level: `${n + 1}${(n + 1) % plan.every === 0 || n === plan.levels.length - 1 ? ' |' : ''}`,
    heights: shown(heights[n]!),
    counters: level.map(showChain).join('; '),
    luts: level.reduce((sum, c) => sum + lutsOf(c, family), 0),
    cells: level.reduce((sum, c) => sum + cellsOf(c, family), 0),
  }));
}

const pitch = 5;

/** Dots of every column, the highest weight on the left, level under level: products hollow, registers as lines. */
export function planPicture(plan: Plan): string {
  const columns = heightsOf(plan);
  const gap = 3 * pitch;
  const tallest = (h: Heights): number => Math.max(...h.bits.map((b, c) => Math.ceil((b + h.products[c]!) / wrap)));
  const body: string[] = [];
  const width = plan.width * (wrap + 1) * pitch + 60;
  let y = gap;
  for (const [n, h] of columns.entries()) {
    body.push(`<text x="2" y="${y + pitch}">${n === 0 ? 'in' : n}</text>`);
    for (const [c, b] of h.bits.entries()) {
      const left = 40 + (plan.width - 1 - c) * (wrap + 1) * pitch;
      for (let i = 0; i < b + h.products[c]!; i++) {
        const at = `cx="${left + (i % wrap) * pitch}" cy="${y + Math.floor(i / wrap) * pitch}"`;
        body.push(`<circle ${at} r="1.8"${i < h.products[c]! ? ' class="p"' : ''}/>`);
      }
    }
    y += tallest(h) * pitch + gap;
    const registered = n > 0 && (n % plan.every === 0 || n === plan.levels.length);
    if (registered) body.push(`<path d="M0 ${y - gap / 2}H${width}"/>`);
  }
  const style =
    'text{font:9px sans-serif}circle{fill:#222}.p{fill:#fff;stroke:#222;stroke-width:.6}path{stroke:#888;stroke-dasharray:3 2}';
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${y}" width="${width}"><style>${style}</style>${body.join('')}</svg>\n`;
}

/** Dots side by side in a column. */
const wrap = 6;
