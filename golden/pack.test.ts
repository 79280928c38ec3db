import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadModel, type Model } from './model.ts';
import { packModel } from './pack.ts';
import { expectProblem } from './testing/problems.ts';
import { AWKWARD, scratchDir, syntheticCheckpoint, writeCheckpoint } from './testing/synthetic.ts';

/** Statistics of latent weights are of the file, not of the model. */
const bare = (model: Model) => ({
  ...model,
  layers: model.layers.map(({ inProj, outProj, ...rest }) => {
    const [{ stats: _, ...a }, { stats: __, ...b }] = [inProj, outProj];
    return { ...rest, inProj: a, outProj: b };
  }),
});

it.each(['column', 'row', 'single', 'dense'] as const)('%s: reads back bit-identical', async (pattern) => {
  using dir = scratchDir();
  const spec = { ...AWKWARD, pattern, tied: pattern !== 'row', convBias: pattern !== 'single' };
  const model = await loadModel(writeCheckpoint(join(dir.path, 'a'), syntheticCheckpoint(spec, 4)));
  await packModel(model, join(dir.path, 'b'));
  const back = await loadModel(join(dir.path, 'b'));
  const { config: _, ...weights } = bare(back);
  const { config: __, ...expected } = bare(model);
  expect(weights).toEqual(expected);
  expect({ ...back.config, notHonoured: [] }).toEqual({ ...model.config, notHonoured: [] });
  await packModel(back, join(dir.path, 'c'));
  expect(bare(await loadModel(join(dir.path, 'c')))).toEqual(bare(back));
  await expectProblem('usage', 'there already', () => packModel(model, join(dir.path, 'b')));
  expect(readdirSync(dir.path).sort()).toEqual(['a', 'b', 'c']);
});
