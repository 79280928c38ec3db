/* The thread that a command runs in: it has TypeScript, and speaks to the world through popscan.mjs. */
import { parentPort, workerData } from 'node:worker_threads';
import { register } from 'tsx/esm/api';

register();
const { main } = await import('./main.ts');
const { plainWidth } = await import('./io.ts');

const { argv, width, statusWidth, flag } = workerData;
const tell = (message) => parentPort.postMessage(message);
const status = await main(argv, {
  out: (out) => tell({ out }),
  err: (err) => tell({ err }),
  width: width ?? plainWidth,
  statusWidth,
  allowInterrupt: () => tell({ interruptible: true }),
  interrupted: () => Atomics.load(flag, 0) === 1,
  scratch: { begin: (path, parents) => tell({ begin: { path, parents } }), end: (path) => tell({ end: path }) },
});
tell({ status });
// What an interrupted command has given up may still be at work.
if (Atomics.load(flag, 0) === 1) process.exit();
