import { describe, expect, it } from 'vitest';
import { loadModel } from '../model.ts';
import { formulaLogits } from '../testing/formulas.ts';
import { expectProblem } from '../testing/problems.ts';
import { AWKWARD, type SyntheticSpec, scratchDir, syntheticCheckpoint, writeCheckpoint } from '../testing/synthetic.ts';
import { type PrefillOptions, prefill, step } from './forward.ts';
import type { Kernels } from './kernels.ts';
import { plainKernels } from './plain.ts';
import { createSession, resetState, restoreState, saveState } from './session.ts';
import { createSimdKernels } from './simd.ts';

const TOKENS = [3, 20, 0, 7, 7, 11, 19, 2, 5, 16, 1];
const KERNELS: [string, () => Kernels][] = [
  ['plain', () => plainKernels],
  ['simd', createSimdKernels],
];

async function synthetic(spec: SyntheticSpec, seed = 1) {
  using dir = scratchDir();
  const checkpoint = syntheticCheckpoint(spec, seed);
  return { checkpoint, model: await loadModel(writeCheckpoint(dir.path, checkpoint)) };
}

/** Logits of every token, one row each. */
function allLogits(session: ReturnType<typeof createSession>, tokens: readonly number[], options: PrefillOptions = {}) {
  const { vocabSize } = session.model.config;
  const rows: number[][] = [];
  prefill(session, [tokens], {
    ...options,
    logits({ steps, values }) {
      for (let t = 0; t < steps; t++) rows.push(Array.from(values.subarray(t * vocabSize, (t + 1) * vocabSize)));
    },
  });
  return rows;
}

function maxDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  expect(a.length).toBe(b.length);
  return Array.from(a).reduce((worst, value, i) => Math.max(worst, Math.abs(value - b[i]!)), 0);
}

describe.each(KERNELS)('float model with %s kernels', (_, kernels) => {
  const variants: [string, Partial<SyntheticSpec>][] = [
    ['column scales, two groups', {}],
    ['row scales', { pattern: 'row' }],
    ['a single scale', { pattern: 'single' }],
    ['full precision', { pattern: 'dense' }],
    ['one group', { nGroups: 1 }],
    ['as many groups as heads', { nGroups: 6 }],
    ['a head of its own', { tied: false }],
    ['no convolution bias, two taps', { convBias: false, dConv: 2 }],
    ['one layer, d_state 1, head dimension 1', { nLayer: 1, dState: 1, headDim: 1 }],
    ['wide: several sign words per row', { dModel: 48, headDim: 16, dState: 16, nLayer: 2 }],
  ];
  it.each(variants)('equals the formulas in float64: %s', async (_, change) => {
    const spec = { ...AWKWARD, ...change };
    const { checkpoint, model } = await synthetic(spec);
    const ours = allLogits(createSession(model, { kernels: kernels(), chunk: 4 }), TOKENS);
    const reference = formulaLogits(spec, checkpoint, TOKENS);
    const largest = Math.max(...reference.flat().map(Math.abs));
    expect(largest).toBeGreaterThan(0.5);
    expect(maxDifference(ours.flat(), reference.flat()) / largest).toBeLessThan(5e-6);
  });

  it('gives the same for steps, for prefill, and for any chunk', async () => {
    const { model } = await synthetic(AWKWARD);
    const whole = allLogits(createSession(model, { kernels: kernels() }), TOKENS);
    for (const chunk of [1, 2, 3, 5, 11]) {
      const chunked = allLogits(createSession(model, { kernels: kernels(), chunk }), TOKENS);
      expect(maxDifference(whole.flat(), chunked.flat())).toBeLessThan(2e-6);
    }
    const session = createSession(model, { kernels: kernels() });
    for (const [i, token] of TOKENS.entries()) {
      expect(maxDifference(step(session, [token]), whole[i]!)).toBeLessThan(2e-6);
    }
    expect(session.state.position).toBe(TOKENS.length);
  });

  it('continues from a saved state, and forgets on reset', async () => {
    const { model } = await synthetic(AWKWARD);
    const session = createSession(model, { kernels: kernels() });
    prefill(session, [TOKENS.slice(0, 6)]);
    const saved = saveState(session);
    const first = Array.from(prefill(session, [TOKENS.slice(6)]));
    resetState(session);
    const fresh = Array.from(prefill(session, [TOKENS.slice(6)]));
    restoreState(session, saved);
    expect(Array.from(prefill(session, [TOKENS.slice(6)]))).toEqual(first);
    expect(maxDifference(fresh, first)).toBeGreaterThan(1e-3);

    const other = createSession(model, { kernels: kernels() });
    restoreState(other, saved);
    expect(other.state.position).toBe(6);
    expect(Array.from(prefill(other, [TOKENS.slice(6)]))).toEqual(first);
  });

  it('keeps the sequences of a batch apart', async () => {
    const { model } = await synthetic(AWKWARD);
    const sequences = [TOKENS, TOKENS.toReversed(), TOKENS.map((token) => 20 - token)];
    const batch = createSession(model, { kernels: kernels(), batch: 3, chunk: 4 });
    prefill(
      batch,
      sequences.map((sequence) => sequence.slice(0, -1)),
    );
    const together = Array.from(
      step(
        batch,
        sequences.map((sequence) => sequence.at(-1)!),
      ),
    );
    const alone = sequences.flatMap((sequence) => {
      const session = createSession(model, { kernels: kernels() });
      return Array.from(prefill(session, [sequence]));
    });
    expect(maxDifference(together, alone)).toBeLessThan(2e-6);
  });
});

it('refuses tokens outside the vocabulary, also padded ones', async () => {
  const { model } = await synthetic(AWKWARD);
  const session = createSession(model);
  for (const token of [21, 23, -1, 1.5, Number.NaN]) {
    await expectProblem('token-out-of-range', '0 to 20', () => step(session, [token]));
  }
  await expectProblem('usage', '1 sequences', () => step(session, [1, 2]));
  await expectProblem('usage', 'at least one token', () => prefill(session, [[]]));
});
