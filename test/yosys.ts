/**
 * Yosys (the WebAssembly one from npm) on files in memory. It blocks its thread, so it runs in a process of its own, which is
 * ended when its time is over.
 */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface YosysRun {
  /** 0: every command succeeded. 124: the time limit was reached. */
  readonly status: number;
  /** All that Yosys printed. */
  readonly log: string;
}

/** Reads { script, files } from stdin; Yosys prints to this process's stdout. */
const child = `
import { readFileSync, writeSync } from 'node:fs';
import { runYosys } from '@yowasp/yosys';
const { script, files } = JSON.parse(readFileSync(0, 'utf8'));
const print = (bytes) => { for (let at = 0; bytes && at < bytes.length; ) at += writeSync(1, bytes, at); };
try {
  await runYosys(['-p', script], files, { stdout: print, stderr: print, decodeASCII: false, fetchProgress: () => {} });
} catch (error) {
  if (error.code === undefined) console.log(String(error));
  process.exitCode = error.code || 1;
}
`;

/** Runs a script of Yosys commands (separated by newlines or `;`) on `files`, by name. */
export function yosys(
  script: string,
  files: Readonly<Record<string, string>>,
  { seconds = 60 }: { readonly seconds?: number } = {},
): Promise<YosysRun> {
  return new Promise((resolve) => {
    const cwd = dirname(fileURLToPath(import.meta.url)); // where the child finds its packages
    const process_ = spawn(process.execPath, ['--input-type=module', '--eval', child], {
      cwd,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const log: Buffer[] = [];
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      process_.kill('SIGKILL');
    }, 1000 * seconds);
    for (const stream of [process_.stdout, process_.stderr]) stream.on('data', (chunk: Buffer) => log.push(chunk));
    const end = (status: number, more = ''): void => {
      clearTimeout(timer);
      resolve({ status, log: Buffer.concat(log).toString() + more });
    };
    process_.on('error', (error) => end(127, error.message));
    process_.on('close', (code) => end(late ? 124 : (code ?? 128), late ? `\nno result within ${seconds} s\n` : ''));
    process_.stdin.on('error', () => undefined); // a child that ends early says why in its log
    process_.stdin.end(JSON.stringify({ script, files }));
  });
}
