/** A thread of a pool: opens its program once, says so, then does jobs until the pool ends it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Program, Request } from './pool.ts';

const { program, data } = workerData as { readonly program: string; readonly data: unknown };
const port = parentPort!;
const { open } = (await import(program)) as { readonly open: Program<unknown, unknown, unknown> };
const run = await open(data);

const answerTo = async ({ index, job }: Request): Promise<Answer> => {
  try {
    return { index, result: await run(job) };
  } catch (error) {
    return { index, failure: error instanceof Error ? error.message : String(error) };
  }
};
port.on('message', async (request: Request) => port.postMessage(await answerTo(request)));
port.postMessage({ ready: true } satisfies Answer);
