import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openVcd, writeVcd } from './vcd.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'vcd-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

it('writes scopes, values and only what changes', () => {
  const path = join(folder, 'run.vcd');
  let now = 0n;
  const vcd = openVcd(path, [
    { path: 'x', width: 1, get: () => now & 1n },
    { path: 'lane_0.acc', width: 70, get: () => -now },
    { path: 'lane_0.sum.deep', width: 3, get: () => 5n },
    { path: 'lane_1.acc', width: 3, get: () => now },
  ]);
  for (; now < 2n; now++) vcd.sample(Number(now));
  expect(readdirSync(folder).every((f) => f.endsWith('.part'))).toBe(true);
  vcd.close();
  expect(readdirSync(folder)).toEqual(['run.vcd']);
  expect(readFileSync(path, 'utf8')).toMatchInlineSnapshot(`
    "$timescale 1 ns $end
    $scope module top $end
    $var wire 1 ! clk $end
    $var wire 1 " x $end
    $scope module lane_0 $end
    $var wire 70 # acc [69:0] $end
    $scope module sum $end
    $var wire 3 $ deep [2:0] $end
    $upscope $end
    $upscope $end
    $scope module lane_1 $end
    $var wire 3 % acc [2:0] $end
    $upscope $end
    $upscope $end
    $enddefinitions $end
    #0
    1!
    0"
    b0 #
    b101 $
    b0 %
    #5
    0!
    #10
    1!
    1"
    b1111111111111111111111111111111111111111111111111111111111111111111111 #
    b1 %
    #15
    0!
    "
  `);
});

it('leaves nothing when abandoned, and says where it cannot write', () => {
  const vcd = openVcd(join(folder, 'sub', 'gone.vcd'), []);
  vcd.sample(0);
  vcd.abandon();
  expect(readdirSync(join(folder, 'sub'))).toEqual([]);
  expect(() => openVcd(join(folder, 'run.vcd', 'x.vcd'), [])).toThrow(/a file cannot be written/);
});

it('writes a trace, unknown bits included', () => {
  const path = join(folder, 'trace.vcd');
  const rows = [{ signal: { path: 'n', width: 4 }, values: [7n, 8n, '1xz0', 8n] }];
  writeVcd(path, { start: 7, cycles: 4, rows });
  expect(readFileSync(path, 'utf8').match(/^(b.*|#\d*0)$/gm)).toEqual([
    '#70',
    'b111 "',
    '#80',
    'b1000 "',
    '#90',
    'b1xz0 "',
    '#100',
    'b1000 "',
  ]);
});
