/** Fixed against floating point on the same text: logits of every byte, and intermediates of every layer. */
import { stepFixed } from '../fixed/forward.ts';
import { fixModel } from '../fixed/model.ts';
import type { Clamped } from '../fixed/projection.ts';
import { createFixedSession } from '../fixed/session.ts';
import { capture, tapTensor } from '../float/capture.ts';
import type { Model } from '../model.ts';
import { average, checkBytes, type EvaluationOptions } from './bits-per-byte.ts';
import type { FixedChoice } from './runner.ts';
import { runWindows } from './threads.ts';

export interface PrecisionComparison {
  /** Bits per byte. */
  readonly float: number;
  readonly fixed: number;
  /** Largest difference of a logit, over all bytes. */
  readonly maxLogitError: number;
  /** Share of bytes after which both find the same byte the most likely. */
  readonly agreement: number;
  readonly predicted: number;
  readonly windows: number;
  readonly clamped: Clamped;
  /** Time of all threads in each precision, divided by their number. */
  readonly floatSeconds: number;
  readonly fixedSeconds: number;
}

/** Both precisions over windows of text, each from a cleared state. Errors: `usage` when the model's vocabulary is not bytes. */
export async function comparePrecisions(
  model: Model,
  windows: readonly Uint8Array[],
  fixed: FixedChoice,
  options: Pick<EvaluationOptions, 'threads' | 'progress' | 'stopped'> = {},
): Promise<PrecisionComparison> {
  checkBytes(model);
  const { rows, clamped, threads } = await runWindows({ model, fixed, compare: true }, windows, options);
  const done = windows.slice(0, rows.length);
  const sum = (column: number) => rows.reduce((total, row) => total + row[column]!, 0);
  const { bitsPerByte: float, predicted } = average(rows, 0, done);
  return {
    float,
    fixed: average(rows, 1, done).bitsPerByte,
    maxLogitError: Math.max(...rows.map((row) => row[2]!)),
    agreement: sum(3) / done.reduce((total, window) => total + window.length, 0),
    predicted,
    windows: done.length,
    clamped,
    floatSeconds: sum(4) / threads,
    fixedSeconds: sum(5) / threads,
  };
}

/** Where signal to noise is taken: of the stream into a layer, the scan's result and what the layer adds. */
const TAPS = ['residual_in', 'scan_out', 'out_proj_out'] as const;

/** Signal-to-noise ratio of one layer in decibels, 10 log10 (sum float^2 / sum (fixed - float)^2). */
export type LayerNoise = Readonly<Record<(typeof TAPS)[number], number>>;

/** Runs tokens from a cleared state through the float model and the plain specification. */
export function signalToNoise(model: Model, fixed: FixedChoice, tokens: ArrayLike<number>): LayerNoise[] {
  const exact = capture(model, tokens);
  const session = createFixedSession(fixModel(model, fixed.calibration, fixed.numerics));
  const sums = Array.from({ length: model.config.nLayer }, () => ({
    residual_in: [0, 0],
    scan_out: [0, 0],
    out_proj_out: [0, 0],
  }));
  for (let t = 0; t < tokens.length; t++) {
    stepFixed(session, tokens[t]!, ({ layer, name, values, unit }) => {
      if (!isTap(name)) return;
      const { shape, values: all } = exact.get(tapTensor(layer, name))!;
      const row = all.subarray(t * shape[1]!, (t + 1) * shape[1]!);
      const sum = sums[layer]![name] as [number, number];
      for (let i = 0; i < row.length; i++) {
        sum[0] += row[i]! ** 2;
        sum[1] += (values[i]! * 2 ** unit - row[i]!) ** 2;
      }
    });
  }
  const decibels = ([signal, noise]: number[]) => 10 * Math.log10(signal! / noise!);
  return sums.map(
    (sum) => Object.fromEntries(TAPS.map((name) => [name, decibels(sum[name])])) as unknown as LayerNoise,
  );
}

const isTap = (name: string): name is (typeof TAPS)[number] => (TAPS as readonly string[]).includes(name);
