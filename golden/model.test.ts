import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeModel } from './inspect.ts';
import { loadModel } from './model.ts';
import { type BinaryProjection, signAt } from './projection.ts';
import { expectProblem } from './testing/problems.ts';
import { encodeSafetensors } from './testing/safetensors.ts';
import {
  AWKWARD,
  type SyntheticCheckpoint,
  scratchDir,
  syntheticCheckpoint,
  writeCheckpoint,
} from './testing/synthetic.ts';

const IN_PROJ = 'backbone.layers.1.mixer.in_proj';
const EMBEDDING = 'backbone.embedding.weight';

/** Loads the awkward model after `change`. */
async function load(change: (checkpoint: SyntheticCheckpoint) => void = () => {}, options = {}) {
  using dir = scratchDir();
  const checkpoint = syntheticCheckpoint(AWKWARD, 5);
  change(checkpoint);
  return await loadModel(writeCheckpoint(dir.path, checkpoint), options);
}

const binary = async (change?: (checkpoint: SyntheticCheckpoint) => void, options = {}) =>
  (await load(change, options)).layers[1]!.inProj as BinaryProjection;

describe('binarized projections', () => {
  it('pack the signs of the latent weights', async () => {
    const { data, shape } = syntheticCheckpoint(AWKWARD, 5).tensors.get(`${IN_PROJ}.weight`)!;
    const projection = await binary();
    const [rows, cols] = shape as [number, number];
    expect(projection).toMatchObject({ kind: 'binary', rows, cols, rowWords: 1, pattern: 'column' });
    for (let o = 0; o < rows; o++) {
      for (let i = 0; i < cols; i++) expect(signAt(projection, o, i)).toBe(Math.sign(data[o * cols + i]!));
      expect(projection.signs[o]! >>> cols).toBe(0);
    }
  });

  const zero = (checkpoint: SyntheticCheckpoint) => {
    checkpoint.tensors.get(`${IN_PROJ}.weight`)!.data[17] = 0;
    checkpoint.tensors.get(`${IN_PROJ}.weight`)!.data[31] = -0;
  };
  it('refuse weights that are exactly zero, unless told how to read them', async () => {
    await expectProblem('weight-zero', '2 of', () => load(zero));
    await expectProblem('weight-zero', 'row 1, column 2', () => load(zero));
    const plus = await binary(zero, { zeros: 'plus' });
    const minus = await binary(zero, { zeros: 'minus' });
    expect([signAt(plus, 1, 2), signAt(plus, 2, 1)]).toEqual([1, 1]);
    expect([signAt(minus, 1, 2), signAt(minus, 2, 1)]).toEqual([-1, -1]);
    expect(plus.stats?.zeros).toBe(2);
    expect(describeModel(await load(zero, { zeros: 'plus' })).zeroWeights).toBe(2);
  });

  it('refuse scales that fit no pattern', async () => {
    const scaleOf = (shape: number[]) => (checkpoint: SyntheticCheckpoint) => {
      const count = shape.reduce((product, extent) => product * extent, 1);
      checkpoint.tensors.set(`${IN_PROJ}.wscale`, { shape, data: new Float32Array(count).fill(1) });
    };
    await expectProblem('tensor-shape', 'column, row or single', () => load(scaleOf([1, 14])));
    await expectProblem('tensor-shape', 'column, row or single', () => load(scaleOf([15])));
    await expectProblem('tensor-shape', 'the shape of wscale', () => load(scaleOf([1, 1])));
    await expectProblem('tensor-missing', 'in_proj.wbias', () =>
      load(({ tensors }) => tensors.delete(`${IN_PROJ}.wbias`)),
    );
  });
});

describe('checkpoints that do not fit', () => {
  it('NaN and infinite weights, by name and index', async () => {
    const set = (name: string, at: number, value: number) => () =>
      load(({ tensors }) => {
        tensors.get(name)!.data[at] = value;
      });
    await expectProblem('weight-not-finite', `${IN_PROJ}.weight`, set(`${IN_PROJ}.weight`, 16, Number.NaN));
    await expectProblem('weight-not-finite', 'index [1, 1]', set(`${IN_PROJ}.weight`, 16, Number.NaN));
    await expectProblem('weight-not-finite', 'in_proj.wscale', set(`${IN_PROJ}.wscale`, 0, -Infinity));
    await expectProblem('weight-not-finite', EMBEDDING, set(EMBEDDING, 0, Infinity));
  });

  it('a missing tensor, a wrong shape, a tensor too many', async () => {
    await expectProblem('tensor-missing', EMBEDDING, () => load(({ tensors }) => tensors.delete(EMBEDDING)));
    const wrong = ({ tensors }: SyntheticCheckpoint) =>
      tensors.set('backbone.layers.0.mixer.D', { shape: [5], data: new Float32Array(5) });
    await expectProblem('tensor-shape', 'backbone.layers.0.mixer.D', () => load(wrong));
    for (const name of [
      'backbone.layers.0.mlp.fc1.weight',
      'backbone.layers.3.norm.weight',
      'backbone.layers.00.norm.weight',
    ]) {
      const extra = ({ tensors }: SyntheticCheckpoint) => tensors.set(name, { shape: [1], data: new Float32Array(1) });
      await expectProblem('tensor-unexpected', name, () => load(extra));
    }
  });

  it('a config of other dimensions', async () => {
    const change = (entries: object) => (checkpoint: SyntheticCheckpoint) => Object.assign(checkpoint.config, entries);
    await expectProblem('tensor-shape', EMBEDDING, () => load(change({ d_model: 30 })));
    await expectProblem('tensor-missing', 'backbone.layers.3', () => load(change({ n_layer: 4 })));
    await expectProblem('tensor-unexpected', 'backbone.layers.2', () => load(change({ n_layer: 2 })));
    await expectProblem('tensor-missing', 'lm_head.weight', () => load(change({ tie_embeddings: false })));
  });

  it('no checkpoint', async () => {
    using dir = scratchDir();
    await expectProblem('file-missing', 'config.json', () => loadModel(dir.path));
    writeFileSync(join(dir.path, 'config.json'), JSON.stringify(syntheticCheckpoint(AWKWARD, 1).config));
    await expectProblem('checkpoint-missing', dir.path, () => loadModel(dir.path));
  });
});

describe('heads and vocabularies', () => {
  const copy = (change: (head: Float32Array) => void) => (checkpoint: SyntheticCheckpoint) => {
    const { shape, data } = checkpoint.tensors.get(EMBEDDING)!;
    const head = Float32Array.from(data);
    change(head);
    checkpoint.tensors.set('lm_head.weight', { shape, data: head });
  };

  it('a tied head may be stored twice, and must then be the same; padded rows do not count', async () => {
    const model = await load(copy((head) => head.fill(9, 21 * 15)));
    expect(model.head).toBe(model.embedding);
    const other = copy((head) => {
      head[16]! += 1;
    });
    await expectProblem('head-not-tied', 'index [1, 1]', () => load(other));
  });

  it('an embedding without its padded rows', async () => {
    const model = await load(({ tensors }) => {
      const { data } = tensors.get(EMBEDDING)!;
      tensors.set(EMBEDDING, { shape: [21, 15], data: data.slice(0, 21 * 15) as Float32Array });
    });
    expect(model.embedding.length).toBe(21 * 15);
  });
});

describe('shards', () => {
  it('are one checkpoint', async () => {
    using dir = scratchDir();
    const { config, tensors } = syntheticCheckpoint(AWKWARD, 5);
    const entries = [...tensors];
    writeFileSync(join(dir.path, 'config.json'), JSON.stringify(config));
    const shard = (i: number) => join(dir.path, `model-0000${i}-of-00002.safetensors`);
    writeFileSync(shard(1), encodeSafetensors(new Map(entries.slice(0, 20))));
    await expectProblem('tensor-missing', 'is missing', () => loadModel(dir.path));
    writeFileSync(shard(2), encodeSafetensors(new Map(entries.slice(20))));
    expect(await loadModel(dir.path)).toEqual(await load());
    writeFileSync(shard(2), encodeSafetensors(new Map(entries.slice(19))));
    await expectProblem('tensor-unexpected', 'two shards', () => loadModel(dir.path));
  });
});

it('describes a model', async () => {
  const description = describeModel(await load());
  const { tensors } = syntheticCheckpoint(AWKWARD, 5);
  const parameters = [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);
  expect(description).toMatchObject({ parameters, patterns: ['column'], zeroWeights: 0, stateElements: 3 * 30 * 7 });
  expect(description.parts.map(({ name }) => name)).toMatchInlineSnapshot(`
    [
      "embedding = lm_head",
      "in_proj",
      "out_proj",
      "wscale, wbias",
      "conv1d",
      "dt_bias",
      "A",
      "D",
      "norms",
    ]
  `);
});
