/** Windows of text shared among threads. */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Clamped } from '../fixed/projection.ts';
import type { Kernels } from '../float/kernels.ts';
import type { Model } from '../model.ts';
import { GoldenProblem, type ProblemFacts } from '../problem.ts';
import { compareWindow } from './compare-window.ts';
import { createRunner, type FixedChoice } from './runner.ts';
import { windowNats } from './windows.ts';

/** What is done with every window. */
export interface WindowJob {
  readonly model: Model;
  readonly fixed: FixedChoice | undefined;
  /** Runs the window in floating and in fixed point: results are those of `compareWindow`. Otherwise the window's nats alone. */
  readonly compare: boolean;
}

interface WindowOptions {
  readonly threads?: number;
  readonly kernels?: Kernels;
  readonly progress?: (done: number, total: number) => void;
  readonly stopped?: () => boolean;
}

/** One thread's part: a function from windows to results, and what it clamped in all. */
export interface WindowWorker {
  run(window: Uint8Array): number[];
  clamped(): Clamped;
}

export function createWindowWorker({ model, fixed, compare }: WindowJob, kernels?: Kernels): WindowWorker {
  const runner = createRunner({ model, fixed }, kernels);
  const { clamped } = runner;
  if (!compare) return { run: (window) => [windowNats(runner, window)], clamped };
  const float = createRunner({ model, fixed: undefined }, kernels);
  return { run: (window) => compareWindow(float, runner, window), clamped };
}

/** What a worker is asked and answers; asked without a window, it tells what it clamped. */
export type WorkerRequest = { readonly index: number; readonly window: Uint8Array } | 'finish';
export type WorkerAnswer =
  | { readonly index: number; readonly result: number[] }
  | { readonly clamped: Clamped }
  | { readonly problem: ProblemFacts }
  | { readonly failure: string };

/** Windows below this many per thread are not worth a thread's start. */
const WINDOWS_PER_THREAD = 4;

/** The results of all windows, in their order; where it is stopped, of the first ones, at least one. */
export async function runWindows(
  job: WindowJob,
  windows: readonly Uint8Array[],
  options: WindowOptions,
): Promise<{ readonly rows: number[][]; readonly clamped: Clamped; readonly threads: number }> {
  const most = options.threads ?? availableParallelism();
  const threads = options.kernels ? 1 : Math.min(most, Math.ceil(windows.length / WINDOWS_PER_THREAD));
  const rows: number[][] = [];
  const clamped: Clamped = {};
  const { stopped = () => false } = options;
  let done = 0;
  const report = (index: number, result: number[]) => {
    rows[index] = result;
    options.progress?.(++done, windows.length);
  };
  const note = (counts: Clamped) => {
    for (const [name, n] of Object.entries(counts)) clamped[name] = (clamped[name] ?? 0) + n;
  };
  if (threads > 1) await shareWindows(job, windows, threads, stopped, report, note);
  else {
    const worker = createWindowWorker(job, options.kernels);
    for (const [index, window] of windows.entries()) {
      report(index, worker.run(window));
      if (stopped()) break;
    }
    note(worker.clamped());
  }
  return { rows, clamped, threads };
}

/** Hands the next window to whichever worker is free. */
async function shareWindows(
  job: WindowJob,
  windows: readonly Uint8Array[],
  threads: number,
  stopped: () => boolean,
  report: (index: number, result: number[]) => void,
  note: (clamped: Clamped) => void,
): Promise<void> {
  const workers: Worker[] = [];
  let next = 0;
  const runWorker = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: job });
      workers.push(worker);
      const ask = () => {
        const index = next++;
        const request: WorkerRequest = index < windows.length ? { index, window: windows[index]! } : 'finish';
        worker.postMessage(request);
      };
      worker.on('message', (answer: WorkerAnswer) => {
        if ('problem' in answer) return reject(new GoldenProblem(answer.problem));
        if ('failure' in answer) return reject(new Error(answer.failure));
        if ('clamped' in answer) {
          note(answer.clamped);
          return resolve();
        }
        report(answer.index, answer.result);
        if (stopped()) next = windows.length;
        ask();
      });
      worker.on('error', reject);
      ask();
    });
  try {
    await Promise.all(Array.from({ length: threads }, runWorker));
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
