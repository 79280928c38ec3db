import { describe, expect, it } from 'vitest';
import { floatRunner } from './eval/runner.ts';
import { createSession } from './float/session.ts';
import { createSampler, GREEDY, generate } from './generate.ts';
import { loadModel } from './model.ts';
import { expectProblem } from './testing/problems.ts';

const logits = Float32Array.from([0, 3, 1, 3, 2]);

describe('sampling', () => {
  it('greedy takes the most likely, the first of equals', () => {
    expect(createSampler(GREEDY)(logits)).toBe(1);
  });

  it('follows the probabilities', () => {
    const choose = createSampler({ temperature: 2, topK: 0, topP: 1, seed: 5 });
    const counts = new Float64Array(5);
    for (let i = 0; i < 20_000; i++) counts[choose(logits)]! += 1 / 20_000;
    const weights = Array.from(logits, (l) => Math.exp(l / 2));
    const total = weights.reduce((a, b) => a + b);
    counts.forEach((share, i) => {
      expect(Math.abs(share - weights[i]! / total)).toBeLessThan(0.015);
    });
  });

  it('top-k and top-p leave the rest out', () => {
    const seen = (topK: number, topP: number) => {
      const choose = createSampler({ temperature: 5, topK, topP, seed: 1 });
      return [...new Set(Array.from({ length: 500 }, () => choose(logits)))].sort();
    };
    expect(seen(3, 1)).toEqual([1, 3, 4]);
    expect(seen(0, 1e-6)).toEqual([1]);
    expect(seen(1, 1)).toEqual([1]);
    expect(seen(0, 1)).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('generate', () => {
  it('continues a text, the same for the same seed', async () => {
    const model = await loadModel(new URL('../models/nano', import.meta.url).pathname);
    const runner = floatRunner(createSession(model));
    const prompt = Buffer.from('And the LORD ');
    const greedy = generate(runner, prompt, 12);
    const shown: number[] = [];
    expect(generate(runner, prompt, 12, GREEDY, (token) => shown.push(token))).toEqual(greedy);
    expect(shown).toEqual(greedy);
    const warm = { ...GREEDY, temperature: 1, seed: 3 };
    expect(generate(runner, prompt, 12, warm)).toEqual(generate(runner, prompt, 12, warm));
    expect(generate(runner, prompt, 12, warm)).not.toEqual(generate(runner, prompt, 12, { ...warm, seed: 4 }));
    await expectProblem('usage', '--prompt', () => generate(runner, [], 1));
    await expectProblem('usage', '--top-p', () => generate(runner, prompt, 1, { ...GREEDY, topP: 0 }));
  });
});
