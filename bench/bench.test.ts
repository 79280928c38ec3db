import { expect, it } from 'vitest';
import { type Bench, reportOf, runRows } from './bench.ts';

const quiet = () => {};
const passed = (name: string) => reportOf([], [{ name, ok: true }]);

/** Interrupted while its second row works. */
function interruptedIn(second: () => Promise<never>) {
  let interrupted = false;
  const bench: Bench = {
    describe: '',
    rows: {
      first: () => passed('first'),
      second: () => {
        interrupted = true;
        return second();
      },
      third: () => passed('third'),
    },
  };
  return runRows(bench, Object.keys(bench.rows), { threads: 1 }, quiet, () => interrupted);
}

it('runs the rows that are named, those on demand too', async () => {
  const lines: string[] = [];
  const bench: Bench = {
    describe: '',
    rows: {
      a: (progress) => {
        progress('works');
        return passed('a');
      },
      b: () => passed('b'),
    },
    onDemand: { c: async () => passed('c') },
  };
  const { checks } = await runRows(
    bench,
    ['a', 'c'],
    { threads: 1 },
    (line) => lines.push(line),
    () => false,
  );
  expect([checks, lines]).toEqual([
    [
      { name: 'a', ok: true },
      { name: 'c', ok: true },
    ],
    ['a: works'],
  ]);
});

it('throws what a row throws', async () => {
  const bench: Bench = { describe: '', rows: { a: () => Promise.reject(new Error('broken')) } };
  await expect(runRows(bench, ['a'], { threads: 1 }, quiet, () => false)).rejects.toThrow('broken');
});

it.each([
  ['goes on and on', () => new Promise<never>(() => {})],
  ['fails, as the interrupt reached its tools', () => Promise.reject(new Error('SIGINT'))],
])('an interrupted row that %s is given up; what is not measured has not passed', async (_, second) => {
  const { checks } = await interruptedIn(second);
  expect(checks).toEqual([
    { name: 'first', ok: true },
    { name: 'all rows were measured', ok: false, detail: 'interrupted after 1 of 3' },
  ]);
});
