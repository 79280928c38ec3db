import type { Runner } from './runner.ts';
import { surprisal } from './windows.ts';

/** [nats in float, nats in fixed, largest logit error, bytes of the same greedy choice, seconds in float, seconds in fixed] of a window. */
export function compareWindow(float: Runner, fixed: Runner, window: Uint8Array): number[] {
  const { vocabSize } = float;
  const started = performance.now();
  const exact = allLogits(float, window);
  const between = performance.now();
  const rounded = allLogits(fixed, window);
  const ended = performance.now();
  const nats = [0, 0];
  let error = 0;
  let agreed = 0;
  for (let t = 0; t < window.length; t++) {
    const [a, b] = [exact, rounded].map((l) => l.subarray(t * vocabSize, (t + 1) * vocabSize)) as [
      Float32Array,
      Float32Array,
    ];
    a.forEach((value, i) => {
      error = Math.max(error, Math.abs(value - b[i]!));
    });
    if (greedy(a) === greedy(b)) agreed++;
    if (t + 1 === window.length) continue;
    nats[0]! += surprisal(a, 0, vocabSize, window[t + 1]!);
    nats[1]! += surprisal(b, 0, vocabSize, window[t + 1]!);
  }
  return [...nats, error, agreed, (between - started) / 1000, (ended - between) / 1000];
}

/** Logits after every token, [tokens, vocabSize], from a cleared state. */
function allLogits(runner: Runner, tokens: ArrayLike<number>): Float32Array {
  const { vocabSize } = runner;
  const out = new Float32Array(tokens.length * vocabSize);
  runner.reset();
  runner.run(tokens, (logits, position, steps) => {
    out.set(logits.subarray(0, steps * vocabSize), position * vocabSize);
  });
  return out;
}

const greedy = (logits: Float32Array) =>
  logits.indexOf(logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY));
