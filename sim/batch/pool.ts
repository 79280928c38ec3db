/** Independent jobs on several threads, each with a simulator or whatever else it needs of its own. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** What a program's file exports as `open`: called once per thread; what it returns does the jobs. All of it is copied between threads. */
export type Program<Data, Job, Result> = (
  data: Data,
) => ((job: Job) => Result | Promise<Result>) | Promise<(job: Job) => Result | Promise<Result>>;

export interface Request {
  readonly index: number;
  readonly job: unknown;
}
export type Answer =
  | { readonly index: number; readonly result: unknown }
  | { readonly index: number; readonly failure: string };

export interface PoolOptions {
  /** Default: one per core that there is. */
  readonly threads?: number;
}

export interface Pool<Job, Result> {
  readonly threads: number;
  /** Results in the order of the jobs; each goes to whichever thread is free. The first failure is thrown. */
  map(jobs: readonly Job[]): Promise<Result[]>;
  close(): Promise<void>;
}

/** Starts threads that run the program in the file `program` (TypeScript or JavaScript, as `import.meta.url` names it) on `data`. */
export function createPool<Data, Job, Result>(
  program: string | URL,
  data: Data,
  { threads = availableParallelism() }: PoolOptions = {},
): Pool<Job, Result> {
  const workerData = { program: String(program), data };
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL('./worker.mjs', import.meta.url), { workerData }),
  );
  const map = async (jobs: readonly Job[]): Promise<Result[]> => {
    const results = new Array<Result>(jobs.length);
    let next = 0;
    const serve = (worker: Worker) =>
      new Promise<void>((resolve, reject) => {
        const settle = (end: () => void) => {
          worker.off('message', onAnswer).off('error', onError);
          end();
        };
        const ask = () => {
          const index = next++;
          if (index >= jobs.length) settle(resolve);
          else worker.postMessage({ index, job: jobs[index] } satisfies Request);
        };
        const onAnswer = (answer: Answer) => {
          if ('failure' in answer) {
            next = jobs.length; // no more, and nobody is left working for a later call
            return settle(() => reject(new Error(answer.failure)));
          }
          results[answer.index] = answer.result as Result;
          ask();
        };
        const onError = (error: Error) => settle(() => reject(error));
        worker.on('message', onAnswer).on('error', onError);
        ask();
      });
    const ends = await Promise.allSettled(workers.map(serve));
    const failed = ends.find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return results;
  };
  return { threads, map, close: async () => void (await Promise.all(workers.map((w) => w.terminate()))) };
}
