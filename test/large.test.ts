/** Large designs: no backend recurses over the graph, and what the units leave unnamed inherits names. */
import { describe, expect, it } from 'vitest';
import { type Design, defineModule, input, output, printFirrtl, printVerilog, uint } from '../gen/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import { matmulArray, scanUnit } from '../hw/index.ts';

const word = uint(32);
const ports = { x: input(word, 'first value'), k: input(word, 'second value'), y: output(word, 'result') };

const chain = (length: number): Design =>
  defineModule({ name: 'chain', doc: 'Additions one behind another.', ports }, (m, { x, k, y }) => {
    m.located(() => {
      let value = x;
      for (let i = 0; i < length; i++) value = value.add(k).trunc(32);
      y.drive(value);
    });
  });

const row = (length: number): Design => {
  const cell = { a: input(word, 'operand'), b: output(word, 'operand') };
  const inner = defineModule({ name: 'plus_one', doc: 'Adds one.', ports: cell }, (_m, { a, b }) =>
    b.drive(a.add(1).trunc(32)),
  );
  return defineModule({ name: 'row', doc: 'Instances in a row.', ports }, (m, { x, k, y }) => {
    m.unused(k);
    let value = x;
    for (let i = 0; i < length; i++) {
      const at = m.located(() => m.instance(`step_${i}`, inner));
      at.a.drive(value);
      value = at.b;
    }
    y.drive(value);
  });
};

describe('large designs', () => {
  it('a chain of a million additions prints', () => {
    const design = chain(1_000_000);
    const { text } = printVerilog(design).files[0]!;
    expect(text.split(' + k').length - 1).toBe(1_000_000);
    expect(printFirrtl(design).text!.split('add(').length - 1).toBe(1_000_000);
  });

  it('200 000 instances print', () => {
    const design = row(200_000);
    expect(printVerilog(design).files.at(-1)!.text.split('plus_one step_').length - 1).toBe(200_000);
    expect(printFirrtl(design).text!.split(' of plus_one').length - 1).toBe(200_000);
  });
});

it('at most 2 % of the names of the units are generated', () => {
  const { matmul, scan, state } = defaultNumerics;
  const units = [
    matmulArray({
      ...{ lanes: 4, columns: 32, segment: 16, tokens: 1, drain: 2, planes: 1, maxShift: 16, maxRows: 296 },
      ...{ maxColumns: 128, numerics: matmul },
    }),
    scanUnit({
      ...{ lanes: 8, maxHeads: 8, maxHeadDim: 16, maxState: 16, maxGroups: 1, stateWords: 512 },
      ...{ rows: 2, rowWords: 128, numerics: scan, state },
    }),
  ];
  for (const unit of units) expect(printVerilog(unit).generatedNames).toBeLessThanOrEqual(0.02);
});
