/** When things happen, as lines of characters. */

export interface Work {
  readonly name: string;
  /** Cycles in which it moves. */
  readonly cycles: readonly number[];
}

/** One line per work, `width` characters for `length` cycles: `#` where it moves, `.` where it is under way and does not. */
export function timeline(works: readonly Work[], length: number, width: number): string {
  const names = Math.max(...works.map((w) => w.name.length));
  const scale = length / width;
  const step = [100, 200, 500, 1000, 2000].find((n) => length / n <= 8) ?? 5000;
  let ruler = '';
  for (let at = 0; at < length; at += step) ruler = ruler.padEnd(Math.round(at / scale)) + at;
  const lines = works.map(({ name, cycles }) => {
    const cells = new Set(cycles.map((c) => Math.floor(c / scale)));
    const [first, last] = [Math.min(...cells), Math.max(...cells)];
    const cell = (i: number): string => (cells.has(i) ? '#' : i > first && i < last ? '.' : ' ');
    const bar = Array.from({ length: width }, (_, i) => cell(i)).join('');
    return `${name.padEnd(names)}  ${bar}`.trimEnd();
  });
  return [`${'cycle'.padEnd(names)}  ${ruler}`, ...lines].join('\n');
}
