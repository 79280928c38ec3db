/** Damaged and hostile checkpoints: each is refused with one problem, or gives a model of exactly the declared shapes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deflateRawSync } from 'node:zlib';
import type { Figure, Report } from '../cli/command.ts';
import { convDim, GoldenProblem, inProjRows, loadModel, type Model } from '../golden/index.ts';
import { encodePytorch, op, type PickledTensor, zip } from '../golden/testing/pytorch.ts';
import { randomSource } from '../golden/testing/random.ts';
import { encodeSafetensors, withHeader } from '../golden/testing/safetensors.ts';
import { AWKWARD, syntheticCheckpoint } from '../golden/testing/synthetic.ts';
import type { Bench } from './bench.ts';

const COUNT = 20_000;
/** Memory above an idle process, and time per file, that are allowed. */
const SPARE = 64e6;
const SLOWEST = 5000;

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

/** A mutant: its files. */
function mutant(): Record<string, Buffer> {
  const kind = random();
  if (kind < 0.1) return { 'config.json': pick(MUTATIONS)(CONFIG), 'model.safetensors': SAFETENSORS };
  if (kind < 0.45) return { 'config.json': CONFIG, 'model.safetensors': pick(MUTATIONS)(SAFETENSORS) };
  if (kind < 0.55) return { 'config.json': CONFIG, 'model.safetensors': pick(HEADERS)() };
  if (kind < 0.9) return { 'config.json': CONFIG, 'pytorch_model.bin': pick(MUTATIONS)(PYTORCH) };
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

export const mutants: Bench = {
  describe: `${COUNT} damaged and hostile checkpoints: refused with one message each, in bounded time and memory`,
  async run(_, progress): Promise<Report> {
    const dir = mkdtempSync(join(tmpdir(), 'popscan-mutants-'));
    const faults: string[] = [];
    let [loaded, slowest, largest] = [0, 0, 0];
    const idle = process.memoryUsage().rss;
    let peak = idle;
    try {
      for (let i = 0; i < COUNT; i++) {
        const files = mutant();
        for (const name of ['model.safetensors', 'pytorch_model.bin']) rmSync(join(dir, name), { force: true });
        for (const [name, bytes] of Object.entries(files)) {
          writeFileSync(join(dir, name), bytes);
          largest = Math.max(largest, bytes.length);
        }
        const started = performance.now();
        const result = await outcome(dir);
        slowest = Math.max(slowest, performance.now() - started);
        peak = Math.max(peak, process.memoryUsage().rss);
        if (result.loaded) loaded++;
        if (result.fault !== undefined) faults.push(result.fault);
        if (i % 100 === 99) progress(`mutant ${i + 1} of ${COUNT}, ${faults.length} faults`);
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
    const figure = (name: string, value: number, unit: string): Figure => ({ name, value, unit, kind: 'measured' });
    return {
      figures: [
        figure('mutants', COUNT, 'checkpoints'),
        figure('loaded', loaded, 'checkpoints'),
        figure('refused', COUNT - loaded, 'checkpoints'),
        figure('slowest', slowest, 'ms'),
        figure('largest_file', largest, 'bytes'),
        figure('memory_above_idle', peak - idle, 'bytes'),
      ],
      checks: [
        {
          name: 'each is refused clearly or has the declared shapes',
          ok: faults.length === 0,
          detail: faults.length === 0 ? `${loaded} loaded` : `${faults.length} not; the first: ${faults[0]}`,
        },
        { name: 'none takes long', ok: slowest < SLOWEST, detail: `at most ${slowest.toFixed(0)} ms` },
        {
          name: 'memory stays within the file and 64 MB',
          ok: peak - idle <= largest + SPARE,
          detail: `${((peak - idle) / 1e6).toFixed(0)} MB above idle after any of them`,
        },
      ],
      skipped: [],
      tools: {},
    };
  },
};
