import { describe, expect, it } from 'vitest';
import { prefill } from '../float/forward.ts';
import { createSession } from '../float/session.ts';
import { loadModel } from '../model.ts';
import { expectProblem } from '../testing/problems.ts';
import { randomSource } from '../testing/random.ts';
import { AWKWARD, type SyntheticSpec, scratchDir, syntheticCheckpoint, writeCheckpoint } from '../testing/synthetic.ts';
import { calibrate } from './calibration.ts';
import { createFastSession } from './fast/session.ts';
import { stepFixed } from './forward.ts';
import { fixModel } from './model.ts';
import { defaultNumerics, type Numerics } from './numerics.ts';
import { createFixedSession, resetFixed, restoreFixed, saveFixed } from './session.ts';
import { VARIANTS } from './variants.ts';

const random = randomSource(11);
const TOKENS = 24;

async function prepare(spec: SyntheticSpec, numerics: Numerics = defaultNumerics) {
  using dir = scratchDir();
  const model = await loadModel(writeCheckpoint(dir.path, syntheticCheckpoint(spec, 5)));
  const tokens = Array.from({ length: TOKENS }, () => Math.floor(random() * spec.vocabSize));
  return { model, tokens, fixed: fixModel(model, calibrate(model, [tokens]), numerics) };
}

const SPECS: [string, SyntheticSpec][] = [
  ['two groups, odd sizes, padded vocabulary', AWKWARD],
  ['pattern row', { ...AWKWARD, pattern: 'row' }],
  ['pattern single, untied', { ...AWKWARD, pattern: 'single', tied: false }],
  ['dense', { ...AWKWARD, pattern: 'dense' }],
  ['three taps, no bias', { ...AWKWARD, dConv: 3, convBias: false }],
  ['one tap, wide state', { ...AWKWARD, dConv: 1, dState: 33 }],
  ['sums of signs in several chunks, tiles of 64', { ...AWKWARD, dModel: 320, headDim: 64, dState: 32, nGroups: 1 }],
  ['even sizes', { ...AWKWARD, dModel: 32, headDim: 8, dState: 16, nGroups: 1 }],
];

const FORMATS: [string, Numerics][] = Object.entries(VARIANTS).flatMap(([option, values]) =>
  Object.entries(values as Record<string, (n: Numerics) => Numerics>)
    .filter(([value]) => option !== 'scale_tile' || value === 'headdim')
    .map(([value, change]): [string, Numerics] => [`${option} ${value}`, change(defaultNumerics)]),
);

describe('the kernels equal the specification, bit for bit', () => {
  const compare = async (spec: SyntheticSpec, numerics: Numerics) => {
    const { tokens, fixed } = await prepare(spec, numerics);
    const plain = createFixedSession(fixed);
    const fast = createFastSession(fixed);
    for (const token of tokens) expect([...fast.step(token)]).toEqual([...stepFixed(plain, token)]);
    fast.reset();
    resetFixed(plain);
    expect([...fast.step(3)]).toEqual([...stepFixed(plain, 3)]);
    expect(fast.clamped()).toEqual(plain.clamped);
  };
  it.each(SPECS)('%s', async (_, spec) => compare(spec, defaultNumerics));
  it.each(FORMATS)('%s', async (_, numerics) => compare({ ...AWKWARD, pattern: 'dense', nGroups: 1 }, numerics));
  it.each(FORMATS)('binary, %s', async (_, numerics) => compare(AWKWARD, numerics));

  // Units of the state from coarse to fine: S' of few bits, of about 16, where the kernels change their ways, and of many.
  it.each([-4, -2, 0, 2, 4, 6, 8])('states in units of 2^%i of the usual ones', async (finer) => {
    const { model, tokens } = await prepare({ ...AWKWARD, dState: 33 });
    const usual = calibrate(model, [tokens]);
    for (const wider of [1, 16]) {
      const layers = usual.layers.map((l) => ({
        ...l,
        b: l.b * wider,
        c: l.c * wider,
        state: l.state.map((s) => s * 2 ** finer),
      }));
      const fixed = fixModel(model, { ...usual, layers }, defaultNumerics);
      const plain = createFixedSession(fixed);
      const fast = createFastSession(fixed);
      for (const token of tokens) expect([...fast.step(token)]).toEqual([...stepFixed(plain, token)]);
    }
  });

  it('also where formats overflow, and as often', async () => {
    const { model, tokens } = await prepare(AWKWARD);
    const small = calibrate(model, [tokens]);
    const shrink = (range: number) => range / 64;
    const layers = small.layers.map((l) => ({
      ...l,
      xbc: shrink(l.xbc),
      conv: shrink(l.conv),
      y: shrink(l.y),
      gated: shrink(l.gated),
      state: l.state.map((s) => s / 4096),
    }));
    for (const state of [defaultNumerics.state, { kind: 'head' as const }]) {
      const fixed = fixModel(model, { residual: shrink(small.residual), layers }, { ...defaultNumerics, state });
      const plain = createFixedSession(fixed);
      const fast = createFastSession(fixed);
      for (const token of tokens) expect([...fast.step(token)]).toEqual([...stepFixed(plain, token)]);
      expect(fast.clamped()).toEqual(plain.clamped);
      expect(Object.keys(plain.clamped).length).toBeGreaterThan(1);
    }
  });
});

describe('the specification', () => {
  it.each(SPECS)('is close to the float model: %s', async (_, spec) => {
    const { model, tokens, fixed } = await prepare(spec, {
      ...defaultNumerics,
      matmul: { activationBits: 12, resultFraction: 6 },
      head: { ...defaultNumerics.head, activationBits: 12 },
    });
    const session = createFixedSession(fixed);
    const float = createSession(model);
    let squares = 0;
    let errors = 0;
    for (const token of tokens) {
      const exact = prefill(float, [[token]]);
      stepFixed(session, token).forEach((logit, i) => {
        squares += exact[i]! ** 2;
        errors += (logit / 65536 - exact[i]!) ** 2;
      });
    }
    expect(Math.sqrt(errors / squares)).toBeLessThan(0.05);
    expect(session.clamped).toEqual({});
  });

  it('refuses a scale tile that does not divide, by name', async () => {
    for (const scaleTile of [4, 0, 2.5, 30]) {
      const numerics = { ...defaultNumerics, norm: { ...defaultNumerics.norm, scaleTile } };
      await expectProblem('scale-tile', 'a divisor of d_inner / groups = 15', () => prepare(AWKWARD, numerics));
    }
    const { fixed } = await prepare(AWKWARD, { ...defaultNumerics, norm: { ...defaultNumerics.norm, scaleTile: 3 } });
    expect(fixed.layers[0]!.outProj.tile).toBe(3);
  });

  it('refuses tokens outside the vocabulary, as the kernels do', async () => {
    const { fixed } = await prepare(AWKWARD);
    const fast = createFastSession(fixed);
    for (const token of [-1, 21, 0.5]) {
      await expectProblem('token-out-of-range', '0 to 20', () => stepFixed(createFixedSession(fixed), token));
      await expectProblem('token-out-of-range', '0 to 20', () => fast.step(token));
    }
  });

  it('continues from a saved state with the same bits, token counter and seed included', async () => {
    const { tokens, fixed } = await prepare(AWKWARD);
    const session = createFixedSession(fixed);
    for (const token of tokens.slice(0, 9)) stepFixed(session, token);
    const saved = saveFixed(session);
    const rest = tokens.slice(9).map((token) => [...stepFixed(session, token)]);
    const other = createFixedSession(fixed);
    restoreFixed(other, saved);
    expect(tokens.slice(9).map((token) => [...stepFixed(other, token)])).toEqual(rest);
    restoreFixed(other, { ...saved, tokens: saved.tokens + 1 });
    expect(tokens.slice(9).map((token) => [...stepFixed(other, token)])).not.toEqual(rest);
  });
});
