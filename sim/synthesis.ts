/** What printed Verilog takes on an FPGA: mapped by Yosys, flattened, its cells counted. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDirectory, sealedDirectory, sha256 } from 'verilator-wasm';
import type { VerilogOutput } from '../gen/index.ts';
import { SimProblem } from './engine.ts';
import { yosys, yosysVersion } from './yosys.ts';

/** UltraScale+, 7-series, ECP5 and iCE40. */
export const synthesisTargets = ['xcup', 'xc7', 'ecp5', 'ice40'] as const;
export type SynthesisTarget = (typeof synthesisTargets)[number];

export interface ModuleCells {
  readonly name: string;
  readonly lut: number;
  readonly ff: number;
  readonly carry: number;
}

export interface SynthesisOptions {
  readonly target: SynthesisTarget;
  /** Products in look-up tables; default: in DSP blocks. */
  readonly noDsp?: boolean;
  /** Yosys commands between reading and mapping. */
  readonly before?: string;
  /** Files that these commands read. */
  readonly files?: Readonly<Record<string, string>>;
  readonly seconds?: number;
  /** Maps each module alone instead of dissolving the hierarchy; counts that are not listed are then 0. */
  readonly keepHierarchy?: boolean;
  /** Told of every pass that begins. */
  readonly progress?: (line: string) => void;
}

export interface Synthesis {
  /** LUTs of any size, those used as shift registers and memories among them. */
  readonly lut: number;
  readonly ff: number;
  /** Carry cells: CARRY8, CARRY4, CCU2C, SB_CARRY. */
  readonly carry: number;
  readonly dsp: number;
  /** Block RAMs: RAMB36, two RAMB18 for one; DP16KD; SB_RAM40_4K. */
  readonly bram: number;
  readonly uram: number;
  /** Every kind of cell. */
  readonly cells: ReadonlyMap<string, number>;
  /** Where the hierarchy is kept: LUTs and flip-flops of every module alone, without what is below it. */
  readonly modules: readonly ModuleCells[];
  /** The netlist as Yosys writes it in JSON, for place and route; for ECP5 and iCE40. */
  readonly netlist: string;
  /** Of Yosys. */
  readonly version: string;
}

/** LUTs that a cell takes: a memory of LUTs has several. */
function lutsOf(cell: string): number {
  if (/^(LUT[1-6]|LUT6_2|SRL16E|SRLC16E|SRLC32E|SB_LUT4)$/.test(cell)) return 1;
  if (/^(RAM32M16|RAM64M8|RAM256X1D|RAM512X1S)$/.test(cell)) return 8;
  if (/^(RAM32M|RAM64M|RAM128X1D)$/.test(cell)) return 4;
  if (/^(RAM32X1D|RAM64X1D|RAM128X1S)$/.test(cell)) return 2;
  if (/^RAM\d+X1S$/.test(cell)) return 1;
  return { CCU2C: 2, TRELLIS_DPR16X4: 4 }[cell] ?? 0;
}

type Options = { readonly dsp: string; readonly flat: boolean };
const xilinx =
  (family: 'xcup' | 'xc7') =>
  (top: string, { dsp, flat }: Options): string =>
    `synth_xilinx -family ${family} ${flat ? '-flatten' : ''} -noiopad -noclkbuf ${dsp} -top ${top}`;

const noflatten = ({ flat }: Options): string => (flat ? '' : '-noflatten');

const scripts: { readonly [T in SynthesisTarget]: (top: string, o: Options) => string } = {
  xcup: xilinx('xcup'),
  xc7: xilinx('xc7'),
  ecp5: (top, o) => `synth_ecp5 -nowidelut ${noflatten(o)} ${o.dsp} -top ${top} -json netlist.json`,
  // DSP blocks are used only where they are asked for; LUTs hold no memories, so that such a style would be an error; nextpnr 0.4 places no
  // notes on scopes
  ice40: (top, o) =>
    `setattr -unset ram_style m:*; synth_ice40 ${noflatten(o)} -top ${top}; delete */t:$scopeinfo; write_json netlist.json`,
};

/** Throws a `SimProblem` where Yosys does not end well. */
export async function synthesize(verilog: VerilogOutput, o: SynthesisOptions): Promise<Synthesis> {
  const { top } = verilog;
  const { seconds = 900, keepHierarchy = false, progress } = o;
  const wanted = ['cells.txt', 'netlist.json'];
  const run = await yosys(scriptOf(verilog, o), { ...o.files, ...textsOf(verilog) }, { seconds, wanted, progress });
  if (run.status !== 0) throw notMapped(top, o.target, run.log);
  const stat = run.files['cells.txt'] ?? '';
  const tables = tablesOf(stat);
  const cells = countCells(stat);
  return {
    lut: sumOf(cells, lutsOf),
    ff: sumOf(cells, isFlipFlop),
    carry: sumOf(cells, isCarry),
    dsp: sumOf(cells, one(/^(DSP48E2|DSP48E1|MULT18X18D|SB_MAC16)$/)),
    bram: sumOf(cells, (c) =>
      /^(RAMB36E[12]|DP16KD|SB_RAM40_4K\w*)$/.test(c) ? 1 : /^RAMB18E[12]$/.test(c) ? 0.5 : 0,
    ),
    uram: sumOf(cells, one(/^URAM288$/)),
    cells,
    modules: keepHierarchy
      ? tables
          .filter((t) => t.name !== hierarchyTable)
          .map((t) => ({
            name: t.name,
            lut: sumOf(t.cells, lutsOf),
            ff: sumOf(t.cells, isFlipFlop),
            carry: sumOf(t.cells, isCarry),
          }))
      : [],
    netlist: run.files['netlist.json'] ?? '',
    version: yosysVersion(),
  };
}

const textsOf = ({ files }: VerilogOutput): Record<string, string> =>
  Object.fromEntries(files.map((f) => [f.name, f.text]));

function scriptOf(
  verilog: VerilogOutput,
  { target, noDsp, before = '', keepHierarchy = false }: SynthesisOptions,
): string {
  const { top } = verilog;
  const read = `read_verilog -sv ${Object.keys(textsOf(verilog)).join(' ')}\nhierarchy -top ${top}\n${before}`;
  const map = scripts[target](top, { dsp: noDsp ? '-nodsp' : '', flat: !keepHierarchy });
  return `${read}\n${map}\ntee -o cells.txt stat`;
}

/** What is counted of a netlist. */
export type CellCounts = Pick<Synthesis, 'lut' | 'ff' | 'carry' | 'dsp' | 'bram' | 'uram' | 'version'>;

/** The counts of `synthesize`, from the cache where the same Yosys has mapped the same text by the same commands before. */
export async function cellCounts(verilog: VerilogOutput, o: SynthesisOptions): Promise<CellCounts> {
  const made = JSON.stringify([yosysVersion(), scriptOf(verilog, o), { ...o.files, ...textsOf(verilog) }]);
  const path = join(cacheDirectory(), 'cells', sha256(made).slice(0, 32));
  await sealedDirectory(path, async (directory) => {
    const { lut, ff, carry, dsp, bram, uram, version } = await synthesize(verilog, o);
    const counts: CellCounts = { lut, ff, carry, dsp, bram, uram, version };
    await writeFile(join(directory, countsFile), JSON.stringify(counts));
  });
  return JSON.parse(await readFile(join(path, countsFile), 'utf8')) as CellCounts;
}

const countsFile = 'counts.json';

type Count = (cell: string) => number;
const sumOf = (cells: ReadonlyMap<string, number>, count: Count): number =>
  [...cells].reduce((s, [cell, n]) => s + n * count(cell), 0);
const one =
  (pattern: RegExp): Count =>
  (cell) =>
    pattern.test(cell) ? 1 : 0;
const isFlipFlop = one(/^(FD[RSCP]E|TRELLIS_FF|SB_DFF\w*)$/);
const isCarry = one(/^(CARRY8|CARRY4|CCU2C|SB_CARRY)$/);

/** What Yosys calls the table of the whole hierarchy, which is the last. */
const hierarchyTable = 'design hierarchy';

/** Cells of the whole design, from the text of `stat`. */
export const countCells = (text: string): Map<string, number> => tablesOf(text).at(-1)?.cells ?? new Map();

/** The tables of `stat`: rows like `     LUT6     12`, in either order; those that name a module of the design are left out. */
function tablesOf(text: string): { readonly name: string; readonly cells: Map<string, number> }[] {
  const tables = text
    .split(/^=== /m)
    .slice(1)
    .map((table) => ({ name: table.slice(0, table.indexOf(' ===')), table }));
  const modules = new Set(tables.map((t) => t.name));
  return tables.map(({ name, table }) => {
    const rows = [...table.matchAll(/^\s+(?:([$\w]+)\s+(\d+)|(\d+)\s+([$\w]+))\s*$/gm)];
    const counts = rows.map(([, cell, count, first, last]) => [cell ?? last!, Number(count ?? first)] as const);
    return { name, cells: new Map(counts.filter(([cell]) => !modules.has(cell))) };
  });
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
