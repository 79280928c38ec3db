import { type Files, isSource, runVerilator, toolchain, withFiles } from './verilate.ts';

/** How to lint. */
export interface LintOptions {
  readonly how?: 'wasm' | 'native' | 'auto';
  readonly defines?: readonly string[];
  /** Warnings that are wanted, by code: 'UNUSED', 'DECLFILENAME', ... */
  readonly allow?: readonly string[];
}

/**
 * `verilator --lint-only -Wall`: ok when there is no error and no warning; `log` is what there is, with file:line:column.
 * @throws VerilatorProblem (status 3) when Verilator itself is missing
 */
export async function lint(
  files: Files,
  top: string,
  options: LintOptions = {},
): Promise<{ readonly ok: boolean; readonly log: string }> {
  const chain = await toolchain(options.how ?? 'auto');
  const defines = (options.defines ?? []).map((define) => `-D${define}`);
  const allow = (options.allow ?? []).map((code) => `-Wno-${code}`);
  const sources = Object.keys(files).filter(isSource);
  const args = ['--lint-only', '-Wall', ...allow, ...defines, '--top-module', top, ...sources];
  const outcome = await withFiles(files, (directory) => runVerilator(chain, args, directory));
  return { ok: outcome.status === 0, log: outcome.stderr.trim() };
}
