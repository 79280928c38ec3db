import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Kernels } from '../float/kernels.ts';
import { createSession } from '../float/session.ts';
import { createSimdKernels } from '../float/simd.ts';
import type { Model } from '../model.ts';
import { GoldenProblem, type ProblemFacts } from '../problem.ts';
import { windowNats } from './windows.ts';

export interface EvaluationOptions {
  /** Threads that share the windows; default as many as the machine runs at once. The result does not depend on it. */
  readonly threads?: number;
  /** Kernels to use, on this thread only (kernels do not travel); default SIMD kernels on `threads` threads. */
  readonly kernels?: Kernels;
  /** Told after each window. */
  readonly progress?: (done: number, total: number) => void;
}

export interface Evaluation {
  /** -log2 p per predicted byte, averaged over all of them. */
  readonly bitsPerByte: number;
  /** Predicted bytes: all but the first of every window. */
  readonly predicted: number;
  readonly windows: number;
}

/** Windows below this many per thread are not worth a thread's start. */
const WINDOWS_PER_THREAD = 4;

/**
 * Bits per byte of a byte-level model over windows of text, each from a cleared state. The sum is taken in the order of the windows, so
 * that it does not depend on threads. Errors: `usage` when the model's vocabulary is not bytes.
 */
export async function bitsPerByte(
  model: Model,
  windows: readonly Uint8Array[],
  options: EvaluationOptions = {},
): Promise<Evaluation> {
  checkBytes(model);
  const most = options.threads ?? availableParallelism();
  const threads = options.kernels ? 1 : Math.min(most, Math.ceil(windows.length / WINDOWS_PER_THREAD));
  const nats = new Float64Array(windows.length);
  let done = 0;
  const report = (index: number, value: number) => {
    nats[index] = value;
    options.progress?.(++done, windows.length);
  };
  if (threads > 1) await shareWindows(model, windows, threads, report);
  else {
    const session = createSession(model, { kernels: options.kernels ?? createSimdKernels() });
    windows.forEach((window, index) => {
      report(index, windowNats(session, window));
    });
  }
  const predicted = windows.reduce((sum, window) => sum + window.length - 1, 0);
  const total = nats.reduce((sum, value) => sum + value, 0);
  return { bitsPerByte: total / Math.LN2 / predicted, predicted, windows: windows.length };
}

/** What a worker is given, asked and answers. */
export type WorkerRequest = { readonly index: number; readonly window: Uint8Array };
export type WorkerAnswer =
  | { readonly index: number; readonly nats: number }
  | { readonly problem: ProblemFacts }
  | { readonly failure: string };

/** Hands the next window to whichever worker is free. */
async function shareWindows(
  model: Model,
  windows: readonly Uint8Array[],
  threads: number,
  report: (index: number, nats: number) => void,
): Promise<void> {
  const workers: Worker[] = [];
  let next = 0;
  const runWorker = () =>
    new Promise<void>((resolve, reject) => {
      const worker = new Worker(new URL('./worker.mjs', import.meta.url), { workerData: model });
      workers.push(worker);
      const ask = () => {
        const index = next++;
        if (index >= windows.length) return resolve();
        worker.postMessage({ index, window: windows[index]! } satisfies WorkerRequest);
      };
      worker.on('message', (answer: WorkerAnswer) => {
        if ('problem' in answer) return reject(new GoldenProblem(answer.problem));
        if ('failure' in answer) return reject(new Error(answer.failure));
        report(answer.index, answer.nats);
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

function checkBytes({ config }: Model): void {
  if (config.vocabSize === 256) return;
  throw new GoldenProblem({
    id: 'usage',
    what: 'the model does not read bytes, so its bits per byte of a text cannot be measured',
    where: 'config.json, vocab_size',
    expected: '256',
    found: String(config.vocabSize),
    remedy: 'Use a byte-level model, or compare with a trace (--trace).',
  });
}
