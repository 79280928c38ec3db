import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Calibration } from '../fixed/calibration.ts';
import { fixModel } from '../fixed/model.ts';
import type { Numerics } from '../fixed/numerics.ts';
import type { Clamped } from '../fixed/projection.ts';
import type { Kernels } from '../float/kernels.ts';
import { createSession } from '../float/session.ts';
import { createSimdKernels } from '../float/simd.ts';
import type { Model } from '../model.ts';
import { GoldenProblem, type ProblemFacts } from '../problem.ts';
import { fixedRunner, floatRunner, type Runner } from './runner.ts';
import { windowNats } from './windows.ts';

export interface EvaluationOptions {
  /** Threads that share the windows; default as many as the machine runs at once. The result does not depend on it. */
  readonly threads?: number;
  /** Number formats of the fixed-point model, with the ranges that its units follow from; default floating point. */
  readonly fixed?: FixedChoice;
  /** Kernels to use in floating point, on this thread only (kernels do not travel); default SIMD kernels on `threads` threads. */
  readonly kernels?: Kernels;
  /** Told after each window. */
  readonly progress?: (done: number, total: number) => void;
}

export interface FixedChoice {
  readonly calibration: Calibration;
  readonly numerics: Numerics;
}

export interface Evaluation {
  /** -log2 p per predicted byte, averaged over all of them. */
  readonly bitsPerByte: number;
  /** Predicted bytes: all but the first of every window. */
  readonly predicted: number;
  readonly windows: number;
  /** Results that did not fit their formats, by format; empty when all did, and in floating point. */
  readonly clamped: Clamped;
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
  const clamped: Clamped = {};
  const report = (index: number, value: number) => {
    nats[index] = value;
    options.progress?.(++done, windows.length);
  };
  const note = (counts: Clamped) => {
    for (const [name, n] of Object.entries(counts)) clamped[name] = (clamped[name] ?? 0) + n;
  };
  if (threads > 1) await shareWindows({ model, fixed: options.fixed }, windows, threads, report, note);
  else {
    const runner = createRunner({ model, fixed: options.fixed }, options.kernels);
    windows.forEach((window, index) => {
      report(index, windowNats(runner, window));
    });
    note(runner.clamped());
  }
  const predicted = windows.reduce((sum, window) => sum + window.length - 1, 0);
  const total = nats.reduce((sum, value) => sum + value, 0);
  return { bitsPerByte: total / Math.LN2 / predicted, predicted, windows: windows.length, clamped };
}

/** What a worker is given. */
export interface WorkerModel {
  readonly model: Model;
  readonly fixed: FixedChoice | undefined;
}

/** A model that is ready to run in the precision asked for. */
export function createRunner({ model, fixed }: WorkerModel, kernels: Kernels = createSimdKernels()): Runner {
  if (fixed === undefined) return floatRunner(createSession(model, { kernels }));
  return fixedRunner(fixModel(model, fixed.calibration, fixed.numerics));
}

/** What a worker is asked and answers; asked without a window, it tells what it clamped. */
export type WorkerRequest = { readonly index: number; readonly window: Uint8Array } | 'finish';
export type WorkerAnswer =
  | { readonly index: number; readonly nats: number }
  | { readonly clamped: Clamped }
  | { readonly problem: ProblemFacts }
  | { readonly failure: string };

/** Hands the next window to whichever worker is free. */
async function shareWindows(
  job: WorkerModel,
  windows: readonly Uint8Array[],
  threads: number,
  report: (index: number, nats: number) => void,
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
