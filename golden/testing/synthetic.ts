import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScalingPattern } from '../projection.ts';
import { randomFloats, randomSource } from './random.ts';
import { encodeSafetensors, type TensorData } from './safetensors.ts';

/** The dimensions of a made-up model. */
export interface SyntheticSpec {
  readonly dModel: number;
  readonly nLayer: number;
  readonly vocabSize: number;
  readonly padMultiple: number;
  readonly headDim: number;
  readonly dState: number;
  readonly nGroups: number;
  readonly dConv: number;
  readonly pattern: ScalingPattern | 'dense';
  readonly tied: boolean;
  readonly convBias: boolean;
}

export interface SyntheticCheckpoint {
  readonly config: Record<string, unknown>;
  readonly tensors: Map<string, TensorData>;
}

/** Awkward on purpose: no dimension but headDim divides 4, two groups, three layers, a padded vocabulary. */
export const AWKWARD: SyntheticSpec = {
  dModel: 15,
  nLayer: 3,
  vocabSize: 21,
  padMultiple: 8,
  headDim: 5,
  dState: 7,
  nGroups: 2,
  dConv: 4,
  pattern: 'column',
  tied: true,
  convBias: true,
};

/** Random weights of sensible size for `spec`, the same for the same seed. */
export function syntheticCheckpoint(spec: SyntheticSpec, seed: number): SyntheticCheckpoint {
  const { dModel, nLayer, vocabSize, padMultiple, headDim, dState, nGroups, dConv } = spec;
  const random = randomSource(seed);
  const inner = 2 * dModel;
  const heads = inner / headDim;
  const channels = inner + 2 * nGroups * dState;
  const padded = Math.ceil(vocabSize / padMultiple) * padMultiple;
  const tensors = new Map<string, TensorData>();
  const put = (name: string, shape: number[], size: number, center = 0) => {
    const count = shape.reduce((product, extent) => product * extent, 1);
    tensors.set(name, { shape, data: randomFloats(random, count, size).map((value) => value + center) });
  };
  put('backbone.embedding.weight', [padded, dModel], 1);
  for (let i = 0; i < nLayer; i++) {
    const layer = `backbone.layers.${i}.`;
    put(`${layer}norm.weight`, [dModel], 0.5, 1);
    putProjection(put, `${layer}mixer.in_proj`, inner + channels + heads, dModel, spec.pattern);
    put(`${layer}mixer.conv1d.weight`, [channels, 1, dConv], 0.7);
    if (spec.convBias) put(`${layer}mixer.conv1d.bias`, [channels], 0.3);
    put(`${layer}mixer.dt_bias`, [heads], 1, -1);
    put(`${layer}mixer.A_log`, [heads], 1, 0.5);
    put(`${layer}mixer.D`, [heads], 1);
    put(`${layer}mixer.norm.weight`, [inner], 0.5, 1);
    putProjection(put, `${layer}mixer.out_proj`, dModel, inner, spec.pattern);
  }
  put('backbone.norm_f.weight', [dModel], 0.5, 1);
  if (!spec.tied) put('lm_head.weight', [padded, dModel], 1);
  return { config: syntheticConfig(spec), tensors };
}

type Put = (name: string, shape: number[], size: number, center?: number) => void;

function putProjection(put: Put, name: string, rows: number, cols: number, pattern: SyntheticSpec['pattern']): void {
  put(`${name}.weight`, [rows, cols], 1 / Math.sqrt(cols));
  if (pattern === 'dense') return;
  const shape = { column: [1, cols], row: [rows, 1], single: [1] }[pattern];
  put(`${name}.wscale`, shape, 1 / Math.sqrt(cols));
  put(`${name}.wbias`, shape, 0.1 / Math.sqrt(cols));
}

function syntheticConfig(spec: SyntheticSpec): Record<string, unknown> {
  return {
    d_model: spec.dModel,
    d_intermediate: 0,
    n_layer: spec.nLayer,
    vocab_size: spec.vocabSize,
    ssm_cfg: {
      layer: 'Mamba2',
      d_state: spec.dState,
      headdim: spec.headDim,
      ngroups: spec.nGroups,
      d_conv: spec.dConv,
      conv_bias: spec.convBias,
    },
    attn_layer_idx: [],
    attn_cfg: {},
    rms_norm: true,
    residual_in_fp32: true,
    fused_add_norm: true,
    pad_vocab_size_multiple: spec.padMultiple,
    tie_embeddings: spec.tied,
  };
}

/** A directory that is removed when the test is over. */
export function scratchDir(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'popscan-golden-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

/** Writes a checkpoint as config.json and model.safetensors under `dir`. */
export function writeCheckpoint(dir: string, { config, tensors }: SyntheticCheckpoint): string {
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  writeFileSync(join(dir, 'model.safetensors'), encodeSafetensors(tensors));
  return dir;
}
