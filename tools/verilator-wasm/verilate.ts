import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { type VerilatorKit, verilatorCommand, verilatorKit } from './artifact.ts';
import { findNativeTools, type NativeTools } from './find.ts';
import { VerilatorProblem } from './problem.ts';
import { type Outcome, runProgram } from './spawn.ts';

/** Text by file name; names are relative, with `/`, and stay below the directory they are relative to. */
export type Files = Readonly<Record<string, string>>;

/** The tools of one way to build. */
export type Toolchain =
  | { readonly how: 'wasm'; readonly kit: VerilatorKit }
  | { readonly how: 'native'; readonly tools: NativeTools };

/**
 * The tools that `how` asks for; `auto` takes the native ones where they are.
 * @throws VerilatorProblem (status 3, `native-missing`)
 */
export async function toolchain(how: 'wasm' | 'native' | 'auto'): Promise<Toolchain> {
  if (how !== 'wasm') {
    const tools = await findNativeTools();
    if (typeof tools !== 'string') return { how: 'native', tools };
    if (how === 'native') {
      throw new VerilatorProblem({
        status: 3,
        id: 'native-missing',
        what: 'a native Verilator model was asked for and cannot be built here',
        where: 'PATH',
        expected: 'Verilator 5.x and a C++ compiler',
        found: tools,
        remedy: "install them (Debian: `apt-get install verilator g++`), or ask for 'wasm', which needs neither",
      });
    }
  }
  return { how: 'wasm', kit: await verilatorKit() };
}

/** Runs Verilator in `cwd`. */
export function runVerilator(chain: Toolchain, args: readonly string[], cwd: string): Promise<Outcome> {
  if (chain.how === 'native')
    return runProgram(chain.tools.verilator, args, { cwd, env: { ...process.env, ...chain.tools.env } });
  const command = verilatorCommand(chain.kit, args);
  return runProgram(process.execPath, command.args, { cwd, env: command.env });
}

/** Calls `use` with a fresh directory that holds `files`, and removes it afterwards. */
export async function withFiles<T>(files: Files, use: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'popscan-verilator-'));
  try {
    await writeFiles(directory, files);
    return await use(directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

/** Writes `files` below `directory`. */
export async function writeFiles(directory: string, files: Files): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    checkFileName(name);
    await mkdir(dirname(join(directory, name)), { recursive: true });
    await writeFile(join(directory, name), text);
  }
}

/** Whether Verilator is given the file by name; headers and memory images only have to be there. */
export function isSource(name: string): boolean {
  return /\.s?v$/.test(name);
}

function checkFileName(name: string): void {
  if (/^\w[\w.+-]*(\/\w[\w.+-]*)*$/.test(name)) return;
  throw new VerilatorProblem({
    status: 2,
    id: 'file-name',
    what: 'a Verilog file cannot have this name',
    where: JSON.stringify(name),
    expected:
      'a relative path of letters, digits, `_`, `.`, `+` and `-`, each part starting with a letter, digit or `_`',
    found: JSON.stringify(name),
    remedy: 'rename the file',
  });
}

/** One message of Verilator. */
export interface Message {
  readonly severity: 'error' | 'warning';
  /** 'WIDTH', 'PINMISSING', ...; '' for most errors. */
  readonly code: string;
  /** file:line:column; '' where Verilator names no place. */
  readonly where: string;
  readonly text: string;
}

/** Verilator's messages, in its order. */
export function parseMessages(log: string): Message[] {
  const pattern = /^%(Error|Warning)(?:-(\w+))?: (?:(\S+?:\d+:\d+): )?(.*)$/gm;
  return Array.from(log.matchAll(pattern), ([, severity, code, where, text]) => ({
    severity: severity === 'Error' ? ('error' as const) : ('warning' as const),
    code: code ?? '',
    where: where ?? '',
    text: text ?? '',
  }));
}

/** The first error of a failed run as a problem; the others are counted. */
export function verilogProblem(outcome: Outcome, version: string): VerilatorProblem {
  const errors = parseMessages(outcome.stderr).filter(
    (message) => message.severity === 'error' && !/^(Exiting due to|Cannot continue|Command Failed)/.test(message.text),
  );
  const [first] = errors;
  if (first === undefined) {
    return new VerilatorProblem({
      status: 3,
      id: 'verilator-failed',
      what: `Verilator ${version} stopped without a message about the Verilog`,
      where: 'verilator',
      expected: 'exit status 0',
      found: `exit status ${outcome.status}\n${outcome.stderr.trim().slice(-2000)}`,
      remedy: 'if the design is very large or deeply nested, make it smaller; otherwise report this',
    });
  }
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return new VerilatorProblem({
    status: 2,
    id: 'verilog-error',
    what: 'Verilator rejects the Verilog',
    where: first.where,
    expected: `Verilog that Verilator ${version} accepts`,
    found: `${first.code === '' ? '' : `${first.code}: `}${first.text}${more}`,
    remedy: first.where === '' ? 'correct the Verilog' : `correct the Verilog at ${first.where}`,
  });
}
