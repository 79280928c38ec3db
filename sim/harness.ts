/** A design between registers that need few pins, so that place and route sees its paths alone. */
import { type Design, printVerilog, type VerilogOutput } from '../gen/index.ts';

/** Inputs come from a shift register, outputs are registered and leave as one bit, their parity. */
export function inHarness(design: Design): VerilogOutput {
  const { files, top, ...rest } = printVerilog(design);
  const { ports, clocks } = design.module;
  const of = (direction: 'input' | 'output') => ports.filter((p) => p.direction === direction);
  const bits = (list: typeof ports): number => list.reduce((sum, p) => sum + p.width, 0);
  const [inputs, outputs] = [of('input'), of('output')];
  const connect = (list: typeof ports, word: string): string[] => {
    let low = 0;
    return list.map(({ name, width }) => {
      low += width;
      return `.${name}(${word}[${low - 1}:${low - width}])`;
    });
  };
  const clocked = clocks.map((c) => `.${c.clock}(clk), .${c.reset}(rst)`);
  const pins = [...clocked, ...connect(inputs, 'from'), ...connect(outputs, 'to')];
  const text = `module harness(input clk, input rst, input in, output reg out);
  reg [${bits(inputs) - 1}:0] from;
  wire [${bits(outputs) - 1}:0] to;
  reg [${bits(outputs) - 1}:0] held;
  ${top} dut(${pins.join(', ')});
  always @(posedge clk) begin
    from <= {from, in};
    held <= rst ? to : held >> 1 ^ to;
    out <= held[0];
  end
endmodule
`;
  return { ...rest, files: [...files, { name: 'harness.v', text } as (typeof files)[number]], top: 'harness' };
}
