import type { Runner } from './runner.ts';

/**
 * The information of a window under the model, in nats: -sum over t >= 1 of log softmax(logits[t - 1])[token t], from a cleared state.
 * The first token is given, not predicted.
 */
export function windowNats(runner: Runner, tokens: ArrayLike<number>): number {
  const { vocabSize } = runner;
  let nats = 0;
  runner.reset();
  runner.run(tokens, (logits, position, steps) => {
    for (let t = 0; t < steps && position + t + 1 < tokens.length; t++) {
      nats += surprisal(logits, t * vocabSize, vocabSize, tokens[position + t + 1]!);
    }
  });
  return nats;
}

/** -log softmax(logits[start ... start + size])[token], in float64. */
export function surprisal(logits: Float32Array, start: number, size: number, token: number): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = start; i < start + size; i++) if (logits[i]! > largest) largest = logits[i]!;
  let sum = 0;
  for (let i = start; i < start + size; i++) sum += Math.exp(logits[i]! - largest);
  return Math.log(sum) + largest - logits[start + token]!;
}
