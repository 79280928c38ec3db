import { spawn } from 'node:child_process';
import { verilatorCommand, verilatorKit } from './artifact.ts';
import { VerilatorProblem } from './problem.ts';

/** `verilator-wasm ARGS`: Verilator with these arguments, in this directory; returns its exit status. */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const command = verilatorCommand(await verilatorKit(), args);
    return await new Promise((resolve, reject) => {
      const child = spawn(process.execPath, command.args, { stdio: 'inherit', env: command.env });
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 1));
    });
  } catch (error) {
    if (!(error instanceof VerilatorProblem)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.status;
  }
}
