/** What printed Verilog takes on an FPGA: mapped by Yosys, flattened, its cells counted. */
import type { VerilogOutput } from '../gen/index.ts';
import { SimProblem } from './engine.ts';
import { yosys } from './yosys.ts';

/** UltraScale+ and ECP5. */
export type SynthesisTarget = 'xcup' | 'ecp5';

export interface SynthesisOptions {
  readonly target: SynthesisTarget;
  /** Products in look-up tables; default: in DSP blocks. */
  readonly noDsp?: boolean;
  /** Yosys commands between reading and mapping. */
  readonly before?: string;
  readonly seconds?: number;
}

export interface Synthesis {
  /** LUTs of any size, those used as shift registers and memories among them. */
  readonly lut: number;
  readonly ff: number;
  readonly dsp: number;
  /** Block RAMs: RAMB36, two RAMB18 for one; DP16KD. */
  readonly bram: number;
  readonly uram: number;
  /** Every kind of cell. */
  readonly cells: ReadonlyMap<string, number>;
  /** The netlist as Yosys writes it in JSON, for place and route; for ECP5 alone. */
  readonly netlist: string;
}

/** LUTs that a cell takes: a memory of LUTs has several. */
function lutsOf(cell: string): number {
  if (/^(LUT[1-6]|LUT6_2|SRL16E|SRLC16E|SRLC32E|LUT4)$/.test(cell)) return 1;
  if (/^(RAM32M16|RAM64M8|RAM256X1D|RAM512X1S)$/.test(cell)) return 8;
  if (/^(RAM32M|RAM64M|RAM128X1D)$/.test(cell)) return 4;
  if (/^(RAM32X1D|RAM64X1D|RAM128X1S)$/.test(cell)) return 2;
  if (/^RAM\d+X1S$/.test(cell)) return 1;
  return { CCU2C: 2, TRELLIS_DPR16X4: 4 }[cell] ?? 0;
}

const scripts: Readonly<Record<SynthesisTarget, (top: string, o: SynthesisOptions) => string>> = {
  xcup: (top, o) => `synth_xilinx -family xcup -flatten -noiopad -noclkbuf ${o.noDsp ? '-nodsp ' : ''}-top ${top}`,
  ecp5: (top, o) => `synth_ecp5 -nowidelut ${o.noDsp ? '-nodsp ' : ''}-top ${top} -json netlist.json`,
};

/** Throws a `SimProblem` where Yosys does not end well. */
export async function synthesize({ files, top }: VerilogOutput, o: SynthesisOptions): Promise<Synthesis> {
  const texts = Object.fromEntries(files.map((f) => [f.name, f.text]));
  const { seconds = 900, before = '' } = o;
  const read = `read_verilog -sv ${Object.keys(texts).join(' ')}\nhierarchy -check -top ${top}\n${before}`;
  const script = `${read}\n${scripts[o.target](top, o)}\ntee -o cells.txt stat`;
  const run = await yosys(script, texts, { seconds, wanted: ['cells.txt', 'netlist.json'] });
  if (run.status !== 0) throw notMapped(top, o.target, run.log);
  const cells = countCells(run.files['cells.txt'] ?? '');
  const sum = (count: (cell: string) => number): number => [...cells].reduce((s, [cell, n]) => s + n * count(cell), 0);
  return {
    lut: sum(lutsOf),
    ff: sum((c) => (/^(FD[RSCP]E|TRELLIS_FF)$/.test(c) ? 1 : 0)),
    dsp: sum((c) => (/^(DSP48E2|MULT18X18D)$/.test(c) ? 1 : 0)),
    bram: sum((c) => (/^(RAMB36E2|DP16KD)$/.test(c) ? 1 : c === 'RAMB18E2' ? 0.5 : 0)),
    uram: sum((c) => (c === 'URAM288' ? 1 : 0)),
    cells,
    netlist: run.files['netlist.json'] ?? '',
  };
}

/** Rows of `stat` like `     LUT6     12`, in either order, of the whole design: the last table. */
export function countCells(text: string): Map<string, number> {
  const table = text.slice(Math.max(0, text.lastIndexOf('Number of cells'), text.lastIndexOf(' cells')));
  const rows = [...table.matchAll(/^\s+(?:([$\w]+)\s+(\d+)|(\d+)\s+([$\w]+))\s*$/gm)];
  return new Map(rows.map(([, name, count, countFirst, nameLast]) => [name ?? nameLast!, Number(count ?? countFirst)]));
}

const notMapped = (top: string, target: string, log: string): SimProblem =>
  new SimProblem({
    id: 'synthesis-failed',
    what: `Yosys does not map ${top} to ${target}`,
    where: top,
    expected: 'exit status 0',
    found: log.trim().slice(-1000),
    remedy: 'see what it says; a larger time limit may help',
  });
