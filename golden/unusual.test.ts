/** Checkpoints that are not what they should be, as whole directories: each is refused with one message that names the matter. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bitsPerByte } from './eval/bits-per-byte.ts';
import { calibrate } from './fixed/calibration.ts';
import { createSampler, GREEDY } from './generate.ts';
import { loadModel } from './model.ts';
import type { ProblemId } from './problem.ts';
import { expectProblem, problemOf } from './testing/problems.ts';
import { encodeSafetensors, type TensorData } from './testing/safetensors.ts';
import {
  AWKWARD,
  type SyntheticCheckpoint,
  scratchDir,
  syntheticCheckpoint,
  writeCheckpoint,
} from './testing/synthetic.ts';

const MIXER = 'backbone.layers.1.mixer';
const FILE = 'model.safetensors';
const floats = (shape: number[]): TensorData => ({
  shape,
  data: new Float32Array(shape.reduce((product, extent) => product * extent, 1)).fill(1),
});

/** Changes the checkpoint before it is written. */
const changed = (change: (checkpoint: SyntheticCheckpoint) => void) => (dir: string) => {
  const checkpoint = syntheticCheckpoint(AWKWARD, 1);
  change(checkpoint);
  writeCheckpoint(dir, checkpoint);
};
const added = (name: string) => changed(({ tensors }) => void tensors.set(name, floats([2, 2])));
const value = (name: string, v: number) =>
  changed(({ tensors }) => {
    tensors.get(`${MIXER}.${name}`)!.data[2] = v;
  });
/** Changes the directory after it was written. */
const altered = (change: (dir: string) => void) => (dir: string) => {
  changed(() => {})(dir);
  change(dir);
};
const replaced = (name: string, make: (path: string) => void) =>
  altered((dir) => {
    rmSync(join(dir, name));
    make(join(dir, name));
  });
const indexed = (shard: string) =>
  altered((dir) => {
    rmSync(join(dir, FILE));
    writeFileSync(join(dir, `${FILE}.index.json`), JSON.stringify({ weight_map: { a: shard } }));
  });

const CASES: [string, (dir: string) => void, ProblemId, string][] = [
  ['an empty file', replaced(FILE, (path) => writeFileSync(path, '')), 'safetensors-header', 'too short'],
  ['a directory for the weights', replaced(FILE, (path) => mkdirSync(path)), 'file-unreadable', 'a directory'],
  ['a directory for the config', replaced('config.json', (path) => mkdirSync(path)), 'file-unreadable', 'a directory'],
  [
    'a named pipe, which nobody writes to',
    replaced(FILE, (path) => execFileSync('mkfifo', [path])),
    'file-unreadable',
    'another kind of file',
  ],
  ['an index that points above', indexed('../a.safetensors'), 'index-invalid', 'beside the index'],
  ['an index with a path of Windows', indexed('..\\a.safetensors'), 'index-invalid', 'beside the index'],
  ['an index that names a shard that is not there', indexed('b.safetensors'), 'file-missing', '0 of 1 shards'],
  ['an index with a control character', indexed('a\0.safetensors'), 'index-invalid', 'beside the index'],
  [
    'a tensor in two shards',
    altered((dir) => {
      rmSync(join(dir, FILE));
      for (const i of [1, 2]) {
        const shard = encodeSafetensors(new Map([['backbone.norm_f.weight', floats([15])]]));
        writeFileSync(join(dir, `model-0000${i}-of-00002.safetensors`), shard);
      }
    }),
    'tensor-unexpected',
    'in two shards',
  ],
  ['Mamba-1', added('backbone.layers.0.mixer.x_proj.weight'), 'tensor-unexpected', 'Mamba-1 layers'],
  ['MLP layers', added('backbone.layers.0.mlp.fc1.weight'), 'tensor-unexpected', 'MLP layers'],
  ['attention', added('backbone.layers.0.mixer.Wqkv.weight'), 'tensor-unexpected', 'attention layers'],
  ['biases', added('backbone.layers.0.mixer.in_proj.bias'), 'tensor-unexpected', 'biases on in_proj'],
  ['NaN', value('D', Number.NaN), 'weight-not-finite', `${MIXER}.D`],
  ['an infinite weight', value('in_proj.weight', Number.POSITIVE_INFINITY), 'weight-not-finite', 'index [0, 2]'],
  ['an infinite decay rate', value('A_log', 100), 'weight-not-finite', 'exp of tensor'],
  [
    'scales as wide as the matrix',
    changed(({ tensors }) => tensors.set(`${MIXER}.in_proj.wscale`, tensors.get(`${MIXER}.in_proj.weight`)!)),
    'tensor-shape',
    'pattern column, row or single',
  ],
  [
    'scales without biases',
    changed(({ tensors }) => tensors.delete(`${MIXER}.in_proj.wbias`)),
    'tensor-missing',
    'wbias',
  ],
  [
    'a head that is missing',
    changed(({ config }) => Object.assign(config, { tie_embeddings: false })),
    'tensor-missing',
    'lm_head',
  ],
  [
    'more layers than there are',
    changed(({ config }) => Object.assign(config, { n_layer: 2 ** 24 })),
    'tensor-missing',
    'layers.3',
  ],
];

it.each(CASES)('%s', async (_, prepare, id, text) => {
  using dir = scratchDir();
  prepare(dir.path);
  await expectProblem(id, text, () => loadModel(dir.path));
  const { message } = await problemOf(() => loadModel(dir.path));
  expect(message.split('\n')).toHaveLength(5);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there
  expect(message).not.toMatch(/[\u0000-\u0009\u007f]/);
});

describe('a model whose arithmetic leaves float32 is refused where it is run', async () => {
  using dir = scratchDir();
  changed(({ config, tensors }) => {
    for (const [name, { data }] of tensors) if (name.endsWith('norm.weight')) data.fill(3e38);
    Object.assign(config, { vocab_size: 21 });
  })(dir.path);
  const model = await loadModel(dir.path);

  it('by calibrate', () => expectProblem('result-not-finite', 'an intermediate', () => calibrate(model, [[1, 2, 3]])));
  it('by eval', () => {
    const bytes = { ...model, config: { ...model.config, vocabSize: 256 }, ...wide(model.config.dModel) };
    return expectProblem('result-not-finite', 'a logit', () => bitsPerByte(bytes, [Uint8Array.of(1, 2, 3)]));
  });
  it('by generate', () =>
    expectProblem('result-not-finite', 'a logit', () => createSampler(GREEDY)(Float32Array.of(0, Number.NaN, 1))));
});

/** An embedding of 256 rows. */
function wide(width: number) {
  const embedding = new Float32Array(256 * width).fill(1);
  return { embedding, head: embedding };
}
