import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import {
  bit,
  bundle,
  cat,
  type Design,
  defineModule,
  input,
  output,
  printFirrtl,
  printVerilog,
  roundShift,
  saturate,
  sink,
  sint,
  source,
  uint,
} from '../index.ts';
import { binary, name } from './ast.ts';
import { Names } from './names.ts';
import { printExpr } from './print-expression.ts';

/** The text of the top module; every file must pass Verilator's strictest lint. */
async function printed(design: Design): Promise<string> {
  const { files, top } = printVerilog(design);
  const result = await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top);
  expect(result.log).toBe('');
  expect(result.ok).toBe(true);
  return files.at(-1)!.text;
}

describe('precedence', () => {
  const [a, b, c] = [name('a'), name('b'), name('c')];
  it.each([
    [binary('-', a, binary('-', b, c)), 'a - (b - c)'],
    [binary('-', binary('-', a, b), c), 'a - b - c'],
    [binary('+', a, binary('*', b, c)), 'a + b * c'],
    [binary('*', a, binary('+', b, c)), 'a * (b + c)'],
    [binary('&', a, binary('|', b, c)), 'a & (b | c)'],
    [binary('|', a, binary('&', b, c)), 'a | (b & c)'],
    [binary('==', binary('&', a, b), c), '(a & b) == c'],
    [binary('&', binary('==', a, b), c), '(a == b) & c'],
    [binary('<<', a, binary('<<', b, c)), 'a << (b << c)'],
    [binary('<<', a, binary('-', b, c)), 'a << (b - c)'],
  ] as const)('%#: %s', (e, text) => {
    expect(printExpr(e)).toBe(text);
  });
});

describe('names', () => {
  it('keeps what is asked for, numbers what is taken, avoids keywords', () => {
    const names = new Names();
    names.reserve('clk');
    const wishes = ['a', 'a', 'clk', 'module', '1x', 'a-b', 'before', ''];
    const found = ['a', 'a_1', 'clk_1', 'module_', '_1x', 'a_b', 'before_', '_'];
    expect(wishes.map((w) => names.unique(w))).toEqual(found);
  });

  const ports = { a: input(bit, ''), y: output(bit, '') };
  const inverter = (name: string) => defineModule({ name, doc: '', ports }, (_m, io) => io.y.drive(io.a.not()));
  const around = (instance: string, name: string) =>
    defineModule({ name: 'outer', doc: '', ports }, (m, io) => {
      const inner = m.instance(instance, inverter(name));
      inner.a.drive(m.delay('inner', io.a));
      io.y.drive(inner.y);
    });

  it('leaves the top module and instances theirs, whatever else has the name', () => {
    const { files, top } = printVerilog(around('inner', 'outer'));
    expect([top, ...files.map((f) => f.name)]).toEqual(['outer', 'outer_1.v', 'outer.v']);
    expect(files[1]!.text).toContain('outer_1 inner (');
    expect(files[1]!.text).toContain('reg inner_1;');
    const firrtl = printFirrtl(around('inner', 'outer'));
    expect(firrtl.text).toContain('public module outer :');
    expect(firrtl.text).toContain('inst inner of outer_1');
  });

  it('refuses an instance called like a port', () => {
    expect(() => around('y', 'inverter')).toThrow('error[instance-name]: an instance cannot be called y');
    expect(() => around('clk', 'inverter')).toThrow('error[instance-name]: an instance cannot be called clk');
  });
});

const filter = () =>
  defineModule(
    {
      name: 'smooth',
      doc: 'y = (3 y + x) / 4, rounded half up: one result per sample, latency 1.',
      ports: { x: sink(sint(8), 'samples'), y: source(sint(8), 'smoothed') },
    },
    (m, { x, y }) => {
      m.comment('The pipeline moves when its result is taken.');
      const advance = y.ready.or(y.valid.not()).named('advance');
      x.ready.drive(advance);
      y.valid.drive(m.delay('valid_q', x.valid, { enable: advance, reset: 0 }));
      const state = m.register('state', sint(8), { reset: 0, enable: advance.and(x.valid).named('take') });
      const mix = state.mul(3).named('three').add(x.payload).named('mix');
      state.next(saturate(roundShift(mix, 2, 'half-up').named('quarter'), sint(8)));
      y.payload.drive(state);
    },
  );

describe('output', () => {
  it('reads like this', async () => {
    expect(await printed(filter())).toMatchInlineSnapshot(`
      "// y = (3 y + x) / 4, rounded half up: one result per sample, latency 1.
      module smooth (
        input wire clk,                             // clock, rising edge
        input wire rst,                             // synchronous reset, active high
        input wire x_valid,                         // samples
        output wire x_ready,
        input wire signed [7:0] x_data,
        output wire y_valid,                        // smoothed
        input wire y_ready,
        output wire signed [7:0] y_data
      );

        // The pipeline moves when its result is taken.
        wire advance = y_ready | ~y_valid;
        reg valid_q;
        wire take = advance & x_valid;
        reg signed [7:0] state;
        wire signed [10:0] three = state * 3'sd3;
        wire signed [11:0] mix = {three[10], three} + {{4{x_data[7]}}, x_data};
        wire signed [12:0] quarter_sum = mix + 12'sd2;
        wire signed [10:0] quarter = quarter_sum[12:2];

        assign x_ready = advance;
        assign y_valid = valid_q;
        assign y_data = state;

        always @(posedge clk) begin
          if (rst) begin
            valid_q <= 1'd0;
          end else if (advance) valid_q <= x_valid;
        end

        always @(posedge clk) begin
          if (rst) begin
            state <= 8'sd0;
          end else if (take) state <= (quarter[10:7] == 4'd15) | ~(|quarter[10:7]) ? quarter[7:0] : quarter[10] ?
              8'd128 : 8'd127;
        end

        // Bits that are dropped on purpose.
        wire unused = &{1'd0, quarter_sum[1:0]};
      endmodule
      "
    `);
  });

  it('is the same for the same design', () => {
    expect(printVerilog(filter())).toEqual(printVerilog(filter()));
  });

  it('gives modules of one structure one name, of two structures two', async () => {
    const add = (n: number): Design =>
      defineModule(
        { name: 'add', doc: 'Adds.', ports: { a: input(uint(8), 'a'), y: output(uint(8), 'y') } },
        (_m, io) => {
          io.y.drive(io.a.add(n).trunc(8));
        },
      );
    const top = bundle('top', { one: add(1), other: add(1), two: add(2) });
    const { files } = printVerilog(top);
    expect(files.map((f) => f.name)).toEqual(['add.v', 'add_1.v', 'top.v']);
    expect(await printed(top)).toContain('add_1 two (');
  });

  it('names bits that are dropped', async () => {
    const ports = { a: input(uint(8), 'a'), y: output(uint(2), 'y') };
    const d = defineModule({ name: 'drop', doc: 'Drops.', ports }, (m, io) => {
      m.unused(io.a);
      io.y.drive(cat(io.a.bit(6), io.a.bit(1)));
    });
    expect(await printed(d)).toContain("wire unused = &{1'd0, a[7], a[5:2], a[0]};");
  });

  it('keeps signs where Verilog would lose them', async () => {
    const ports = { a: input(sint(8), 'a'), n: input(uint(3), 'n'), t: input(bit, 't'), y: output(sint(8), 'y') };
    const d = defineModule({ name: 'signs', doc: 'Signs.', ports }, (_m, { a, n, t, y }) => {
      y.drive(t.mux(a.shiftRight(n), a.lt(-3).mux(a, 5)));
    });
    const text = await printed(d);
    expect(text).toContain('= a >>> n;');
    expect(text).toContain("a < 8'shfd ? a : 8'd5");
  });

  it('takes no sign from the names of signed values whose bits are meant', async () => {
    const ports = { a: input(sint(8), 'a'), b: input(sint(8), 'b'), t: input(bit, 't'), y: output(uint(4), 'y') };
    const d = defineModule({ name: 'no_signs', doc: 'No signs.', ports }, (_m, { a, b, t, y }) => {
      const [p, q] = [a.asUnsigned(), b.asUnsigned()];
      y.drive(cat(p.lt(q), p.and(q).le(p), t.mux(p, q).gt(3), p.xor(5).lt(q)));
    });
    const text = (await printed(d)).replace(/\s+/g, ' ');
    expect(text).toContain('{$unsigned(a) < $unsigned(b), $unsigned(a) >= $unsigned(a & b), ');
    expect(text).toContain("$unsigned(t ? a : b) > 8'd3, (a ^ 8'd5) < $unsigned(b)}");
  });
});
