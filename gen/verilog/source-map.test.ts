import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { defineModule, input, originOf, output, printVerilog, sourceMap, uint } from '../index.ts';

const here = fileURLToPath(import.meta.url);

it('leads from a Verilog line to the TypeScript line', () => {
  const ports = { a: input(uint(8), 'a'), y: output(uint(9), 'y') };
  const d = defineModule({ name: 'twice', doc: 'Doubles.', ports }, (m, { a, y }) => {
    const doubled = a.add(a).named('doubled'); // the line asked for
    y.drive(m.delay('doubled_q', doubled));
  });
  const file = printVerilog(d).files[0]!;
  const line = 1 + file.text.split('\n').findIndex((l) => l.includes('doubled = a + a'));
  const origin = originOf(sourceMap(file, dirname(here)), line)!;
  expect(origin.source).toBe('source-map.test.ts');
  expect(readFileSync(here, 'utf8').split('\n')[origin.line - 1]).toContain('// the line asked for');
});
