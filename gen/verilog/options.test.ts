import { describe, expect, it } from 'vitest';
import { type Design, defineModule, increment, input, output, printVerilog, uint } from '../index.ts';

const ports = { a: input(uint(4), 'operand'), y: output(uint(4), 'result') };

const adder = () =>
  defineModule({ name: 'adder', doc: 'Adds one.', ports }, (m, { a, y }) => {
    m.comment('The next value.');
    y.drive(increment(a).named('next_value'));
  });
const top = (): Design => {
  const inner = adder();
  return defineModule({ name: 'outer', doc: 'Adds two.', ports }, (m, { a, y }) => {
    const [first, second] = [m.instance('first', inner), m.instance('second', inner)];
    first.a.drive(a);
    second.a.drive(first.y);
    y.drive(second.y);
  });
};

describe('options', () => {
  it('one file per module, or one file', () => {
    const apart = printVerilog(top());
    const together = printVerilog(top(), { layout: 'single' });
    expect(apart.files.map((f) => f.name)).toEqual(['adder.v', 'outer.v']);
    expect(together.files.map((f) => f.name)).toEqual(['outer.v']);
    expect(together.files[0]!.text).toBe(apart.files.map((f) => f.text).join('\n'));
  });

  it('every line has its origin in each layout', () => {
    for (const layout of ['files', 'single'] as const) {
      for (const { text, origins } of printVerilog(top(), { layout, header: 'One.\nTwo.' }).files) {
        const lines = text.split('\n');
        expect(origins.length).toBe(lines.length - 1);
        const line = lines.findIndex((l) => l.includes('next_value ='));
        if (line >= 0) expect(origins[line]?.resolve()?.line).toBe(9);
      }
    }
  });

  it('a header, no other comment, locations', () => {
    const { dirname: relativeTo } = import.meta;
    const { files } = printVerilog(adder(), { header: 'Licence.', comments: 'none', locations: { relativeTo } });
    expect(files[0]!.text).toMatchInlineSnapshot(`
      "// Licence.
      module adder (  // options.test.ts:7:3
        input wire [3:0] a,  // options.test.ts:4:20
        output wire [3:0] y  // options.test.ts:4:50
      );

        wire [3:0] next_value = a + 4'd1;  // options.test.ts:9:13

        assign y = next_value;  // options.test.ts:9:13
      endmodule
      "
    `);
  });

  it('the same bytes twice, whatever else was made in between', () => {
    const first = printVerilog(top());
    adder();
    top();
    const again = printVerilog(top());
    expect(again.files.map((f) => f.text)).toEqual(first.files.map((f) => f.text));
  });
});
