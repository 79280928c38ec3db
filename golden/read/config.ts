import type { ModelConfig } from '../config.ts';
import { excerpt, GoldenProblem } from '../problem.ts';
import { readSmallFile } from './file.ts';
import { type Json, type JsonObject, parseJson } from './json.ts';

/** Settings that only matter for training, speed or memory: read past in silence. */
const NEUTRAL_TOP = ['attn_cfg', 'residual_in_fp32', 'fused_add_norm', 'initializer_cfg', 'device', 'dtype'];
const NEUTRAL_SSM = [
  'conv_init',
  'A_init_range',
  'dt_min',
  'dt_max',
  'dt_init_floor',
  'chunk_size',
  'use_mem_eff_path',
];

/**
 * Reads config.json as the Bi-Mamba release writes it (`mamba_config`, state-spaces/mamba `MambaConfig`): missing entries take the Mamba-2
 * defaults of MODEL.md 1. What would change the arithmetic and is not implemented is refused by name; what is unknown and outside `ssm_cfg`
 * is listed in `notHonoured`. Errors: `file-missing`, `json-invalid`, `config-invalid`, `config-unsupported`.
 */
export async function readConfig(path: string): Promise<ModelConfig> {
  const json = parseJson(await readSmallFile(path, 2 ** 20), path);
  if (!(json instanceof Map)) throw invalid(path, 'the file', 'a JSON object', 'something else');
  return parseConfig(json as JsonObject, path);
}

/** `readConfig` on JSON that has been read already; `where` names it in messages. */
export function parseConfig(json: JsonObject, where: string): ModelConfig {
  if (json.has('model_type')) return parseHuggingFace(json, where);
  const top = openSection(json, '', where);
  const ssm = openSection(top.object('ssm_cfg'), 'ssm_cfg.', where);
  refuseUnsupported(top, ssm);

  const dModel = top.size('d_model');
  const nLayer = top.size('n_layer');
  const vocabSize = top.size('vocab_size', 50277);
  const multiple = top.size('pad_vocab_size_multiple', 8);
  const dInner = ssm.size('expand', 2) * dModel;
  const headDim = ssm.size('headdim', 64);
  const dState = ssm.size('d_state', 128);
  const nGroups = ssm.size('ngroups', 1);
  const nHeads = dInner / headDim;
  if (!Number.isInteger(nHeads)) {
    throw invalid(where, 'ssm_cfg.headdim', `a divisor of d_inner = ${dInner}`, String(headDim));
  }
  if (nHeads % nGroups !== 0) {
    throw invalid(where, 'ssm_cfg.ngroups', `a divisor of the number of heads, ${nHeads}`, String(nGroups));
  }
  ssm.only('d_ssm', [dInner], 'an SSM narrower than d_inner (an MLP beside it)');
  return {
    dModel,
    nLayer,
    vocabSize,
    paddedVocabSize: Math.ceil(vocabSize / multiple) * multiple,
    dInner,
    nHeads,
    headDim,
    dState,
    nGroups,
    dConv: ssm.size('d_conv', 4),
    convBias: ssm.flag('conv_bias', true),
    normEps: top.positive('norm_epsilon', 1e-5),
    tieEmbeddings: top.flag('tie_embeddings', true),
    notHonoured: [...ssm.finish(NEUTRAL_SSM, 'refuse'), ...top.finish(NEUTRAL_TOP, 'list')],
  };
}

/** What Hugging Face writes that does not change what is computed here. */
const NEUTRAL_HF = [
  'architectures',
  'bos_token_id',
  'eos_token_id',
  'pad_token_id',
  'chunk_size',
  'initializer_range',
  'rescale_prenorm_residual',
  'residual_in_fp32',
  'time_step_floor',
  'time_step_max',
  'time_step_min',
  'time_step_rank',
  'torch_dtype',
  'dtype',
  'transformers_version',
  'use_cache',
  'intermediate_size',
];

/** Hugging Face's `Mamba2Config` (transformers, models/mamba2/configuration_mamba2.py), with its defaults. */
function parseHuggingFace(json: JsonObject, where: string): ModelConfig {
  const top = openSection(json, '', where);
  top.only('model_type', ['mamba2'], 'an architecture other than Mamba-2');
  top.only('hidden_act', ['silu', 'swish'], 'an activation other than SiLU');
  top.only('use_bias', [false], 'biases on in_proj and out_proj');
  top.only('rms_norm', [true], 'a mixer without its gated RMSNorm');
  top.only('norm_before_gate', [false], 'the norm before the gate');
  top.only('time_step_limit', [[0, Number.POSITIVE_INFINITY]], 'a finite limit on dt');
  const dModel = top.size('hidden_size', 4096);
  const headDim = top.size('head_dim', 64);
  const nHeads = top.size('num_heads', 128);
  const nGroups = top.size('n_groups', 8);
  const dInner = top.size('expand', 2) * dModel;
  if (nHeads * headDim !== dInner)
    throw invalid(where, 'num_heads', `expand hidden_size / head_dim = ${dInner / headDim}`, String(nHeads));
  if (nHeads % nGroups !== 0) throw invalid(where, 'n_groups', `a divisor of num_heads, ${nHeads}`, String(nGroups));
  const vocabSize = top.size('vocab_size', 32768);
  return {
    dModel,
    nLayer: top.size('num_hidden_layers', 64),
    vocabSize,
    paddedVocabSize: vocabSize,
    dInner,
    nHeads,
    headDim,
    dState: top.size('state_size', 128),
    nGroups,
    dConv: top.size('conv_kernel', 4),
    convBias: top.flag('use_conv_bias', true),
    normEps: top.positive('layer_norm_epsilon', 1e-5),
    tieEmbeddings: top.flag('tie_word_embeddings', false),
    notHonoured: top.finish(NEUTRAL_HF, 'list'),
  };
}

/** Each of these would change what the model computes. */
function refuseUnsupported(top: Section, ssm: Section): void {
  top.only('attn_layer_idx', [[]], 'attention layers');
  top.only('d_intermediate', [0], 'MLP layers');
  top.only('rms_norm', [true], 'LayerNorm instead of RMSNorm');
  ssm.only('layer', ['Mamba2', 'BiMamba2'], 'a mixer other than Mamba-2 (Mamba-1)');
  ssm.only('D_has_hdim', [false], 'one D per channel instead of one per head');
  ssm.only('rmsnorm', [true], 'a mixer without its gated RMSNorm');
  ssm.only('norm_before_gate', [false], 'the norm before the gate');
  ssm.only('dt_limit', [[0, Number.POSITIVE_INFINITY]], 'a finite limit on dt');
  ssm.only('bias', [false], 'biases on in_proj and out_proj');
}

/** One object of the config, remembering which of its keys have been read. */
interface Section {
  object(key: string): JsonObject;
  /** A whole number from 1 to 2^24. */
  size(key: string, fallback?: number): number;
  positive(key: string, fallback: number): number;
  flag(key: string, fallback: boolean): boolean;
  /** Refuses any value of `key` but these, the first of which is the default. */
  only(key: string, allowed: readonly Json[], meaning: string): void;
  /** What has not been read: refused, or returned as a list of remarks. */
  finish(neutral: readonly string[], rest: 'refuse' | 'list'): string[];
}

function openSection(json: JsonObject, prefix: string, where: string): Section {
  const read = new Set<string>();
  const get = (key: string): Json => {
    read.add(key);
    return plainNumbers(json.get(key) ?? null);
  };
  const checked = <T extends Json>(
    key: string,
    fallback: T | undefined,
    expected: string,
    test: (value: Json) => boolean,
  ): T => {
    const value = get(key);
    if (value === null && fallback !== undefined) return fallback;
    if (!test(value)) throw invalid(where, prefix + key, expected, show(value));
    return value as T;
  };
  const whole = (value: Json) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 2 ** 24;
  return {
    object: (key) => checked<JsonObject>(key, new Map(), 'an object', (value) => value instanceof Map),
    size: (key, fallback) => checked(key, fallback, 'a whole number from 1 to 2^24', whole),
    positive: (key, fallback) =>
      checked(key, fallback, 'a positive number', (value) => Number.isFinite(value) && (value as number) > 0),
    flag: (key, fallback) => checked(key, fallback, 'true or false', (value) => typeof value === 'boolean'),
    only(key, allowed, meaning) {
      const value = get(key);
      if (value === null || allowed.some((one) => show(one) === show(value))) return;
      throw unsupported(where, prefix + key, meaning, show(allowed[0]!), show(value));
    },
    finish(neutral, rest) {
      const unknown = [...json.keys()].filter((key) => !read.has(key) && !neutral.includes(key));
      if (rest === 'list') return unknown.map((key) => `${excerpt(prefix + key)}: unknown setting, ignored`);
      const [first] = unknown;
      if (first === undefined) return [];
      throw unsupported(
        where,
        prefix + first,
        'an unknown setting of the mixer',
        'no such entry',
        show(json.get(first)!),
      );
    },
  };
}

/** transformers 5 writes numbers that JSON does not have as { "__float__": "Infinity" }. */
function plainNumbers(value: Json): Json {
  if (Array.isArray(value)) return value.map(plainNumbers);
  const name = value instanceof Map && value.size === 1 ? value.get('__float__') : undefined;
  return typeof name === 'string' && ['Infinity', '-Infinity', 'NaN'].includes(name) ? Number(name) : value;
}

function show(value: Json): string {
  if (Array.isArray(value)) return excerpt(`[${value.slice(0, 9).map(show).join(', ')}]`);
  if (value instanceof Map) return 'an object';
  if (value === null) return 'nothing';
  return typeof value === 'string' ? `'${excerpt(value)}'` : String(value);
}

function invalid(where: string, key: string, expected: string, found: string): GoldenProblem {
  return new GoldenProblem({
    id: 'config-invalid',
    what: `invalid model configuration: ${excerpt(key)}`,
    where,
    expected,
    found,
    remedy: 'use the config.json that was saved with the checkpoint',
  });
}

function unsupported(where: string, key: string, meaning: string, expected: string, found: string): GoldenProblem {
  return new GoldenProblem({
    id: 'config-unsupported',
    what: `${excerpt(key)} asks for ${meaning}, which is not supported`,
    where,
    expected,
    found,
    remedy: 'popscan runs Mamba-2 and Bi-Mamba models of the released architecture only: use such a checkpoint.',
  });
}
