/** What Yosys makes of emitted Verilog, as an engine: its netlist of vendor cells in Verilator, with the models of these cells. */
import { type RowField, rowLayout, rowWordsOf } from './engine.ts';
import { countCells } from './synthesis.ts';
import { streamsOf } from './testbench.ts';
import { noCompile } from './tool-problem.ts';
import { createVerilator, type VerilatorEngine, type VerilatorOptions } from './verilator.ts';
import { sharedFile, yosys, yosysVersion } from './yosys.ts';

export interface NetlistOptions extends VerilatorOptions {
  /** What is done to the netlist before it runs; for faults. */
  readonly change?: (netlist: string) => string;
}

export interface NetlistEngine extends VerilatorEngine {
  /**
   * Payload is not compared while it is not valid: it may come from state that the design leaves unknown, for which the
   * simulator takes 0 and synthesis what is cheapest.
   */
  unknown(): Uint32Array;
  readonly yosys: string;
  /** Cells of the netlist by type, each module counted as often as it is there. */
  readonly cells: ReadonlyMap<string, number>;
}

/** The cells of UltraScale+ that Yosys has models of: block RAM, UltraRAM and DSP48E2 it knows by their pins alone. */
const toCells = 'synth_xilinx -family xcup -noiopad -noclkbuf -nobram -nodsp';

/** `synth_xilinx`, with the clock enables of shift registers that it loses (docs/tool-notes.md). */
const synthesis = [
  `${toCells} -run begin:map_luts`,
  `${toCells} -nosrl -run map_luts:finalize`,
  'xilinx_srl -fixed -minlen 3',
  'setparam -set ENPOL 1 t:$__XILINX_SHREG_', // E is the enable of flip-flops, active high
  'techmap -map +/xilinx/cells_map.v',
  `${toCells} -run finalize:check`,
];

/** Longest that a synthesis may take, in seconds. */
const limit = 1800;

/**
 * Synthesises the files for UltraScale+ and starts the netlist, with the hierarchy of the design. Registers without an
 * initial value start with 0, as they do in our simulator. Throws a `SimProblem` where Yosys refuses the files.
 */
export async function createNetlist({ change = (text) => text, ...options }: NetlistOptions): Promise<NetlistEngine> {
  const { files, top, onProgress } = options;
  onProgress?.('synthesis');
  const script = [
    `read_verilog -sv ${Object.keys(files).join(' ')}`,
    `hierarchy -check -top ${top}`,
    'setattr -unset ram_style m:*', // a style is obeyed even where its cells are ruled out
    ...synthesis,
    'tee -o cells.txt stat',
    'splitnets', // vectors that are driven bit by bit go wrong in Verilator (docs/tool-notes.md)
    'write_verilog -noattr netlist.v',
  ];
  const {
    status,
    log,
    files: made,
  } = await yosys(script.join('\n'), files, {
    seconds: limit,
    wanted: ['netlist.v', 'cells.txt'],
  });
  if (status !== 0) throw noCompile(`Yosys ${yosysVersion()}`, log.slice(-1000));
  const netlist = { 'cells_sim.v': await sharedFile('xilinx/cells_sim.v'), 'netlist.v': change(made['netlist.v']!) };
  const engine = await createVerilator({
    name: 'netlist',
    ...options,
    files: netlist,
    defines: ['NO_SPECIFY'],
  });
  return { ...engine, ...forgetting(engine), yosys: yosysVersion(), cells: countCells(made['cells.txt']!) };
}

/** `replay` with the payload of streams that are not valid marked as unknown. */
function forgetting(engine: VerilatorEngine): Pick<NetlistEngine, 'replay' | 'unknown'> {
  const { fields, words } = rowLayout(engine.ports, 'output');
  const fieldOf = new Map(fields.map((f) => [f.port, f]));
  const streams = [...streamsOf(engine.ports).values()]
    .filter((s) => s.valid.direction === 'output')
    .map((s) => ({ valid: fieldOf.get(s.valid)!, payload: s.payload.map((p) => fieldOf.get(p)!) }));
  let unknown = new Uint32Array(0);
  const forget = (rows: Uint32Array, start: number, { at, port }: RowField): void => {
    const end = start + at + rowWordsOf(port);
    rows.fill(0, start + at, end);
    unknown.fill(0xffffffff, start + at, end);
  };
  return {
    replay: (inputs, cycles, clocks) => {
      const rows = engine.replay(inputs, cycles, clocks);
      unknown = new Uint32Array(rows.length);
      for (let start = 0; start < rows.length; start += words)
        for (const { valid, payload } of streams)
          if (rows[start + valid.at] === 0) for (const field of payload) forget(rows, start, field);
      return rows;
    },
    unknown: () => unknown,
  };
}
