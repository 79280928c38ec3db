import { spawn } from 'node:child_process';
import { fetchFirtool } from './fetch.ts';
import { findFirtool } from './find.ts';
import { FirtoolProblem, firtoolMissing } from './problem.ts';

/**
 * `firtool ARGS`: the real firtool with these arguments; returns its exit status.
 * `firtool --popscan-fetch`: fetches it with Maven into the cache.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    if (args.length === 1 && args[0] === '--popscan-fetch') {
      process.stderr.write(`firtool is at ${await fetchFirtool()}\n`);
      return 0;
    }
    const firtool = findFirtool();
    if (firtool === undefined) throw firtoolMissing();
    return await new Promise((resolve, reject) => {
      const child = spawn(firtool.path, args, { stdio: 'inherit' });
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? 1));
    });
  } catch (error) {
    if (!(error instanceof FirtoolProblem)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.status;
  }
}
