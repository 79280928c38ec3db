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

/** What is counted of cells. */
export interface CellTotals {
  /** LUTs of any size, those used as shift registers and memories among them. */
  readonly lut: number;
  readonly ff: number;
  /** Carry cells: CARRY8, CARRY4, CCU2C, SB_CARRY. */
  readonly carry: number;
  readonly dsp: number;
  /** Block RAMs: RAMB36, two RAMB18 for one; DP16KD; SB_RAM40_4K. */
  readonly bram: number;
  readonly uram: number;
}

/** A module alone, without what is below it. */
export interface ModuleCells extends CellTotals {
  readonly name: string;
  /** How often it stands in the design. */
  readonly instances: number;
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

export interface Synthesis extends CellTotals {
  /** Every kind of cell. */
  readonly cells: ReadonlyMap<string, number>;
  /** Where the hierarchy is kept: every module, the top among them. */
  readonly modules: readonly ModuleCells[];
  /** The netlist as Yosys writes it in JSON, for place and route; for ECP5 and iCE40. */
  readonly netlist: string;
  /** Of Yosys. */
  readonly version: string;
}

/** LUTs that a cell takes: a memory of LUTs has several. */
function lutsOf(cell: string): number {
  if (/^(LUT[1-6]|LUT6_2|SRL16E|SRLC16E|SRLC32E|SB_LUT4)$/.test(cell)) return 1;
  if (/^(RAM32M16|RAM64M8|RAM64X8SW|RAM256X1D|RAM512X1S)$/.test(cell)) return 8;
  if (/^(RAM32M|RAM64M|RAM128X1D|RAM256X1S)$/.test(cell)) return 4;
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
  const cells = countCells(stat);
  return {
    ...countsOf(cells),
    cells,
    modules: keepHierarchy ? modulesOf(stat, top) : [],
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

/** With the version of Yosys that they are of. */
export type CellCounts = CellTotals & Pick<Synthesis, 'version'>;

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

type Cells = ReadonlyMap<string, number>;
type Count = (cell: string) => number;
const one =
  (pattern: RegExp): Count =>
  (cell) =>
    pattern.test(cell) ? 1 : 0;

const counts: Readonly<Record<keyof CellTotals, Count>> = {
  lut: lutsOf,
  ff: one(/^(FD[RSCP]E|TRELLIS_FF|SB_DFF\w*)$/),
  carry: one(/^(CARRY8|CARRY4|CCU2C|SB_CARRY)$/),
  dsp: one(/^(DSP48E2|DSP48E1|MULT18X18D|SB_MAC16)$/),
  bram: (cell) => (/^RAMB18E[12]$/.test(cell) ? 0.5 : one(/^(RAMB36E[12]|DP16KD|SB_RAM40_4K\w*)$/)(cell)),
  uram: one(/^URAM288$/),
};

function countsOf(cells: Cells): CellTotals {
  const sum = (count: Count): number => [...cells].reduce((s, [cell, n]) => s + n * count(cell), 0);
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, sum(count)])) as never;
}

/** Cells of the device that none of the counts has, such as wide multiplexers. */
export const uncounted = ({ cells }: Pick<Synthesis, 'cells'>): [cell: string, number: number][] =>
  [...cells].filter(([cell]) => !cell.startsWith('$') && Object.values(counts).every((count) => count(cell) === 0));

/** What Yosys calls the table of the whole hierarchy, which is the last. */
const hierarchyTable = 'design hierarchy';

/** Cells of the whole design, from the text of `stat`. */
export const countCells = (text: string): Cells => tablesOf(text).at(-1)?.cells ?? new Map();

function modulesOf(text: string, top: string): ModuleCells[] {
  const tables = tablesOf(text).filter((t) => t.name !== hierarchyTable);
  const instances = instancesOf(tables, top);
  return tables.map(({ name, cells }) => ({ name, instances: instances.get(name)!, ...countsOf(cells) }));
}

/** How often each module stands in the design: begins with the top alone, and goes a level down at a time until nothing changes. */
function instancesOf(tables: readonly Table[], top: string): Map<string, number> {
  const below = (times: ReadonlyMap<string, number>, name: string): number =>
    tables.reduce((sum, parent) => sum + (times.get(parent.name) ?? 0) * (parent.modules.get(name) ?? 0), 0);
  let times = new Map<string, number>();
  for (let changed = true; changed; ) {
    const deeper = new Map(tables.map(({ name }) => [name, (name === top ? 1 : 0) + below(times, name)]));
    changed = tables.some(({ name }) => deeper.get(name) !== times.get(name));
    times = deeper;
  }
  return times;
}

/** A table of `stat`. */
interface Table {
  readonly name: string;
  readonly cells: Cells;
  /** Modules of the design that stand in it. */
  readonly modules: Cells;
}

/** The tables of `stat`: rows like `     LUT6     12`, in either order. */
function tablesOf(text: string): Table[] {
  const tables = text
    .split(/^=== /m)
    .slice(1)
    .map((table) => ({ name: table.slice(0, table.indexOf(' ===')), table }));
  const names = new Set(tables.map((t) => t.name));
  return tables.map(({ name, table }) => {
    const rows = [...table.matchAll(/^\s+(?:([$\w]+)\s+(\d+)|(\d+)\s+([$\w]+))\s*$/gm)];
    const counts = rows.map(([, cell, count, first, last]) => [cell ?? last!, Number(count ?? first)] as const);
    const those = (modules: boolean): Cells => new Map(counts.filter(([cell]) => names.has(cell) === modules));
    return { name, cells: those(false), modules: those(true) };
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
