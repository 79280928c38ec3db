import type { Runner } from './eval/runner.ts';
import { GoldenProblem, notFinite } from './problem.ts';

/** How the next token is chosen from the logits. */
export interface Sampling {
  /** 0: always the most likely token (the first of equals). Otherwise logits are divided by it. */
  readonly temperature: number;
  /** Only this many most likely tokens; 0: all. */
  readonly topK: number;
  /** Only the most likely tokens that together have this probability; 1: all. */
  readonly topP: number;
  /** Of the random numbers; the same seed gives the same text. */
  readonly seed: number;
}

export const GREEDY: Sampling = { temperature: 0, topK: 0, topP: 1, seed: 1 };

/** Continues `prompt` by `count` tokens and shows each as it comes. Returns the new tokens. Errors: `usage`, `token-out-of-range`, `result-not-finite`. */
export function generate(
  runner: Runner,
  prompt: ArrayLike<number>,
  count: number,
  sampling: Sampling = GREEDY,
  show: (token: number) => void = () => {},
): number[] {
  checkPrompt(prompt, runner.vocabSize);
  checkSampling(sampling);
  const choose = createSampler(sampling);
  const last = new Float32Array(runner.vocabSize);
  const run = (tokens: ArrayLike<number>) =>
    runner.run(tokens, (logits, _, steps) => {
      last.set(logits.subarray((steps - 1) * last.length, steps * last.length));
    });
  runner.reset();
  run(prompt);
  const tokens: number[] = [];
  while (tokens.length < count) {
    const token = choose(last);
    tokens.push(token);
    show(token);
    if (tokens.length < count) run([token]);
  }
  return tokens;
}

/** Refuses a prompt that is empty or has tokens beyond the vocabulary. Errors: `usage`, `token-out-of-range`. */
export function checkPrompt(prompt: ArrayLike<number>, vocabSize: number): void {
  if (prompt.length === 0) throw usage('--prompt', 'at least one token', 'none');
  const wrong = Array.from(prompt).findIndex((token) => !(Number.isInteger(token) && token >= 0 && token < vocabSize));
  if (wrong < 0) return;
  throw new GoldenProblem({
    id: 'token-out-of-range',
    what: 'a token is not in the vocabulary',
    where: `prompt, token ${wrong + 1}`,
    expected: `0 to ${vocabSize - 1}`,
    found: String(prompt[wrong]),
    remedy: 'use the text encoding that the model was trained with',
  });
}

/** Refuses numbers that choose nothing. Errors: `usage`. */
export function checkSampling({ temperature, topK, topP, seed }: Sampling): void {
  if (!(temperature >= 0 && temperature < 1e6)) throw usage('--temperature', 'a number from 0 on', String(temperature));
  if (!(Number.isInteger(topK) && topK >= 0)) throw usage('--top-k', 'a whole number from 0 on', String(topK));
  if (!(topP > 0 && topP <= 1)) throw usage('--top-p', 'a number above 0, at most 1', String(topP));
  if (!Number.isSafeInteger(seed)) throw usage('--seed', 'a whole number', String(seed));
}

/** A function from logits to tokens: temperature, then top-k, then top-p. */
export function createSampler({ temperature, topK, topP, seed }: Sampling): (logits: Float32Array) => number {
  const random = uniform(seed);
  return (logits) => {
    const most = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
    if (!Number.isFinite(most)) throw notFinite('a logit', most);
    if (temperature === 0) return logits.indexOf(most);
    const order = Array.from(logits, (_, i) => i).sort((a, b) => logits[b]! - logits[a]! || a - b);
    const kept = topK > 0 ? order.slice(0, topK) : order;
    const weights = kept.map((i) => Math.exp((logits[i]! - logits[order[0]!]!) / temperature));
    const total = weights.reduce((a, b) => a + b, 0);
    let nucleus = 0;
    let count = 0;
    while (count < weights.length && nucleus < topP * total) nucleus += weights[count++]!;
    let left = random() * nucleus;
    for (let i = 0; i < count; i++) {
      left -= weights[i]!;
      if (left < 0) return kept[i]!;
    }
    return kept[count - 1]!;
  };
}

/** Numbers in [0, 1) from a seed: splitmix32. */
function uniform(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x9e3779b9) | 0;
    let z = state ^ (state >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) / 2 ** 32;
  };
}

function usage(option: string, expected: string, found: string): GoldenProblem {
  return new GoldenProblem({
    id: 'usage',
    what: `${option} has an impossible value`,
    where: 'command line',
    expected,
    found,
    remedy: `leave ${option} out for its default, or give such a value`,
  });
}
