import { expect, it } from 'vitest';
import { type Design, defineModule, input, output, printVerilog, uint } from '../gen/index.ts';
import { type CellTotals, synthesize, uncounted } from './synthesis.ts';

const word = uint(8);
const ports = { a: input(word, 'what to add'), y: output(word, 'the sum') };
type Stage = Design<typeof ports>;

const adder: Stage = defineModule({ name: 'adder', doc: 'A sum so far.', ports }, (m, io) => {
  const sum = m.register('sum', word, { reset: 0 });
  sum.next(sum.add(io.a).trunc(8));
  io.y.drive(sum);
});

/** Stages one after another. */
const chain = (name: string, stages: readonly Stage[]): Stage =>
  defineModule({ name, doc: 'For tests of counting.', ports }, (m, io) => {
    const end = stages.reduce((value, stage, i) => {
      const at = m.instance(`stage_${i}`, stage);
      at.a.drive(value);
      return at.y;
    }, io.a);
    io.y.drive(end);
  });
const pair = chain('pair', [adder, adder]);
const design = chain('chain', [pair, adder, pair]);

it('counts cells by module and as a whole', async () => {
  const found = await synthesize(printVerilog(design), { target: 'ecp5', keepHierarchy: true });
  expect(found.modules.map(({ name, instances, ff }) => [name, instances, ff])).toEqual([
    ['adder', 5, 8],
    ['chain', 1, 0],
    ['pair', 2, 0],
  ]);
  for (const name of ['lut', 'ff', 'carry', 'dsp', 'bram', 'uram'] satisfies (keyof CellTotals)[])
    expect([name, found.modules.reduce((sum, m) => sum + m.instances * m[name], 0)]).toEqual([name, found[name]]);
  expect(found).toMatchObject({ ff: 40, dsp: 0, bram: 0 });
  expect(found.lut).toBeGreaterThanOrEqual(40);
  expect(uncounted(found)).toEqual([]);
});

it('names cells that no count has', () => {
  const cells = new Map(Object.entries({ LUT6: 4, MUXF7: 2, INV: 1, RAM64X8SW: 1, $scopeinfo: 1 }));
  expect(uncounted({ cells })).toEqual([
    ['MUXF7', 2],
    ['INV', 1],
  ]);
});
