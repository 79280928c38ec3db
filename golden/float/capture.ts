import type { Model } from '../model.ts';
import { type Observer, prefill, type Tap, type TapName } from './forward.ts';
import { createSession, type SessionOptions } from './session.ts';

/** A float32 tensor in row-major order. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Everything a model computes for one sequence, named as in the traces: `layers.0.norm_out`, ..., `logits`. */
export type Capture = ReadonlyMap<string, Tensor>;

/**
 * Runs `tokens` from a cleared state and keeps every intermediate of every layer: [tokens, width] each, final_state
 * [nHeads, headDim, dState] after the last token, and logits [tokens, vocabSize].
 */
export function capture(model: Model, tokens: ArrayLike<number>, options: Omit<SessionOptions, 'batch'> = {}): Capture {
  const { nHeads, headDim, dState, vocabSize } = model.config;
  const length = tokens.length;
  const kept = new Map<string, Tensor>();
  const observer: Observer = (tap) => {
    const name = tapTensor(tap.layer, tap.name);
    if (tap.name === 'final_state') {
      kept.set(name, { shape: [nHeads, headDim, dState], values: tap.values.slice() });
      return;
    }
    let tensor = kept.get(name);
    if (tensor === undefined) {
      tensor = { shape: [length, tap.width], values: new Float32Array(length * tap.width) };
      kept.set(name, tensor);
    }
    tensor.values.set(tapRows(tap), tap.position * tap.width);
  };
  const logits = new Float32Array(length * vocabSize);
  prefill(createSession(model, { ...options, batch: 1 }), [tokens], {
    observer,
    logits: (span) => logits.set(span.values, span.position * vocabSize),
  });
  return kept.set('logits', { shape: [length, vocabSize], values: logits });
}

/** The name of a layer's intermediate in a trace. */
export function tapTensor(layer: number, name: TapName): string {
  return `layers.${layer}.${name}`;
}

/** A copy of a tap without gaps: [batch, steps, width]. */
export function tapRows({ batch, steps, width, values, offset, stride }: Tap): Float32Array {
  const out = new Float32Array(batch * steps * width);
  for (let row = 0; row < batch * steps; row++) {
    const from = offset + row * stride;
    out.set(values.subarray(from, from + width), row * width);
  }
  return out;
}
