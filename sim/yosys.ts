/**
 * Yosys (the WebAssembly one from npm) on files in memory. It blocks its thread, so it runs in a process of its own, which is
 * ended when its time is over.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export interface YosysRun {
  /** 0: every command succeeded. 124: the time limit was reached. */
  readonly status: number;
  /** All that Yosys printed. */
  readonly log: string;
  /** The files asked for, as far as they were written. */
  readonly files: Readonly<Record<string, string>>;
}

export interface YosysOptions {
  readonly seconds?: number;
  /** Files that the script writes and the caller wants. */
  readonly wanted?: readonly string[];
  /** Told of every pass that begins. */
  readonly progress?: ((line: string) => void) | undefined;
}

/** Reads { script, files, wanted } from stdin; Yosys prints to this process's stdout, files are sent as a message. */
const child = `
import { readFileSync, writeSync } from 'node:fs';
import { runYosys } from '@yowasp/yosys';
const { script, files, wanted } = JSON.parse(readFileSync(0, 'utf8'));
const print = (bytes) => { for (let at = 0; bytes && at < bytes.length; ) at += writeSync(1, bytes, at); };
try {
  const options = { stdout: print, stderr: print, decodeASCII: false, fetchProgress: () => {} };
  const made = await runYosys(['-p', script], files, options);
  const texts = Object.fromEntries(wanted.map((name) => [name, Buffer.from(made[name] ?? '').toString()]));
  await new Promise((sent) => process.send(texts, sent)); // a long message is lost where the channel closes before
} catch (error) {
  if (error.code === undefined) console.log(String(error));
  process.exitCode = error.code || 1;
}
process.disconnect();
`;

/** Runs a script of Yosys commands (separated by newlines or `;`) on `files`, by name. */
export function yosys(
  script: string,
  files: Readonly<Record<string, string>>,
  { seconds = 60, wanted = [], progress }: YosysOptions = {},
): Promise<YosysRun> {
  return new Promise((resolve) => {
    const cwd = dirname(fileURLToPath(import.meta.url)); // where the child finds its packages
    const process_ = spawn(process.execPath, ['--input-type=module', '--eval', child], {
      cwd,
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
    });
    const log: Buffer[] = [];
    let made: Readonly<Record<string, string>> = {};
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process_.kill('SIGKILL');
    }, 1000 * seconds);
    for (const stream of [process_.stdout!, process_.stderr!])
      stream.on('data', (chunk: Buffer) => {
        log.push(chunk);
        const pass = /^[\d.]+ Executing (\S+)/m.exec(chunk.toString())?.[1];
        if (pass !== undefined) progress?.(`yosys: ${pass}`);
      });
    const end = (status: number, more = ''): void => {
      clearTimeout(timer);
      resolve({ status, log: Buffer.concat(log).toString() + more, files: made });
    };
    process_.on('message', (files: Readonly<Record<string, string>>) => {
      made = files;
    });
    process_.on('error', (error) => end(127, error.message));
    process_.on('close', (code) => end(late ? 124 : (code ?? 128), late ? `\nno result within ${seconds} s\n` : ''));
    process_.stdin!.on('error', () => undefined); // a child that ends early says why in its log
    process_.stdin!.end(JSON.stringify({ script, files, wanted }));
  });
}

const installed = dirname(fileURLToPath(import.meta.resolve('@yowasp/yosys')));

export function yosysVersion(): string {
  const { version } = JSON.parse(readFileSync(join(installed, '../package.json'), 'utf8')) as { version: string };
  return version;
}

/** A file among those that Yosys ships, e.g. `xilinx/cells_sim.v`. */
export async function sharedFile(path: string): Promise<string> {
  const { filesystem } = (await import(pathToFileURL(join(installed, 'resources-yosys.js')).href)) as {
    readonly filesystem: Folder;
  };
  const found = `share/${path}`.split('/').reduce<unknown>((at, name) => (at as Folder)[name], filesystem);
  return typeof found === 'string' ? found : readFile(found as URL, 'utf8'); // the large ones are files of the package
}

/** CXXRTL's headers by path. */
export async function cxxrtlHeaders(): Promise<Readonly<Record<string, string>>> {
  const names = ['cxxrtl/cxxrtl.h', 'cxxrtl/capi/cxxrtl_capi.h'];
  const texts = names.map(async (n) => [n, await sharedFile(`include/backends/cxxrtl/runtime/${n}`)] as const);
  return Object.fromEntries(await Promise.all(texts));
}

type Folder = { readonly [name: string]: unknown };
