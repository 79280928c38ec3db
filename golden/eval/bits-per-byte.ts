import type { Clamped } from '../fixed/projection.ts';
import type { Kernels } from '../float/kernels.ts';
import type { Model } from '../model.ts';
import { GoldenProblem, notFinite } from '../problem.ts';
import type { FixedChoice } from './runner.ts';
import { runWindows } from './threads.ts';

export interface EvaluationOptions {
  /** Threads that share the windows; default as many as the machine runs at once. The result does not depend on it. */
  readonly threads?: number;
  /** Number formats of the fixed-point model, with the ranges that its units follow from; default floating point. */
  readonly fixed?: FixedChoice;
  /** Kernels to use in floating point, on this thread only (kernels do not travel); default SIMD kernels on `threads` threads. */
  readonly kernels?: Kernels;
  /** Told after each window. */
  readonly progress?: (done: number, total: number) => void;
  /** Asked after each window: whether to end with those that are done. */
  readonly stopped?: () => boolean;
}

export interface Evaluation {
  /** -log2 p per predicted byte, averaged over all of them. */
  readonly bitsPerByte: number;
  /** Predicted bytes: all but the first of every window. */
  readonly predicted: number;
  /** Those that were evaluated: all, unless it was stopped. */
  readonly windows: number;
  /** Results that did not fit their formats, by format; empty when all did, and in floating point. */
  readonly clamped: Clamped;
}

/**
 * Bits per byte of a byte-level model over windows of text, each from a cleared state. The sum is taken in the order of the windows, so
 * that it does not depend on threads. Errors: `usage` when the model's vocabulary is not bytes, `result-not-finite`.
 */
export async function bitsPerByte(
  model: Model,
  windows: readonly Uint8Array[],
  options: EvaluationOptions = {},
): Promise<Evaluation> {
  checkBytes(model);
  const { rows, clamped } = await runWindows({ model, fixed: options.fixed, compare: false }, windows, options);
  return { ...average(rows, 0, windows.slice(0, rows.length)), clamped };
}

/** Bits per byte from the nats of windows, which are in column `column` of their results. */
export function average(rows: readonly (readonly number[])[], column: number, windows: readonly Uint8Array[]) {
  const predicted = windows.reduce((sum, window) => sum + window.length - 1, 0);
  const total = rows.reduce((sum, row) => sum + row[column]!, 0);
  if (!Number.isFinite(total)) throw notFinite('a logit', total);
  return { bitsPerByte: total / Math.LN2 / predicted, predicted, windows: windows.length };
}

export function checkBytes({ config }: Model): void {
  if (config.vocabSize === 256) return;
  throw new GoldenProblem({
    id: 'usage',
    what: 'the model does not read bytes, so its bits per byte of a text cannot be measured',
    where: 'config.json, vocab_size',
    expected: '256',
    found: String(config.vocabSize),
    remedy: 'use a byte-level model, or compare with a trace (--trace)',
  });
}
