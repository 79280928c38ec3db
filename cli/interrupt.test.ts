import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { bundled } from './bundled.ts';
import { nano } from './testing/checkpoint.ts';
import { objectOf, popscanUntil, scratchDir } from './testing/run.ts';

const argv = (...more: readonly string[]) => [
  ...['eval', '--model', nano, '--text', bundled('models/kjv-val.txt')],
  ...['--window', '64', '--windows', '3', '--threads', '1', '--json', ...more],
];

test.each([
  ['float', 'bits_per_byte'],
  ['fixed', 'fixed.bits_per_byte'],
])(
  'eval --precision %s that is interrupted gives what it has of the text, and says that it is not all',
  async (precision, name) => {
    const outcome = await popscanUntil(() => true, ...argv('--precision', precision));
    expect(outcome.status).toBe(1);
    const report = objectOf(outcome) as {
      readonly figures: readonly { readonly name: string; readonly value: number }[];
    };
    expect(report).toMatchObject({
      ok: false,
      checks: expect.arrayContaining([
        { name: 'all windows were evaluated', ok: false, detail: 'interrupted after 1 of 3' },
      ]),
    });
    expect(report.figures.find((f) => f.name === 'windows')?.value).toBe(1);
    expect(report.figures.find((f) => f.name === name)?.value).toBeGreaterThan(1);
  },
);

test('a sweep that is interrupted prints no value of less than the whole text, and draws nothing', async () => {
  using dir = scratchDir();
  const plot = join(dir.path, 'sweep.svg');
  let looks = 0;
  const interrupted = () => ++looks > 9; // in the second format
  const outcome = await popscanUntil(interrupted, ...argv('--sweep', 'activation_bits', '--plot', plot));
  expect(objectOf(outcome)).toMatchObject({
    checks: [{ name: 'all formats were evaluated', ok: false, detail: 'interrupted after 1 of 4' }],
    figures: [{ name: 'float.bits_per_byte' }, { name: 'activation_bits.4.bits_per_byte' }],
  });
  expect(readdirSync(dir.path)).toEqual([]);
});
