/** Four linters at their strictest, on printed Verilog: what they complain about, or nothing. */
import { fileURLToPath } from 'node:url';
import { lint, onPath, runProgram, withFiles } from 'verilator-wasm';
import { behaviouralDefine, printVerilog, type VerilogOptions } from '../../gen/index.ts';
import type { Module } from '../../gen/ir.ts';
import { yosys } from '../../sim/yosys.ts';

export interface Source {
  readonly files: Readonly<Record<string, string>>;
  readonly top: string;
  readonly options: VerilogOptions;
}

export function printed(module: Module, options: VerilogOptions = {}): Source {
  const { files, top } = printVerilog({ module }, options);
  return { files: Object.fromEntries(files.map((f) => [f.name, f.text])), top, options };
}

export interface Linter {
  readonly name: string;
  /** What it needs; undefined: it is there. */
  readonly missing: string | undefined;
  /** Empty when it is content. */
  complaints(source: Source): Promise<string>;
}

const slangScript = fileURLToPath(new URL('slang.py', import.meta.url));
/** A Python that has pyslang, given by POPSCAN_PYTHON (a virtual environment's, say), or the first on the path. */
const python = process.env['POPSCAN_PYTHON'] ?? onPath('python3');
const hasSlang = python !== undefined && (await runProgram(python, ['-c', 'import pyslang'])).status === 0;

async function run(program: string, args: readonly string[], { files }: Source): Promise<string> {
  const result = await withFiles(files, (cwd) => runProgram(program, [...args, ...Object.keys(files)], { cwd }));
  return result.status === 0 ? result.stderr.trim() : `status ${result.status}\n${result.stdout}${result.stderr}`;
}

export const linters: readonly Linter[] = [
  {
    name: 'verilator -Wall',
    missing: undefined,
    complaints: async ({ files, top, options }) => {
      const allow = options.layout === 'single' ? ['DECLFILENAME'] : [];
      const logs = [[], [behaviouralDefine]].map((defines) => lint(files, top, { allow, defines }));
      return (await Promise.all(logs)).map((l) => l.log).join('');
    },
  },
  {
    name: 'iverilog -Wall',
    missing: onPath('iverilog') === undefined ? 'Icarus Verilog' : undefined,
    complaints: (source) => run('iverilog', ['-g2005', '-Wall', '-t', 'null', '-s', source.top], source),
  },
  {
    name: 'Yosys check -assert',
    missing: undefined,
    complaints: async ({ files, top }) => {
      const read = `read_verilog -sv ${Object.keys(files).join(' ')}`;
      const { status, log } = await yosys(`${read}; hierarchy -check -top ${top}; proc; check -assert`, files);
      const warnings = log.split('\n').filter((line) => /^(.*: )?(warning|error):/i.test(line.trim()));
      return status === 0 ? warnings.join('\n') : log;
    },
  },
  {
    name: 'slang -Wextra',
    missing: hasSlang ? undefined : 'pyslang (set POPSCAN_PYTHON)',
    complaints: (source) => run(python!, [slangScript, '--top', source.top], source),
  },
];
