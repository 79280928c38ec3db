/** What Yosys makes of a design for UltraScale+: LUTs as they are counted in docs/matmul.md. */
import { type Design, printVerilog } from '../../gen/index.ts';
import { yosys } from '../../sim/yosys.ts';

export interface Cells {
  readonly lut: number;
  readonly ff: number;
  readonly carry: number;
  readonly bram: number;
  readonly version: string;
}

/** LUTs that a cell takes. */
const luts = (cell: string): number => {
  if (/^LUT[1-6]$|^LUT6_2$|^SRL/.test(cell)) return 1;
  return { RAM32M16: 8, RAM64M8: 8, RAM32M: 4, RAM64M: 4, RAM32X1D: 2, RAM64X1D: 2 }[cell] ?? 0;
};

/** Flattened, no I/O pads. Throws where Yosys fails or takes longer than `seconds`. */
export async function countCells(design: Design, seconds: number): Promise<Cells> {
  const { files, top } = printVerilog(design);
  const names = files.map((f) => f.name);
  const script = `read_verilog ${names.join(' ')}; synth_xilinx -family xcup -flatten -noiopad -top ${top}; tee -o stat.json stat -json`;
  const texts = Object.fromEntries(files.map((f) => [f.name, f.text]));
  const { status, log, files: made } = await yosys(script, texts, { seconds, wanted: ['stat.json'] });
  if (status !== 0) throw new Error(`Yosys ended with ${status}: ${log.slice(-400)}`);
  const { creator, design: found } = JSON.parse(made['stat.json']!) as {
    creator: string;
    design: { num_cells_by_type: Record<string, number> };
  };
  const cells = Object.entries(found.num_cells_by_type);
  const count = (of: (cell: string) => number): number => cells.reduce((sum, [cell, n]) => sum + n * of(cell), 0);
  const one = (pattern: RegExp) => (cell: string) => (pattern.test(cell) ? 1 : 0);
  return {
    lut: count(luts),
    ff: count(one(/^FD[RSCP]E$/)),
    carry: count(one(/^CARRY/)),
    bram: count(one(/^RAMB36/)) + count(one(/^RAMB18/)) / 2,
    version: creator,
  };
}
