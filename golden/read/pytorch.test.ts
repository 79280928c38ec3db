import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModel } from '../model.ts';
import { GoldenProblem } from '../problem.ts';
import { expectProblem } from '../testing/problems.ts';
import { encodePytorch, op, type PickledTensor, pickleStateDict, zip } from '../testing/pytorch.ts';
import { randomSource } from '../testing/random.ts';
import { encodeSafetensors } from '../testing/safetensors.ts';
import { AWKWARD, scratchDir, syntheticCheckpoint, writeCheckpoint } from '../testing/synthetic.ts';
import { openPytorch } from './pytorch.ts';
import { findTensor, readFloats } from './tensors.ts';

const STORAGE = Float32Array.from({ length: 24 }, (_, i) => i);
const TENSORS = new Map<string, PickledTensor>([
  ['whole', { storage: '0', offset: 0, shape: [4, 6], strides: [6, 1] }],
  ['transposed', { storage: '0', offset: 0, shape: [6, 4], strides: [1, 6] }],
  ['part', { storage: '0', offset: 7, shape: [2, 2, 2], strides: [6, 2, 1] }],
  ['every third', { storage: '0', offset: 1, shape: [7], strides: [3] }],
  ['scalar', { storage: '0', offset: 23, shape: [], strides: [] }],
  ['none', { storage: '0', offset: 0, shape: [0, 5], strides: [5, 1] }],
]);
const COUNTS = new Map([['0', 24]]);
const storage = new Uint8Array(STORAGE.buffer);

async function read(file: Buffer, name: string): Promise<Float32Array> {
  using dir = scratchDir();
  const path = join(dir.path, 'pytorch_model.bin');
  writeFileSync(path, file);
  const source = await openPytorch(path);
  try {
    return await readFloats(source, findTensor(source, name));
  } finally {
    await source.close();
  }
}
const open = (file: Buffer) => read(file, 'whole');
const withPickle = (pickle: Buffer) =>
  zip(
    new Map<string, Uint8Array>([
      ['a/data.pkl', pickle],
      ['a/data/0', storage],
    ]),
  );
const withTensor = (t: Partial<PickledTensor>) =>
  withPickle(
    pickleStateDict(new Map([['whole', { storage: '0', offset: 0, shape: [24], strides: [1], ...t }]]), COUNTS),
  );

/** A view with `metadata` { neg: True }, as torch.save writes one of -x. */
function negated(): Buffer {
  const tensors = new Map([['whole', { storage: '0', offset: 0, shape: [24], strides: [1] }]]);
  const metadata = Buffer.concat([Buffer.from('}('), op.text('neg'), Buffer.from([0x88]), Buffer.from('utRu.')]);
  return Buffer.concat([pickleStateDict(tensors, COUNTS).subarray(0, -'tRu.'.length), metadata]);
}

describe('files of torch.save', () => {
  it('shared and strided storages', async () => {
    const file = encodePytorch(TENSORS, new Map([['0', STORAGE]]));
    for (const [name, { offset, shape, strides }] of TENSORS) {
      const expected: number[] = [];
      const walk = (d: number, at: number) => {
        if (d === shape.length) expected.push(at);
        else for (let i = 0; i < shape[d]!; i++) walk(d + 1, at + i * strides[d]!);
      };
      walk(0, offset);
      expect([...(await read(file, name))], name).toEqual(expected);
    }
  });

  it('with a comment in which another end of directory lies', async () => {
    const file = encodePytorch(TENSORS, new Map([['0', STORAGE]]));
    const comment = Buffer.from(`PK\x05\x06${' '.repeat(30)}`);
    file.writeUInt16LE(comment.length, file.length - 2);
    expect([...(await read(Buffer.concat([file, comment]), 'whole'))]).toEqual([...STORAGE]);
  });

  it('gives the model that safetensors gives, whole and in shards with an index', async () => {
    using dir = scratchDir();
    const checkpoint = syntheticCheckpoint(AWKWARD, 9);
    const reference = await loadModel(writeCheckpoint(join(dir.path, 'a'), checkpoint));
    const names = [...checkpoint.tensors.keys()];
    const encode = (kept: string[]) => {
      const tensors = new Map<string, PickledTensor>();
      const storages = new Map<string, Float32Array>();
      kept.forEach((name, i) => {
        const { shape, data } = checkpoint.tensors.get(name)!;
        const strides = shape.map((_, d) => shape.slice(d + 1).reduce((a, b) => a * b, 1));
        tensors.set(name, { storage: String(i), offset: 0, shape, strides });
        storages.set(String(i), data as Float32Array);
      });
      return encodePytorch(tensors, storages);
    };
    const path = join(dir.path, 'b');
    mkdirSync(path);
    writeFileSync(join(path, 'config.json'), JSON.stringify(checkpoint.config));
    writeFileSync(join(path, 'pytorch_model.bin'), encode(names));
    expect(await loadModel(path)).toEqual(reference);
    rmSync(join(path, 'pytorch_model.bin'));
    const shards = [names.slice(0, 20), names.slice(20)];
    const map: Record<string, string> = {};
    shards.forEach((shard, i) => {
      const file = `weights${i}.bin`;
      writeFileSync(join(path, file), encode(shard));
      for (const name of shard) map[name] = file;
    });
    const index = (weights: object) =>
      writeFileSync(join(path, 'pytorch_model.bin.index.json'), JSON.stringify({ metadata: {}, weight_map: weights }));
    index(map);
    expect(await loadModel(path)).toEqual(reference);
    index({ ...map, [names[0]!]: 'weights1.bin' });
    await expectProblem('index-invalid', names[0]!, () => loadModel(path));
    index({ ...map, [names[0]!]: '../weights0.bin' });
    await expectProblem('index-invalid', '../weights0.bin', () => loadModel(path));
    index({});
    await expectProblem('index-invalid', 'weight_map', () => loadModel(path));
  });

  it('and Hugging Face names', async () => {
    using dir = scratchDir();
    const spec = { ...AWKWARD, pattern: 'dense', padMultiple: 1 } as const;
    const checkpoint = syntheticCheckpoint(spec, 9);
    const reference = await loadModel(writeCheckpoint(join(dir.path, 'a'), checkpoint));
    const renamed = new Map(
      [...checkpoint.tensors].map(([name, t]) => [name.replace('embedding.', 'embeddings.'), t] as const),
    );
    const config = {
      architectures: ['Mamba2ForCausalLM'],
      model_type: 'mamba2',
      hidden_size: 15,
      num_hidden_layers: 3,
      vocab_size: 21,
      state_size: 7,
      head_dim: 5,
      num_heads: 6,
      n_groups: 2,
      tie_word_embeddings: true,
      time_step_limit: [0, 'Infinity'],
    };
    const path = writeCheckpoint(join(dir.path, 'b'), { config, tensors: new Map() });
    writeFileSync(join(path, 'model.safetensors'), encodeSafetensors(renamed));
    writeFileSync(join(path, 'config.json'), JSON.stringify(config).replace('"Infinity"', 'Infinity'));
    expect(await loadModel(path)).toEqual(reference);
    writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config, time_step_limit: [0, 1] }));
    await expectProblem('config-unsupported', 'time_step_limit', () => loadModel(path));
    writeFileSync(join(path, 'config.json'), JSON.stringify({ ...config, model_type: 'mamba' }));
    await expectProblem('config-unsupported', 'model_type', () => loadModel(path));
  });
});

describe('what is refused', () => {
  const refused: [string, 'zip-invalid' | 'pickle-refused', string, Buffer][] = [
    [
      'no zip',
      'zip-invalid',
      'no end of directory',
      Buffer.from('not a zip file at all, but longer than its end record would be'),
    ],
    ['compressed', 'zip-invalid', 'compression method 8', zip(new Map([['a/data.pkl', storage]]), 8)],
    ['no pickle', 'zip-invalid', 'data.pkl', zip(new Map([['a/x', storage]]))],
    [
      'a global that runs code',
      'pickle-refused',
      'posix.system',
      withPickle(Buffer.concat([op.start, op.global('posix', 'system'), op.tuple(op.text('id')), Buffer.from('R.')])),
    ],
    [
      'builtins.eval',
      'pickle-refused',
      'builtins.eval',
      withPickle(Buffer.concat([op.start, op.global('builtins', 'eval'), Buffer.from('.')])),
    ],
    [
      'an unknown opcode',
      'pickle-refused',
      'NEWOBJ (0x81)',
      withPickle(Buffer.from([0x80, 2, 0x29, 0x29, 0x81, 0x2e])),
    ],
    ['an opcode that is none', 'pickle-refused', '0xff', withPickle(Buffer.from([0x80, 2, 0xff, 0x2e]))],
    ['a negated view', 'pickle-refused', 'no metadata', withPickle(negated())],
    ['no end', 'pickle-refused', 'STOP', withPickle(Buffer.from([0x80, 2, 0x29]))],
    ['an empty stack', 'pickle-refused', 'a value', withPickle(Buffer.from([0x80, 2, 0x2e]))],
    ['no dictionary', 'pickle-refused', 'dictionary', withPickle(Buffer.from([0x80, 2, 0x5d, 0x2e]))],
    ['elements beyond the storage', 'zip-invalid', 'elements below 24', withTensor({ shape: [5, 6], strides: [6, 1] })],
    [
      'elements repeated without end',
      'zip-invalid',
      'at most the 24',
      withTensor({ shape: [2 ** 30, 2 ** 20], strides: [0, 0] }),
    ],
    ['an unknown storage', 'zip-invalid', 'no such member', withTensor({ storage: '../0' })],
  ];
  it.each(refused)('%s', async (_, id, text, file) => expectProblem(id, text, () => open(file)));

  it('every mutation: a problem, or a tensor of the declared shape', { timeout: 120_000 }, async () => {
    const file = encodePytorch(TENSORS, new Map([['0', STORAGE]]));
    const random = randomSource(21);
    for (let i = 0; i < 400; i++) {
      const bytes = Buffer.from(file);
      for (let flips = 0; flips <= i % 3; flips++)
        bytes[Math.floor(random() * bytes.length)]! ^= 1 << Math.floor(random() * 8);
      const cut = i % 5 === 0 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
      try {
        expect((await read(cut, 'whole')).length).toBeLessThanOrEqual(24);
      } catch (error) {
        expect(error).toBeInstanceOf(GoldenProblem);
      }
    }
  });
});
