import { describe, expect, it } from 'vitest';
import type { ModelConfig } from '../config.ts';
import { expectProblem } from '../testing/problems.ts';
import { parseConfig, readConfig } from './config.ts';
import { type JsonObject, parseJson } from './json.ts';

const parse = (config: object): ModelConfig => parseText(JSON.stringify(config));
const parseText = (text: string) =>
  parseConfig(parseJson(Buffer.from(text), 'config.json') as JsonObject, 'config.json');

/** The released 2.7B configuration. */
const RELEASED = {
  d_model: 2560,
  d_intermediate: 0,
  n_layer: 64,
  vocab_size: 32000,
  ssm_cfg: { layer: 'Mamba2' },
  attn_layer_idx: [],
  attn_cfg: {},
  rms_norm: true,
  residual_in_fp32: true,
  fused_add_norm: true,
  pad_vocab_size_multiple: 16,
  tie_embeddings: true,
};

describe('what is read', () => {
  it('the released configuration, with the Mamba-2 defaults', () => {
    expect(parse(RELEASED)).toEqual({
      dModel: 2560,
      nLayer: 64,
      vocabSize: 32000,
      paddedVocabSize: 32000,
      dInner: 5120,
      nHeads: 80,
      headDim: 64,
      dState: 128,
      nGroups: 1,
      dConv: 4,
      convBias: true,
      normEps: 1e-5,
      tieEmbeddings: true,
      notHonoured: [],
    });
  });

  it('vocabulary padding', () => {
    expect(parse({ ...RELEASED, vocab_size: 50277 }).paddedVocabSize).toBe(50288);
    const { pad_vocab_size_multiple: _, ...rest } = RELEASED;
    expect(parse({ ...rest, vocab_size: 50277 }).paddedVocabSize).toBe(50280);
  });

  it('every setting of the models here', async () => {
    const config = await readConfig(new URL('../../models/nano/config.json', import.meta.url).pathname);
    expect(config).toMatchObject({ dModel: 64, nLayer: 2, dState: 16, headDim: 16, nHeads: 8, vocabSize: 256 });
  });

  it('an unlimited time_step_limit as transformers 5 writes it', () => {
    const limit = (end: unknown) =>
      JSON.stringify({ model_type: 'mamba2', n_groups: 1, time_step_limit: [0, { __float__: end }] });
    expect(parseText(limit('Infinity')).notHonoured).toEqual([]);
    expect(() => parseText(limit('1e3'))).toThrow('a finite limit on dt');
  });

  it('an unlimited dt_limit as Python writes it, and settings without effect', () => {
    const text = JSON.stringify({ ...RELEASED, ssm_cfg: { chunk_size: 256, dt_limit: 0 } });
    expect(parseText(text.replace('"dt_limit":0', '"dt_limit":[0.0, Infinity]')).notHonoured).toEqual([]);
  });

  it('lists unknown settings outside the mixer', () => {
    expect(parse({ ...RELEASED, colour: 'red' }).notHonoured).toEqual(['colour: unknown setting, ignored']);
  });
});

describe('what is refused', () => {
  it.each([
    ['attn_layer_idx', { attn_layer_idx: [9, 18] }],
    ['d_intermediate', { d_intermediate: 4096 }],
    ['rms_norm', { rms_norm: false }],
    ['ssm_cfg.layer', { ssm_cfg: { layer: 'Mamba1' } }],
    ['ssm_cfg.D_has_hdim', { ssm_cfg: { D_has_hdim: true } }],
    ['ssm_cfg.norm_before_gate', { ssm_cfg: { norm_before_gate: true } }],
    ['ssm_cfg.rmsnorm', { ssm_cfg: { rmsnorm: false } }],
    ['ssm_cfg.dt_limit', { ssm_cfg: { dt_limit: [0.001, 0.1] } }],
    ['ssm_cfg.bias', { ssm_cfg: { bias: true } }],
    ['ssm_cfg.d_ssm', { ssm_cfg: { d_ssm: 1024 } }],
    ['ssm_cfg.colour', { ssm_cfg: { colour: 'red' } }],
  ])('%s, by name', async (name, change) => {
    await expectProblem('config-unsupported', name, () => parse({ ...RELEASED, ...change }));
  });

  it.each([
    ['d_model', { d_model: undefined }],
    ['d_model', { d_model: '2560' }],
    ['n_layer', { n_layer: 0 }],
    ['n_layer', { n_layer: 1.5 }],
    ['vocab_size', { vocab_size: 1e12 }],
    ['ssm_cfg', { ssm_cfg: [] }],
    ['ssm_cfg.headdim', { ssm_cfg: { headdim: 63 } }],
    ['ssm_cfg.ngroups', { ssm_cfg: { ngroups: 7 } }],
    ['norm_epsilon', { norm_epsilon: 0 }],
    ['tie_embeddings', { tie_embeddings: 'yes' }],
  ])('an impossible %s', async (name, change) => {
    await expectProblem('config-invalid', name, () => parse({ ...RELEASED, ...change }));
  });

  it('a file that is missing or no object', async () => {
    await expectProblem('file-missing', 'nowhere/config.json', () => readConfig('nowhere/config.json'));
    const kjv = new URL('../../models/kjv-val.txt', import.meta.url).pathname;
    await expectProblem('json-invalid', 'kjv-val.txt', () => readConfig(kjv));
  });
});
