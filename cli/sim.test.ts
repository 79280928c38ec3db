import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readVcd } from '../sim/index.ts';
import { bundled } from './bundled.ts';
import { nano } from './testing/checkpoint.ts';
import { popscan, refused, reportOf, scratchDir } from './testing/run.ts';

const work = ['sim', '--model', nano, '--unit', 'scan', '--tokens', '2'];

test('sim: results, streams, and waves in which every beat can be counted', async () => {
  using dir = scratchDir();
  const vcd = join(dir.path, 'run.vcd');
  const { status, out } = await popscan(
    ...work,
    '--stall',
    '0.4',
    '--vcd',
    vcd,
    '--signals',
    'scan_y_valid,scan_y_ready',
  );
  expect(status).toBe(0);
  const line = /^scan_y +gives +(\d+) +(\d+) +(\d+) +(\d+)/m.exec(out);
  const [beats, first, last, held] = line!.slice(1).map(Number) as [number, number, number, number];
  const { rows, start } = readVcd(vcd, { to: 100_000 });
  const [valid, ready] = ['scan_y_valid', 'scan_y_ready'].map(
    (n) => rows.find((r) => r.signal.path === `top.${n}`)!.values,
  );
  const cyclesOf = (both: (v: unknown, r: unknown) => boolean) =>
    valid!.flatMap((v, i) => (both(v, ready![i]) ? [start + i] : []));
  const moves = cyclesOf((v, r) => v === 1n && r === 1n);
  expect([moves.length, moves[0], moves.at(-1)]).toEqual([beats, first, last]);
  expect(cyclesOf((v, r) => v === 1n && r === 0n).length).toBe(held);
  expect(held).toBeGreaterThan(0);
});

test('sim: pauses outside change no result, and make the run longer', async () => {
  const figures = async (stall: string) => {
    const report = reportOf(await popscan(...work, '--stall', stall, '--json'), 'sim');
    expect(report.ok).toBe(true);
    const given = report.streams!.filter((s) => s.side === 'gives');
    expect(given.map((s) => [s.stream, s.beats > 0, s.last! > s.first!])).toEqual([['scan_y', true, true]]);
    return Object.fromEntries(report.figures.map((f) => [f.name, f.value]));
  };
  const [fast, slow] = [await figures('0'), await figures('0.5')];
  expect(fast['vectors']).toBe(slow['vectors']);
  expect(slow['scan.cycles']).toBeGreaterThan(fast['scan.cycles']!);
});

test('sim: what it refuses leaves no file', async () => {
  using dir = scratchDir();
  const vcd = ['--vcd', join(dir.path, 'run.vcd')];
  expect((await refused(2, ...work, '--stall', '1')).id).toBe('option-range');
  expect((await refused(2, ...work, ...vcd, '--from', '1.5')).where).toContain('--from');
  expect((await refused(2, ...work, ...vcd, '--signals', 'nothing_of_this_name')).id).toBe('no-such-signal');
  expect((await refused(2, ...work, ...vcd, '--from', '9', '--to', '8')).where).toContain('--to');
  expect((await refused(2, ...work, '--signals', 'scan_y_*')).remedy).toContain('--vcd FILE');
  expect((await refused(2, ...work, '--vcd', dir.path)).id).toBe('output-file');
  expect(existsSync(dir.path) && readdirSync(dir.path)).toEqual([]);
});

test('sim: a model with scales per row runs in all units', async () => {
  const row = [
    'sim',
    '--model',
    bundled('golden/testing/reference/row'),
    '--tokens',
    '1',
    '--lanes',
    '4',
    '--columns',
    '6',
  ];
  const report = reportOf(await popscan(...row, '--json'), 'sim');
  expect([report.ok, report.skipped]).toEqual([true, []]);
  const units = report.figures.map((f) => f.name).filter((name) => name.endsWith('.cycles'));
  expect(units).toEqual(expect.arrayContaining(['residual.cycles', 'mixer.cycles']));
});

test('a model named without its folder', async () => {
  expect((await refused(2, 'sim', '--model', 'nano')).remedy).toMatch(/comes with popscan is .*models.nano$/);
});
