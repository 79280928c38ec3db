/** Our compact checkpoint: signs as bits. A directory like any other, which `loadModel` reads back as the same model. */
import { mkdtemp, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Model } from './model.ts';
import { GoldenProblem } from './problem.ts';
import type { Projection } from './projection.ts';

/**
 * Format `popscan-packed-1`: config.json as `Mamba-2` configurations are, and model.safetensors with `__metadata__.format` of that name.
 * Names and shapes are those of the release, but `in_proj.weight` and `out_proj.weight` of binary projections are replaced by
 * `....signs`, U32 [rows, ceil(cols / 32)]: bit i mod 32 of word floor(i / 32) is 1 for +1, padding bits are 0. Everything else is F32;
 * `A` [heads] replaces `A_log`, because exp(A_log) rounds. A tied head is not stored.
 */
export const PACKED_FORMAT = 'popscan-packed-1';

type Values = Float32Array | Uint32Array;
interface Entry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Values;
}

/** Writes the packed form of a model to a new directory, which appears whole or not at all. Errors: `usage` (it is there already). */
export async function packModel(model: Model, dir: string): Promise<{ readonly bytes: number }> {
  const entries = entriesOf(model);
  const beside = await mkdtemp(`${dir}.new-`);
  try {
    const bytes = await writeTensors(join(beside, 'model.safetensors'), entries);
    await writeWhole(join(beside, 'config.json'), [Buffer.from(`${JSON.stringify(configOf(model), null, 2)}\n`)]);
    await rename(beside, dir);
    return { bytes };
  } catch (error) {
    await rm(beside, { recursive: true, force: true });
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR' ? exists(dir) : error;
  }
}

function entriesOf({ config, embedding, layers, normF, head }: Model): Entry[] {
  const vocabulary = (values: Float32Array) => [values.length / config.dModel, config.dModel];
  const entries: Entry[] = [{ name: 'backbone.embedding.weight', shape: vocabulary(embedding), values: embedding }];
  layers.forEach((layer, i) => {
    const put = (name: string, values: Float32Array, shape: readonly number[] = [values.length]) =>
      entries.push({ name: `backbone.layers.${i}.${name}`, shape, values });
    put('norm.weight', layer.norm);
    entries.push(...projectionEntries(`backbone.layers.${i}.mixer.in_proj`, layer.inProj));
    put('mixer.conv1d.weight', layer.convWeight, [layer.convBias.length, 1, config.dConv]);
    if (config.convBias) put('mixer.conv1d.bias', layer.convBias);
    put('mixer.dt_bias', layer.dtBias);
    put('mixer.A', layer.a);
    put('mixer.D', layer.d);
    put('mixer.norm.weight', layer.gatedNorm);
    entries.push(...projectionEntries(`backbone.layers.${i}.mixer.out_proj`, layer.outProj));
  });
  entries.push({ name: 'backbone.norm_f.weight', shape: [normF.length], values: normF });
  if (head !== embedding) entries.push({ name: 'lm_head.weight', shape: vocabulary(head), values: head });
  return entries;
}

function projectionEntries(prefix: string, p: Projection): Entry[] {
  if (p.kind === 'dense') return [{ name: `${prefix}.weight`, shape: [p.rows, p.cols], values: p.weights }];
  const shape = { column: [1, p.cols], row: [p.rows, 1], single: [1] }[p.pattern];
  return [
    { name: `${prefix}.signs`, shape: [p.rows, p.rowWords], values: p.signs },
    { name: `${prefix}.wscale`, shape, values: p.wscale },
    { name: `${prefix}.wbias`, shape, values: p.wbias },
  ];
}

/** The configuration in the release's words; the vocabulary's padding is kept. */
function configOf({ config: c }: Model): object {
  return {
    d_model: c.dModel,
    d_intermediate: 0,
    n_layer: c.nLayer,
    vocab_size: c.vocabSize,
    ssm_cfg: {
      layer: 'Mamba2',
      d_state: c.dState,
      d_conv: c.dConv,
      expand: c.dInner / c.dModel,
      headdim: c.headDim,
      ngroups: c.nGroups,
      conv_bias: c.convBias,
    },
    attn_layer_idx: [],
    rms_norm: true,
    norm_epsilon: c.normEps,
    // Any multiple that rounds to the rows stored will do: the number of rows itself is one.
    pad_vocab_size_multiple: c.paddedVocabSize,
    tie_embeddings: c.tieEmbeddings,
  };
}

async function writeTensors(path: string, entries: readonly Entry[]): Promise<number> {
  const header: Record<string, object> = { __metadata__: { format: PACKED_FORMAT } };
  let at = 0;
  for (const { name, shape, values } of entries) {
    const dtype = values instanceof Float32Array ? 'F32' : 'U32';
    header[name] = { dtype, shape, data_offsets: [at, at + values.byteLength] };
    at += values.byteLength;
  }
  const json = Buffer.from(JSON.stringify(header));
  const text = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, ' ')]);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const parts = entries.map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength));
  return writeWhole(path, [length, text, ...parts]);
}

async function writeWhole(path: string, parts: readonly Uint8Array[]): Promise<number> {
  const handle = await open(path, 'wx');
  try {
    let bytes = 0;
    for (const part of parts) {
      await handle.writeFile(part);
      bytes += part.byteLength;
    }
    return bytes;
  } finally {
    await handle.close();
  }
}

function exists(dir: string): GoldenProblem {
  return new GoldenProblem({
    id: 'usage',
    what: 'the directory to write is there already',
    where: dir,
    expected: 'a name that is not taken, or an empty directory',
    found: 'files',
    remedy: 'give another --out, or remove it first',
  });
}
