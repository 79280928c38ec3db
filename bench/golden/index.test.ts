import { expect, it } from 'vitest';
import { runRows } from '../bench.ts';
import { golden } from './index.ts';
import { isolated } from './isolate.ts';
import { timeCheck } from './time.ts';

const quiet = () => {};

it('prints the rows that were chosen, one check for each model', async () => {
  const { checks, figures, skipped } = await runRows(golden, ['logits'], { threads: 1 }, quiet, () => false);
  expect(checks.map(({ ok }) => ok)).toEqual(new Array(7).fill(true));
  expect(new Set(checks.map(({ name }) => name)).size).toBe(7);
  expect(figures.map(({ name }) => name)).toContain('two_groups.max_logit_error');
  expect(skipped).toEqual([]);
});

it('a row whose process fails is a failed check, never a passed one', async () => {
  const { checks } = await isolated('no-such-row')(quiet, { threads: 1 });
  expect(checks).toMatchObject([{ name: 'no-such-row runs to its end', ok: false }]);
});

it('time is that of the clock, whatever the cores did', () => {
  const time = { seconds: 100, processor: 30 };
  expect(timeCheck('a', time, 2, 100)).toEqual({
    name: 'a',
    ok: true,
    detail: '100.0 s on the clock (15.0 s of 2 cores), at most 100 s',
  });
  expect(timeCheck('a', time, 2, 20).ok).toBe(false);
});
