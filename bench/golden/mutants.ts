/** Damaged and hostile checkpoints: each is refused with one problem, or gives a model of exactly the declared shapes. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deflateRawSync } from 'node:zlib';
import { convDim, GoldenProblem, inProjRows, loadModel, type Model, packModel } from '../../golden/index.ts';
import { encodePytorch, op, type PickledTensor, zip } from '../../golden/testing/pytorch.ts';
import { randomSource } from '../../golden/testing/random.ts';
import { encodeSafetensors, withHeader } from '../../golden/testing/safetensors.ts';
import { AWKWARD, syntheticCheckpoint, writeCheckpoint } from '../../golden/testing/synthetic.ts';
import { measured, type Row, reportOf } from '../bench.ts';

const COUNT = 20_000;
/** Memory above an idle process, and time per file, that are allowed. */
const SPARE = 64e6;
const SLOWEST = 5000;

const SHARDS = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
const INDEX_NAME = 'model.safetensors.index.json';

const random = randomSource(20);
const below = (n: number) => Math.floor(random() * n);
const { config, tensors } = syntheticCheckpoint(AWKWARD, 1);
const CONFIG = Buffer.from(JSON.stringify(config));
const SAFETENSORS = encodeSafetensors(tensors);
const PYTORCH = encodePytorch(
  new Map([...tensors].map(([name, { shape }]): [string, PickledTensor] => [name, contiguous(name, shape)])),
  new Map([...tensors].map(([name, { data }]) => [name, data as Float32Array])),
);

function contiguous(storage: string, shape: readonly number[]): PickledTensor {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((product, extent) => product * extent, 1));
  return { storage, offset: 0, shape, strides };
}

type Mutation = (bytes: Buffer) => Buffer;

const flips: Mutation = (bytes) => {
  const out = Buffer.from(bytes);
  const head = Math.min(out.length, 4096);
  for (let i = 1 + below(8); i > 0; i--) out[below(random() < 0.7 ? head : out.length)]! ^= 1 << below(8);
  return out;
};
const truncation: Mutation = (bytes) => bytes.subarray(0, below(bytes.length));
const insertion: Mutation = (bytes) => {
  const at = below(bytes.length);
  const noise = Buffer.from(Array.from({ length: 1 + below(64) }, () => below(256)));
  return Buffer.concat([bytes.subarray(0, at), noise, bytes.subarray(at + below(64))]);
};
/** Numbers in the header become extreme ones. */
const numbers: Mutation = (bytes) => {
  const extremes = ['0', '-1', '1e99', '4294967296', '9007199254740993', '1.5', '"1"', '[]', 'null'];
  const text = bytes.toString('latin1');
  return Buffer.from(
    text.replace(/\d+/g, (digits) => (random() < 0.02 ? extremes[below(extremes.length)]! : digits)),
    'latin1',
  );
};

const HEADERS: readonly (() => Buffer)[] = [
  () => withHeader(`{"a":${'['.repeat(1000 * (1 + below(50)))}`),
  () => withHeader(`{${'"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},'.repeat(1 + below(5000))}`),
  () =>
    withHeader(
      `{"a":{"dtype":"F32","shape":[${'2147483648,'.repeat(below(9))}4],"data_offsets":[0,16]}}`,
      Buffer.alloc(16),
    ),
  () => Buffer.from(BigUint64Array.of(BigInt(Math.floor(random() * 2 ** 53)) * 2048n).buffer),
];

const reduce = Buffer.from('R');
const stop = Buffer.from('.');
const archive = (pickle: Buffer, method = 0) => zip(new Map([['archive/data.pkl', pickle]]), method);
const PICKLES: readonly (() => Buffer)[] = [
  () => archive(Buffer.concat([op.start, op.global('os', 'system'), op.tuple(op.text('true')), reduce, stop])),
  () => archive(Buffer.concat([op.start, op.global('builtins', 'eval'), op.tuple(op.text('1')), reduce, stop])),
  () => archive(Buffer.concat([op.start, Buffer.alloc(1000 * (1 + below(100)), '('), stop])),
  () => archive(Buffer.concat([op.start, ...billionLaughs(), stop])),
  () => archive(deflateRawSync(Buffer.alloc(1e7)), 8),
  () => archive(Buffer.from(Array.from({ length: below(300) }, () => below(256)))),
];

/** Memo references doubled over and over. */
const billionLaughs = () =>
  Array.from({ length: 40 }, (_, i) =>
    Buffer.from(
      i === 0 ? ')q\x00' : `h${String.fromCharCode(i - 1)}h${String.fromCharCode(i - 1)}\x86q${String.fromCharCode(i)}`,
      'latin1',
    ),
  );

const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;
const MUTATIONS = [flips, truncation, insertion, numbers];

/** The packed form, and two shards with their index. */
const PACKED = await packed();
const [FIRST, SECOND] = [0, 1].map((part) =>
  encodeSafetensors(new Map([...tensors].filter((_, i) => i % 2 === part))),
) as [Buffer, Buffer];
const INDEX = Buffer.from(
  JSON.stringify({ weight_map: Object.fromEntries([...tensors.keys()].map((name, i) => [name, SHARDS[i % 2]])) }),
);

async function packed(): Promise<Record<string, Buffer>> {
  const dir = mkdtempSync(join(tmpdir(), 'popscan-mutants-'));
  try {
    const source = join(dir, 'source');
    await packModel(await loadModel(writeCheckpoint(source, { config, tensors })), join(dir, 'packed'));
    return Object.fromEntries(
      ['config.json', 'model.safetensors'].map((name) => [name, readFileSync(join(dir, 'packed', name))]),
    );
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A mutant: its files. */
function mutant(): Record<string, Buffer> {
  const kind = random();
  const mutate = pick(MUTATIONS);
  if (kind < 0.1) return { 'config.json': mutate(CONFIG), 'model.safetensors': SAFETENSORS };
  if (kind < 0.35) return { 'config.json': CONFIG, 'model.safetensors': mutate(SAFETENSORS) };
  if (kind < 0.45) return { ...PACKED, 'model.safetensors': mutate(PACKED['model.safetensors']!) };
  if (kind < 0.5)
    return { 'config.json': CONFIG, [SHARDS[0]]: mutate(FIRST), [SHARDS[1]]: SECOND, [INDEX_NAME]: INDEX };
  if (kind < 0.55)
    return { 'config.json': CONFIG, [SHARDS[0]]: FIRST, [SHARDS[1]]: SECOND, [INDEX_NAME]: mutate(INDEX) };
  if (kind < 0.6) return { 'config.json': CONFIG, 'model.safetensors': pick(HEADERS)() };
  if (kind < 0.9) return { 'config.json': CONFIG, 'pytorch_model.bin': mutate(PYTORCH) };
  return { 'config.json': CONFIG, 'pytorch_model.bin': pick(PICKLES)() };
}

/** What is wrong with a loaded model's shapes, or with the problem that refused it; undefined where all is well. */
function fault(model: Model): string | undefined {
  const { config: c, layers, embedding, normF } = model;
  if (layers.length !== c.nLayer || normF.length !== c.dModel) return 'layers';
  if (![c.vocabSize, c.paddedVocabSize].some((rows) => rows * c.dModel === embedding.length)) return 'embedding';
  const wrong = layers.some(
    (l) =>
      l.inProj.rows !== inProjRows(c) ||
      l.inProj.cols !== c.dModel ||
      l.outProj.rows !== c.dModel ||
      l.outProj.cols !== c.dInner ||
      l.convWeight.length !== convDim(c) * c.dConv ||
      [l.dtBias, l.a, l.d].some((v) => v.length !== c.nHeads) ||
      l.norm.length !== c.dModel ||
      l.gatedNorm.length !== c.dInner,
  );
  return wrong ? 'a tensor of a layer' : undefined;
}

async function outcome(dir: string): Promise<{ readonly loaded: boolean; readonly fault: string | undefined }> {
  try {
    return { loaded: true, fault: fault(await loadModel(dir)) };
  } catch (error) {
    if (!(error instanceof GoldenProblem)) return { loaded: false, fault: String((error as Error).stack) };
    const { what, where, expected, found, remedy } = error;
    const clear = [what, where, expected, found, remedy].every(
      (s) => s.length > 0 && s.length < 1000 && !s.includes('\n'),
    );
    return { loaded: false, fault: clear ? undefined : `unclear: ${error.message.slice(0, 500)}` };
  }
}

/** The garbage collector, which Node hides. */
function collector(): () => void {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
}

export const mutants: Row = async (progress) => {
  const dir = mkdtempSync(join(tmpdir(), 'popscan-mutants-'));
  const faults: string[] = [];
  let [loaded, slowest, largest] = [0, 0, 0];
  const collect = collector();
  collect();
  const idle = process.memoryUsage().rss;
  try {
    for (let i = 0; i < COUNT; i++) {
      const files = mutant();
      for (const name of readdirSync(dir)) rmSync(join(dir, name));
      for (const [name, bytes] of Object.entries(files)) writeFileSync(join(dir, name), bytes);
      const size = Object.values(files).reduce((sum, bytes) => sum + bytes.length, 0);
      largest = Math.max(largest, size);
      const started = performance.now();
      const result = await outcome(dir);
      slowest = Math.max(slowest, performance.now() - started);
      if (result.loaded) loaded++;
      if (result.fault !== undefined) faults.push(result.fault);
      if (i % 20 === 19) collect(); // what one file needs is asked, not what many leave behind
      if (i % 100 === 99) progress(`${i + 1} of ${COUNT}, ${faults.length} faults`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  const above = process.resourceUsage().maxRSS * 1024 - idle;
  const figures = [
    measured('mutants.files', COUNT, 'checkpoints'),
    measured('mutants.loaded', loaded, 'checkpoints'),
    measured('mutants.refused', COUNT - loaded, 'checkpoints'),
    measured('mutants.slowest', slowest, 'ms'),
    measured('mutants.largest', largest, 'bytes'),
    measured('mutants.memory_above_idle', above, 'bytes'),
  ];
  return reportOf(figures, [
    {
      name: `${COUNT} mutants: one clear message each, or the declared shapes`,
      ok: faults.length === 0,
      detail:
        faults.length === 0 ? `${COUNT - loaded} refused, ${loaded} loaded` : `${faults.length} not: ${faults[0]}`,
    },
    {
      name: `${COUNT} mutants: none takes long`,
      ok: slowest < SLOWEST,
      detail: `${slowest.toFixed(0)} ms, below ${SLOWEST} ms`,
    },
    {
      name: `${COUNT} mutants: memory`,
      ok: above <= largest + SPARE,
      detail: `at most ${(above / 1e6).toFixed(0)} MB above idle, bound ${((largest + SPARE) / 1e6).toFixed(0)} MB (largest file and 64 MB)`,
    },
  ]);
};
