import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { popscan, refused, reportOf, scratchDir } from './testing/run.ts';

const vcd = `$var wire 1 ! clk $end $var wire 8 " count $end $enddefinitions $end
#0 1! b11 " #5 0! #10 1! b100 " #15 0! #20 1! b101 "`;

test('wave: text, or files, of a window', async () => {
  using dir = scratchDir();
  const file = join(dir.path, 'run.vcd');
  writeFileSync(file, vcd);
  const text = await popscan('wave', file, '--from', '1');
  expect(text.out).toContain(['cycle  1   2', '      ────┬───', 'count  04 │05'].map((l) => `${l}\n`).join(''));
  const [svg, json] = [join(dir.path, 'run.svg'), join(dir.path, 'run.json')];
  const report = reportOf(
    await popscan('wave', file, '--svg', svg, '--wavejson', json, '--radix', 'decimal', '--json'),
    'wave',
  );
  expect(report.figures.map((f) => [f.name, f.value])).toEqual([
    ['cycles', 3],
    ['signals', 1],
  ]);
  expect(readFileSync(svg, 'utf8')).toContain('>5</text>');
  expect(JSON.parse(readFileSync(json, 'utf8'))).toMatchObject({
    signal: [{ name: 'count', wave: '===', data: ['3', '4', '5'] }],
  });
});

test('wave: what it refuses', async () => {
  using dir = scratchDir();
  const file = join(dir.path, 'run.vcd');
  writeFileSync(file, vcd);
  expect((await refused(2, 'wave', join(dir.path, 'none.vcd'))).id).toBe('input-file');
  expect((await refused(2, 'wave', file, '--signals', 'counter')).id).toBe('no-such-signal');
  expect((await refused(2, 'wave', file, '--clock', 'count')).id).toBe('no-such-signal');
  expect((await refused(2, 'wave', file, '--from', '1.5')).id).toBe('option-range');
  writeFileSync(file, 'nothing of the kind');
  expect((await refused(2, 'wave', file)).id).toBe('not-a-vcd');
});
