import { describe, expect, it } from 'vitest';
import type { Design } from '../../gen/index.ts';
import { costOf, estimateOf } from '../../hw/cost.ts';
import { type Estimate, fitAll, judgement, type Measurement, type Sample } from './fit.ts';

type Size = 'control' | 'words' | 'other';
const shares = { control: 200, words: 1.5 };
const known = { lut: 40, ff: 60, carry: 5 };

const sampleOf = (words: number, other: number): Sample<Size> => ({
  ...{ name: `unit ${words}`, model: 'unit', target: 'xcup', design: () => ({}) as Design },
  structure: () => ({ cells: known, sizes: { control: 1, words, other } }),
  estimate: () => ({ ...known, bram: 2, dsp: 0 }),
});

/** As if shares had made the LUTs, and the structure all else. */
const measured = (sample: Sample<Size>): Measurement<Size> => {
  const lut = known.lut + costOf(sample.structure().sizes, shares);
  return { sample, counts: { ...known, lut, bram: 2, dsp: 0, uram: 0, version: '0' } };
};

const made = [3, 20, 90, 140].map((words, i) => measured(sampleOf(words, [5, 1, 7, 2][i]!)));
const terms = { lut: ['control', 'words', 'other'], ff: ['control'], carry: ['other'] } as const;

describe('a cost model', () => {
  it('finds again what made the counts', () => {
    const { lut, ff, carry } = fitAll(made, terms)['unit']!;
    expect(lut.control).toBeCloseTo(200, 1);
    expect(lut.words).toBeCloseTo(1.5, 2);
    expect([lut.other, ff, carry]).toEqual([undefined, {}, {}]);
  });

  it('is refused where an estimate is more than 5 % from its count', () => {
    const costs = fitAll(made, terms)['unit']!;
    const right = (s: Sample<Size>) => ({ ...estimateOf(s.structure(), costs), bram: 2, dsp: 0 });
    const judge = (estimate: (s: Sample<Size>) => Estimate) =>
      judgement(made.map((m) => ({ ...m, sample: { ...m.sample, estimate: () => estimate(m.sample) } }))).checks;
    expect(judge(right).every((c) => c.ok)).toBe(true);
    const wrong = judge((s) => ({ ...right(s), ff: s.name === 'unit 20' ? 64 : 60 }));
    expect(wrong.map((c) => c.ok)).toEqual([true, false, true, true]);
    expect(wrong[1]!.detail).toContain('ff 64 for 60 (+6.7 %)');
    expect(judge((s) => ({ ...right(s), dsp: 1 })).some((c) => c.ok)).toBe(false);
  });
});
