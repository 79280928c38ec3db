import { spawn } from 'node:child_process';
import { type FoundFirtool, findFirtool } from './find.ts';
import { firtoolMissing } from './problem.ts';

/** How firtool ended. */
export interface FirtoolResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs firtool with `args` and `input` on its standard input (without a file name in `args`, firtool reads FIRRTL there).
 * A status other than 0 is a result, not an exception: firtool's messages are in `stderr`.
 * @throws FirtoolProblem (status 3) when there is none
 */
export function runFirtool(
  args: readonly string[],
  input = '',
  firtool: FoundFirtool | undefined = findFirtool(),
): Promise<FirtoolResult> {
  if (firtool === undefined) return Promise.reject(firtoolMissing());
  return new Promise((resolve, reject) => {
    const child = spawn(firtool.path, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.stdin.on('error', () => undefined); // it may end without reading everything
    child.on('error', reject);
    child.on('close', (code) => {
      const text = (chunks: Buffer[]) => Buffer.concat(chunks).toString();
      resolve({ status: code ?? 1, stdout: text(stdout), stderr: text(stderr) });
    });
    child.stdin.end(input);
  });
}
