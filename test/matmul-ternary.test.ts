/** The sum of three in LUT6_2 and CARRY8 is a + b + c: by SAT with the vendor's models of the cells, and in trees of our own. */
import { describe, expect, it } from 'vitest';
import { defineModule, input, output, printVerilog, sint, uint } from '../gen/index.ts';
import { levels, sumOfSigned, ternaryAdder } from '../hw/matmul/ternary.ts';
import { createRandom, createSimulator } from '../sim/index.ts';
import { yosys } from '../sim/yosys.ts';
import { xilinxCells } from './vendor-cells.ts';

/** What Yosys says of the printed adder beside a + b + c. */
async function equivalence(width: number, change: (verilog: string) => string = (v) => v): Promise<string> {
  const { files, top } = printVerilog(ternaryAdder(width));
  const wide = width + 1;
  const plain = `module plain(input [${width - 1}:0] a, b, c, output [${wide}:0] sum); assign sum = a + b + c; endmodule`;
  const sources = {
    'adder.v': change(files.map((f) => f.text).join('\n')),
    'plain.v': plain,
    'cells.v': await xilinxCells('LUT6_2', 'CARRY8'),
  };
  const read = `read_verilog ${Object.keys(sources).join(' ')}; hierarchy; proc; flatten`;
  const miter = `${read}; miter -equiv -flatten -make_outputs ${top} plain miter; hierarchy -top miter; flatten; opt_clean; sat -verify -prove trigger 0 -timeout 60 miter`;
  const { status, log } = await yosys(miter, sources, { seconds: 120 });
  return status === 0 ? 'equal' : log.slice(-1500);
}

describe('sum of three', () => {
  it.each([1, 7, 8, 12])('of %i bits: equal by SAT', async (width) => {
    expect(await equivalence(width)).toBe('equal');
  });

  it('refuted where a table is wrong', async () => {
    const wrong = (v: string): string =>
      v.replace(/(64'h[0-9a-f]*)([0-9a-f])\b/, (_, head, last) => `${head}${last === '0' ? '8' : '0'}`);
    expect(await equivalence(4, wrong)).toMatch(/trigger/);
  });

  it.each(['portable', 'xilinx'] as const)('trees of signed values, %s', (cells) => {
    const random = createRandom(33);
    for (const terms of [1, 2, 5, 16, 30]) {
      const ports = { x: input(uint(8 * terms), 'values'), y: output(sint(20), 'sum') };
      const design = defineModule({ name: 'tree', doc: 'A tree.', ports }, (m, { x, y }) => {
        const pipe = m.pipeline('tree');
        const values = Array.from({ length: terms }, (_, i) => pipe.enter(x.slice(8 * i + 7, 8 * i).asSigned()));
        y.drive(sumOfSigned(m, pipe, values, { name: 'sum', cells }).ext(20));
      });
      const engine = createSimulator(design.module);
      for (let trial = 0; trial < 20; trial++) {
        const values = Array.from({ length: terms }, () =>
          trial === 0 ? -128 : trial === 1 ? 127 : random.below(256) - 128,
        );
        engine.poke(
          'x',
          values.reduce((word, v, i) => word | (BigInt.asUintN(8, BigInt(v)) << BigInt(8 * i)), 0n),
        );
        for (let i = 0; i < levels(terms); i++) engine.tick();
        engine.eval();
        expect(BigInt.asIntN(20, engine.peek('y'))).toBe(BigInt(values.reduce((a, b) => a + b)));
      }
      engine.close();
    }
  });
});
