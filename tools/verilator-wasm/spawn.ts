import { spawn } from 'node:child_process';

/** How a program ended, with all it printed. */
export interface Outcome {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a program without a shell and waits for it, `timeout` ms at the most; `progress` is told of what it prints, as it comes. A signal or a
 * program that cannot be started is status 127 or more.
 */
export function runProgram(
  program: string,
  args: readonly string[],
  {
    progress,
    ...options
  }: {
    readonly cwd?: string;
    readonly env?: NodeJS.ProcessEnv;
    readonly timeout?: number;
    readonly progress?: (text: string) => void;
  } = {},
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    for (const [stream, chunks] of [[child.stdout, stdout] as const, [child.stderr, stderr] as const])
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        progress?.(chunk.toString());
      });
    child.on('error', (error) => resolve({ status: 127, stdout: '', stderr: error.message }));
    child.on('close', (code, signal) => {
      const killed = signal === null ? '' : `killed by ${signal}\n`;
      resolve({
        status: code ?? 128,
        stdout: Buffer.concat(stdout).toString(),
        stderr: Buffer.concat(stderr).toString() + killed,
      });
    });
  });
}
