import { describe, expect, it } from 'vitest';
import {
  checkInterface,
  type ModelPort,
  portWords,
  rowsPerCall,
  rowWords,
  wrapperPort,
  wrapperVerilog,
} from './harness.ts';

const ports: ModelPort[] = [
  { name: 'a', width: 8, direction: 'input' },
  { name: 'q', width: 65, direction: 'output' },
  { name: 'odd-name', width: 1, direction: 'input' },
];
const request = { top: 'dff', ports, clocks: ['clk'] };

describe('packing', () => {
  it('takes whole 64-bit slots', () => {
    expect([1, 32, 33, 64, 65, 128, 200].map(portWords)).toEqual([2, 2, 2, 2, 4, 4, 8]);
    expect(rowWords(ports, 'input')).toBe(4);
    expect(rowWords(ports, 'output')).toBe(4);
  });

  it('cuts replays so that a buffer stays small, and never to nothing', () => {
    expect(rowsPerCall(request)).toBe(16384);
    expect(rowsPerCall({ ...request, ports: [{ name: 'w', width: 10_000_000, direction: 'input' }] })).toBe(1);
  });
});

describe('the wrapper', () => {
  it('connects each port by name', () => {
    expect(wrapperVerilog(request)).toMatchInlineSnapshot(`
      "module popscan_harness(
        input wire c0,
        input wire [7:0] i0,
        input wire i1,
        output wire [64:0] o0
      );
        dff dut (
          .clk(c0),
          .a(i0),
          .\\odd-name (i1),
          .q(o0)
        );
      endmodule
      "
    `);
  });

  it('leads from its lines back to the ports', () => {
    const lines = wrapperVerilog(request).split('\n');
    const line = lines.findIndex((text) => text.includes('.q(')) + 1;
    expect(wrapperPort(request, line)).toBe('q');
    expect(wrapperPort(request, line - 3)).toBe('clk');
    expect(wrapperPort(request, 7)).toBeUndefined();
  });
});

describe('checkInterface', () => {
  it.each([
    ['a width of 0', { ...request, ports: [{ name: 'a', width: 0, direction: 'input' as const }] }, 'port a'],
    ['a port twice', { ...request, clocks: ['a'] }, 'port a'],
    ['a name with a blank', { ...request, top: 'my top' }, '"my top"'],
  ])('refuses %s', (_, wrong, where) => {
    expect(() => checkInterface(wrong)).toThrow(expect.objectContaining({ status: 2, id: 'model-interface', where }));
  });
});
