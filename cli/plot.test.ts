import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { bundled } from './bundled.ts';
import { barPlot, writePlot } from './plot.ts';
import { refused } from './testing/run.ts';

const BARS = [
  { group: 'state', name: 'row8', value: 0.001 },
  { group: 'state', name: 'a<b', value: -0.2 },
  { group: 'head', name: '4 bits', value: 0.1 },
];

/** Lengths of the bars, in the order of the rows. */
const lengths = (svg: string) => [...svg.matchAll(/<rect x="240".*? width="([\d.]+)"/g)].map((m) => Number(m[1]));

it('draws a bar for each value, a fifth of the width per factor of ten, none for what is not worse', () => {
  const svg = barPlot('title', BARS);
  expect(lengths(svg)).toEqual([200, 0, 400]);
  expect(svg).toContain('a&lt;b');
  expect(svg).toContain('>-20 %<');
  expect(svg.match(/>state</g)).toHaveLength(1);
});

it('writes the file whole', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'popscan-plot-'));
  try {
    await writePlot(join(dir, 'a.svg'), 'title', BARS);
    expect(readdirSync(dir)).toEqual(['a.svg']);
    expect(readFileSync(join(dir, 'a.svg'), 'utf8')).toBe(barPlot('title', BARS));
  } finally {
    rmSync(dir, { recursive: true });
  }
});

it('is refused without a sweep to draw', async () => {
  const argv = ['eval', '--model', bundled('models/nano'), '--text', bundled('models/kjv-val.txt'), '--plot', 'a.svg'];
  expect(await refused(2, ...argv)).toMatchObject({
    id: 'usage',
    what: '--plot draws a sweep, and none was asked for',
  });
});
