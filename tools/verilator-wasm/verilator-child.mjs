// Runs the WebAssembly Verilator: `verilator-child.mjs PROGRAM ARGS`. In a worker, because only a worker may have the stack
// that deep expressions need (a sum of 2000 terms overflows the main thread's).
import { Worker } from 'node:worker_threads';

const [program, ...argv] = process.argv.slice(2);
const worker = new Worker(program, { argv, resourceLimits: { stackSizeMb: 240 } });
worker.on('exit', (status) => {
  process.exitCode = status;
});
worker.on('error', (error) => {
  console.error(`%Error: Internal Error: ${error.message}`);
  process.exitCode = 1;
});
