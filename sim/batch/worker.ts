/** A thread of a pool: opens its program once, then does jobs until the pool ends it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Program, Request } from './pool.ts';

const { program, data } = workerData as { readonly program: string; readonly data: unknown };
const port = parentPort!;
const opened = import(program).then((m: { readonly open: Program<unknown, unknown, unknown> }) => m.open(data));

port.on('message', async ({ index, job }: Request) => {
  const answer = await opened
    .then(async (work): Promise<Answer> => ({ index, result: await work(job) }))
    .catch((error: unknown): Answer => ({ index, failure: error instanceof Error ? error.message : String(error) }));
  port.postMessage(answer);
});
