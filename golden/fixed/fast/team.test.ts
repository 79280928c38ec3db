import { describe, expect, it } from 'vitest';
import { loadModel } from '../../model.ts';
import {
  AWKWARD,
  type SyntheticSpec,
  scratchDir,
  syntheticCheckpoint,
  writeCheckpoint,
} from '../../testing/synthetic.ts';
import { calibrate } from '../calibration.ts';
import { fixModel } from '../model.ts';
import { defaultNumerics } from '../numerics.ts';
import type { FixedProjection } from '../projection.ts';
import { createKernelMemory } from './memory.ts';
import { abandon, createBarrier, MEETING_WORDS, share, within } from './program.ts';
import { createFastSession } from './session.ts';
import { createTeam, createTeamSession } from './team.ts';

const TOKENS = [1, 5, 9, 20, 0, 3, 3, 17, 8, 11];

async function prepare(spec: SyntheticSpec) {
  using dir = scratchDir();
  const model = await loadModel(writeCheckpoint(dir.path, syntheticCheckpoint(spec, 8)));
  const calibration = calibrate(model, [TOKENS]);
  // A residual stream and a bias term that clamp, so that counters take part.
  const fixed = fixModel(model, { ...calibration, residual: calibration.residual / 8 }, defaultNumerics);
  const wide = ({ bias, ...rest }: FixedProjection): FixedProjection =>
    bias === undefined ? rest : { ...rest, bias: { ...bias, unit: bias.unit + 12 } };
  return { ...fixed, layers: fixed.layers.map((layer) => ({ ...layer, inProj: wide(layer.inProj) })) };
}

describe('any number of threads computes the same bits and counts the same clamped results', () => {
  it.each([
    ['two groups, odd sizes', AWKWARD],
    ['several blocks of rows', { ...AWKWARD, dModel: 160, headDim: 16, dState: 24, vocabSize: 70 }],
    ['dense', { ...AWKWARD, dModel: 48, headDim: 8, pattern: 'dense' as const }],
  ])('%s', async (_, spec) => {
    const model = await prepare(spec);
    const alone = createFastSession(model);
    const expected = TOKENS.map((token) => [...alone.step(token)]);
    expect(alone.clamped()['residual']).toBeGreaterThan(0);
    if (spec.pattern !== 'dense') expect(alone.clamped()['bias']).toBeGreaterThan(0);
    for (const threads of [1, 2, 3, 5]) {
      const team = await createTeamSession(model, threads);
      try {
        expect(TOKENS.map((token) => [...team.step(token)])).toEqual(expected);
        expect(team.clamped()).toEqual(alone.clamped());
        team.reset();
        expect([...team.step(TOKENS[0]!)]).toEqual(expected[0]);
      } finally {
        await team.close();
      }
    }
  });
});

describe('threads', () => {
  it('share work in whole blocks and leave nothing out', () => {
    for (const [count, block] of [
      [100, 32],
      [5, 32],
      [64, 1],
    ] as const) {
      for (const of of [1, 2, 3, 7]) {
        const parts = Array.from({ length: of }, (_, index) => share(count, block, { index, of }));
        let next = 0;
        for (const { from, count: length } of parts) {
          expect(from).toBe(next);
          if (length > 0) expect(from % block).toBe(0);
          next += length;
        }
        expect(next).toBe(count);
      }
    }
  });

  it('see the part of a range that lies in another', () => {
    const outer = { from: 10, count: 5 };
    expect(within({ from: 0, count: 12 }, outer)).toEqual({ from: 0, count: 2 });
    expect(within({ from: 12, count: 30 }, outer)).toEqual({ from: 2, count: 3 });
    expect(within({ from: 0, count: 3 }, outer).count).toBe(0);
    expect(within({ from: 20, count: 3 }, outer).count).toBe(0);
  });

  it('fail together', async () => {
    const memory = createKernelMemory();
    const team = await createTeam(memory, [[[['barrier']], [['no_such_kernel'], ['barrier']]]]);
    try {
      expect(() => team.run(0)).toThrow('another thread of the kernels has failed');
    } finally {
      await team.close();
    }
    const words = new Int32Array(new SharedArrayBuffer(4 * MEETING_WORDS));
    abandon(words);
    expect(createBarrier(words, 2)).toThrow('another thread');
  });
});
