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
/** `ready`: the program is open. */
export type Answer =
  | { readonly ready: true }
  | { readonly index: number; readonly result: unknown }
  | { readonly index: number; readonly failure: string };

export interface PoolOptions {
  /** The caller's included; all start at once. Default: one per core that there is, once the jobs that are left take longer than their start. */
  readonly threads?: number;
}

export interface Pool<Job, Result> {
  readonly threads: number;
  /** Results in the order of the jobs; each goes to whichever thread is free. The first failure is thrown. */
  map(jobs: readonly Job[]): Promise<Result[]>;
  /** Until all threads have opened the program. */
  ready(): Promise<void>;
  close(): Promise<void>;
}

/** Jobs that a thread has at once: one that it does and one to go on with, since the caller's thread hands out the next between its own. */
const jobsAtOnce = 2;

/** What is left of the jobs of one `map`, and what became of them. */
interface Work<Job, Result> {
  readonly jobs: readonly Job[];
  readonly results: Result[];
  next: number;
}

/** Processor time that a thread takes to start, by the language of its program: none does for jobs that are done sooner. Measured. */
const startMs = (program: string): number => (program.endsWith('.ts') ? 180 : 25);
const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

/**
 * Runs the program in the file `program` (TypeScript or JavaScript, as `import.meta.url` names it) in this thread and others, on what `prepare`
 * gives while they start.
 */
export function createPool<Data, Job, Result>(
  program: string | URL,
  prepare: () => Data,
  { threads: wanted }: PoolOptions = {},
): Pool<Job, Result> {
  const threads = wanted ?? availableParallelism();
  const start = () => Array.from({ length: threads - 1 }, () => startThread<Data, Job, Result>(String(program)));
  let others = wanted === undefined ? [] : start();
  const stopOthers = () => Promise.all(others.map((other) => other.stop()));
  const data = orElse(prepare, stopOthers);
  const openOthers = () => {
    for (const other of others) other.open(data);
  };
  openOthers();
  const startOthers = () => {
    if (others.length > 0) return;
    others = start();
    openOthers();
  };
  const opened = import(String(program)).then((m: { readonly open: Program<Data, Job, Result> }) => m.open(data));
  opened.catch(() => undefined); // `map` throws it
  /** The jobs that this thread does, with a look at the others' answers between them. */
  const workHere = async (work: Work<Job, Result>, recruit: () => void) => {
    const run = await opened;
    while (work.next < work.jobs.length) {
      const start = processorMs();
      const index = work.next++;
      work.results[index] = await run(work.jobs[index]!);
      if ((processorMs() - start) * (work.jobs.length - work.next) > startMs(String(program))) recruit();
      await new Promise(setImmediate);
    }
  };
  const map = async (jobs: readonly Job[]): Promise<Result[]> => {
    const work: Work<Job, Result> = { jobs, results: new Array<Result>(jobs.length), next: 0 };
    const stopAll = (error: unknown) => {
      work.next = jobs.length; // no more, and nobody is left working for a later call
      throw error;
    };
    const ends = new Map<Thread<Data, Job, Result>, Promise<PromiseSettledResult<void>[]>>();
    const recruit = () => {
      startOthers();
      for (const other of others)
        if (!ends.has(other)) ends.set(other, Promise.allSettled([other.work(work, here).catch(stopAll)]));
    };
    const here = workHere(work, recruit).catch(stopAll);
    if (others.length > 0) recruit();
    const own = await Promise.allSettled([here]);
    const failed = [own, ...(await Promise.all(ends.values()))].flat().find((end) => end.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return work.results;
  };
  const ready = async () => {
    startOthers();
    await Promise.all([opened, ...others.map((other) => other.ready)]);
  };
  return { threads, map, ready, close: async () => void (await stopOthers()) };
}

/** What `work` gives; `undo` where it fails. */
function orElse<T>(work: () => T, undo: () => unknown): T {
  try {
    return work();
  } catch (error) {
    undo();
    throw error;
  }
}

interface Thread<Data, Job, Result> {
  /** What it opens its program with. */
  open(data: Data): void;
  readonly ready: Promise<void>;
  /** Does jobs until there are none left; before it is ready, only as long as `others` have not done them all. */
  work(work: Work<Job, Result>, others: Promise<void>): Promise<void>;
  stop(): Promise<unknown>;
}

function startThread<Data, Job, Result>(program: string): Thread<Data, Job, Result> {
  const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: program, execArgv: [] });
  const ready = new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve()).once('error', reject);
  });
  ready.catch(() => undefined); // `work` throws it
  const work = async (work: Work<Job, Result>, others: Promise<void>): Promise<void> => {
    await Promise.race([ready, others.catch(() => undefined)]);
    let open = 0;
    let failure: Error | undefined;
    await new Promise<void>((resolve, reject) => {
      const settle = (end: () => void) => {
        worker.off('message', onMessage).off('error', onError);
        end();
      };
      const ask = () => {
        for (; open < jobsAtOnce && work.next < work.jobs.length; open++) {
          const index = work.next++;
          worker.postMessage({ index, job: work.jobs[index] } satisfies Request);
        }
        if (open === 0) settle(failure === undefined ? resolve : () => reject(failure));
      };
      const onMessage = (answer: Answer) => {
        if ('ready' in answer) return;
        open--;
        if ('failure' in answer) {
          failure ??= new Error(answer.failure);
          work.next = work.jobs.length; // what is open is waited for: a later call must not meet its answers
        } else {
          work.results[answer.index] = answer.result as Result;
        }
        ask();
      };
      const onError = (error: Error) => settle(() => reject(error));
      worker.on('message', onMessage).on('error', onError);
      ask();
    });
  };
  return { open: (data) => worker.postMessage({ data }), ready, work, stop: () => worker.terminate() };
}
