import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it, vi } from 'vitest';
import { type Design, defineModule, input, output, uint } from '../gen/index.ts';
import { frequency } from './frequency.ts';
import { scratchDir } from './testing/run.ts';

const ports = { a: input(uint(8), 'a number'), b: output(uint(8), 'the number before') };
const unit = defineModule({ name: 'late', doc: 'A number, late.', ports }, (m, io) => {
  io.b.drive(m.delay('late', io.a));
}) as Design;

/** A program in place of nextpnr that says this of any netlist, and ends by a command of the shell. */
function placer(dir: string, end: string, ...says: readonly string[]): void {
  const program = join(dir, 'nextpnr');
  const text = ['#!/bin/sh', '[ "$1" = --version ] && echo "Version 1.2" && exit 0', 'cat << END', ...says, 'END', end];
  writeFileSync(program, `${text.join('\n')}\n`);
  chmodSync(program, 0o755);
  vi.stubEnv('POPSCAN_NEXTPNR_ICE40', program);
}

afterEach(() => vi.unstubAllEnvs());

it('is what nextpnr says of the unit', async () => {
  using dir = scratchDir();
  placer(dir.path, 'exit 0', "Info: Max frequency for clock 'clk': 123.4 MHz (PASS at 12.00 MHz)");
  const told: string[] = [];
  const { fmax, tools } = await frequency(unit, 'ice40', 3, (line) => told.push(line));
  expect([fmax, tools['nextpnr']]).toEqual([123.4, { version: '1.2', how: 'native' }]);
  expect(told.at(-1)).toMatch('nextpnr, seed 3 of 3: Max frequency');
});

it('is skipped, with the cells, for a unit that is larger than the device', async () => {
  using dir = scratchDir();
  placer(
    dir.path,
    'exit 1',
    'Info: 	         ICESTORM_LC:  9001/ 7680   117%',
    'Info: 	               SB_IO:     4/  256     1%',
    'ERROR: no',
  );
  const { fmax, skipped } = await frequency(unit, 'ice40', 1, () => {});
  const why = 'nextpnr-ice40 --hx8k: 9001 ICESTORM_LC; it has 7680 ICESTORM_LC';
  expect([fmax, skipped]).toEqual([undefined, [{ name: 'Fmax on ice40', why, get: 'choose a smaller unit' }]]);
});

it('is skipped where nothing open places and routes', async () => {
  const { fmax, skipped } = await frequency(unit, 'xcup', 1, () => {});
  expect([fmax, skipped.map((s) => s.name)]).toEqual([undefined, ['Fmax on xcup']]);
});

it('is skipped where nextpnr is ended because it takes too long', async () => {
  using dir = scratchDir();
  placer(dir.path, 'kill $$', 'Info: Routing..');
  const { fmax, skipped } = await frequency(unit, 'ice40', 1, () => {});
  expect([fmax, skipped.map((s) => s.why)]).toEqual([undefined, ['nextpnr does not come to an end within 30 minutes']]);
});

it('is skipped where there is no nextpnr, and a failure is told', async () => {
  using dir = scratchDir();
  vi.stubEnv('PATH', dir.path);
  expect((await frequency(unit, 'ice40', 1, () => {})).skipped[0]).toMatchObject({
    why: 'nextpnr-ice40 was not found',
  });
  vi.stubEnv('POPSCAN_NEXTPNR_ICE40', '/nowhere/nextpnr');
  expect((await frequency(unit, 'ice40', 1, () => {})).skipped[0]).toMatchObject({
    why: '/nowhere/nextpnr, which POPSCAN_NEXTPNR_ICE40 names, does not run',
  });
  vi.unstubAllEnvs();
  placer(dir.path, 'exit 1', 'ERROR: no');
  await expect(frequency(unit, 'ice40', 1, () => {})).rejects.toMatchObject({ id: 'place-and-route-failed' });
});
