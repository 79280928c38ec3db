// @ts-check
/* A thread of a pool: opens its program once, says so, then does jobs until the pool ends it. */
import { parentPort, workerData } from 'node:worker_threads';

const { program, data } = workerData;
// Node 20 does not apply `--import tsx` in a worker's execArgv; a program in JavaScript need not wait for it.
if (program.endsWith('.ts')) (await import('tsx/esm/api')).register();
const run = await (await import(program)).open(data);

/** @type {(request: import('./pool.ts').Request) => Promise<import('./pool.ts').Answer>} */
const answerTo = async ({ index, job }) => {
  try {
    return { index, result: await run(job) };
  } catch (error) {
    return { index, failure: error instanceof Error ? error.message : String(error) };
  }
};
parentPort?.on('message', async (request) => parentPort?.postMessage(await answerTo(request)));
parentPort?.postMessage({ ready: true });
