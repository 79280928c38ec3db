import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import { bit, type Design, defineModule, input, output, printVerilog, sint, uint } from '../index.ts';
import { assertionsDefine } from './emit.ts';

/** The text of a design; it must be clean with and without its assertions. */
async function printed(design: Design): Promise<string> {
  const { files, top } = printVerilog(design);
  for (const defines of [[], [assertionsDefine]]) {
    const result = await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top, { defines });
    expect(result.log).toBe('');
  }
  return files.at(-1)!.text;
}

const ports = {
  write: input(bit, 'store'),
  mask: input(uint(2), 'bytes to store'),
  to: input(uint(3), 'where'),
  data: input(uint(16), 'what'),
  from: input(uint(3), 'what to read'),
  now: output(uint(16), 'read in the same cycle'),
  old: output(uint(16), 'read one cycle later, before the write'),
  fresh: output(uint(16), 'read one cycle later, after the write'),
  count: output(uint(4), 'stores'),
};

describe('state', () => {
  it('memories with byte enables, all kinds of reads, initial contents', async () => {
    const d = defineModule({ name: 'store', doc: 'A store.', ports, reset: 'asynchronous' }, (m, io) => {
      const memory = m.memory('words', { depth: 8, shape: uint(16), init: [1, 0xbeef], style: 'distributed' });
      memory.write({ address: io.to, data: io.data, enable: io.write, mask: io.mask });
      io.now.drive(memory.readNow('now_q', io.from));
      io.old.drive(memory.read('old_q', io.from));
      io.fresh.drive(memory.read('fresh_q', io.from, { underWrite: 'new', enable: io.write.not() }));
      const count = m.register('stores', uint(4), { reset: 3, init: 3, enable: io.write });
      count.next(count.add(1).trunc(4));
      io.count.drive(count);
      const before = m.delay('count_before', count, { reset: 3 });
      m.assert('counts_up', count.eq(before).or(count.eq(before.add(1).trunc(4))), 'the count moves by at most one');
      m.cover('wraps', count.eq(0), 'the count wraps around');
    });
    expect(await printed(d)).toMatchInlineSnapshot(`
      "// A store.
      module store (
        input wire clk,                             // clock, rising edge
        input wire rst,                             // asynchronous reset, active high
        input wire write,                           // store
        input wire [1:0] mask,                      // bytes to store
        input wire [2:0] to,                        // where
        input wire [15:0] data,                     // what
        input wire [2:0] from,                      // what to read
        output wire [15:0] now,                     // read in the same cycle
        output wire [15:0] old,                     // read one cycle later, before the write
        output wire [15:0] fresh,                   // read one cycle later, after the write
        output wire [3:0] count                     // stores
      );
        (* ram_style = "distributed" *) reg [15:0] words [0:7];
        integer words_index;
        initial begin
          words[0] = 16'd1;
          words[1] = 16'hbeef;
          for (words_index = 2; words_index < 8; words_index = words_index + 1) words[words_index] = 16'd0;
        end
        wire [15:0] now_q = words[from];
        reg [15:0] old_q;
        reg [15:0] fresh_q;
        reg [3:0] stores = 4'd3;

        assign now = now_q;
        assign old = old_q;
        assign fresh = fresh_q;
        assign count = stores;

        always @(posedge clk or posedge rst) begin
          if (rst) begin
            stores <= 4'd3;
          end else if (write) stores <= stores + 4'd1;
        end

        always @(posedge clk) begin
          if (write) begin
            if (mask[0]) words[to][7:0] <= data[7:0];
            if (mask[1]) words[to][15:8] <= data[15:8];
          end
          old_q <= words[from];
          if (~write) fresh_q <= ((write & (to == from) ? {{8{mask[1]}}, {8{mask[0]}}} : 16'd0) & data) | (~(write &
              (to == from) ? {{8{mask[1]}}, {8{mask[0]}}} : 16'd0) & words[from]);
        end

      \`ifdef POPSCAN_ASSERTIONS
        reg [3:0] count_before;

        always @(posedge clk or posedge rst) begin
          if (rst) begin
            count_before <= 4'd3;
          end else begin
            count_before <= stores;
          end
        end

        always @(posedge clk) begin
          if (~rst) begin
            // the count moves by at most one
            counts_up: assert ((stores == count_before) | (stores == count_before + 4'd1));
          end
        end

        always @(posedge clk) begin
          if (~rst) begin
            // the count wraps around
            wraps: cover (stores == 4'd0);
          end
        end
      \`endif
      endmodule
      "
    `);
  });

  it('the bits of a signed value as an address are no negative index', async () => {
    const pins = {
      write: input(bit, 'store'),
      at: input(sint(2), 'where'),
      now: output(bit, 'at once'),
      later: output(bit, 'a cycle later'),
    };
    const d = defineModule({ name: 'signed_address', doc: 'A signed address.', ports: pins }, (m, io) => {
      const memory = m.memory('words', { depth: 4, shape: bit });
      const address = io.at.asUnsigned();
      memory.write({ address, data: io.write, enable: io.write });
      io.now.drive(memory.readNow('now_q', address));
      io.later.drive(memory.read('later_q', address));
    });
    const indexed = (await printed(d)).match(/words\[(?!0:).*?\]/g);
    expect(indexed).toEqual(['words[$unsigned(at)]', 'words[$unsigned(at)]', 'words[$unsigned(at)]']);
  });
});
