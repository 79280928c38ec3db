// @ts-check
/* A thread of a pool: opens its program once, says so, then does jobs until the pool ends it. */
import { parentPort, workerData as program } from 'node:worker_threads';

const port = /** @type {import('node:worker_threads').MessagePort} */ (parentPort);
/** @type {Promise<{ readonly data: unknown }>} */
const begin = new Promise((resolve) => port.once('message', resolve));
// Node 20 does not apply `--import tsx` in a worker's execArgv; a program in JavaScript need not wait for it.
if (program.endsWith('.ts')) (await import('tsx/esm/api')).register();
const { open } = await import(program);
const run = await open((await begin).data);

/** @type {(request: import('./pool.ts').Request) => Promise<import('./pool.ts').Answer>} */
const answerTo = async ({ index, job }) => {
  try {
    return { index, result: await run(job) };
  } catch (error) {
    return { index, failure: error instanceof Error ? error.message : String(error) };
  }
};
port.on('message', async (request) => port.postMessage(await answerTo(request)));
port.postMessage({ ready: true });
