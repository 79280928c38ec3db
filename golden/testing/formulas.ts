import type { SyntheticCheckpoint, SyntheticSpec } from './synthetic.ts';

type Matrix = number[][];

/**
 * Logits of a whole sequence by the formulas of MODEL.md 1 and 2, in float64 and on purpose unlike the model under test: dense weights
 * wscale sign(w) + wbias, whole matrices instead of tokens, and the scan in its closed form
 *
 *     y[t] = sum_{j <= t} (C[t] . B[j]) (prod_{k = j+1..t} a[k]) dt[j] x[j] + D x[t]
 */
export function formulaLogits(
  spec: SyntheticSpec,
  { tensors }: SyntheticCheckpoint,
  tokens: readonly number[],
): Matrix {
  const get = (name: string) => Array.from(tensors.get(name)!.data);
  const embedding = chunk(get('backbone.embedding.weight'), spec.dModel);
  let residual = tokens.map((token) => embedding[token]!);
  for (let i = 0; i < spec.nLayer; i++) {
    const layer = `backbone.layers.${i}.`;
    const u = residual.map((row) => normalize(row, get(`${layer}norm.weight`), 1));
    const mixed = mixer(spec, `${layer}mixer.`, tensors, u);
    residual = residual.map((row, t) => row.map((value, c) => value + mixed[t]![c]!));
  }
  const head = spec.tied ? embedding : chunk(get('lm_head.weight'), spec.dModel);
  const last = residual.map((row) => normalize(row, get('backbone.norm_f.weight'), 1));
  return last.map((row) => head.slice(0, spec.vocabSize).map((weights) => dot(weights, row)));
}

function mixer(spec: SyntheticSpec, prefix: string, tensors: SyntheticCheckpoint['tensors'], u: Matrix): Matrix {
  const { dModel, headDim, dState, nGroups, dConv } = spec;
  const get = (name: string) => Array.from(tensors.get(prefix + name)!.data);
  const inner = 2 * dModel;
  const heads = inner / headDim;
  const channels = inner + 2 * nGroups * dState;
  const inProj = denseWeights(prefix, 'in_proj', tensors);
  const outProj = denseWeights(prefix, 'out_proj', tensors);
  const projected = u.map((row) => inProj.map((weights) => dot(weights, row)));

  const taps = chunk(get('conv1d.weight'), dConv);
  const bias = spec.convBias ? get('conv1d.bias') : Array.from({ length: channels }, () => 0);
  const xbc = projected.map((_, t) =>
    taps.map((weights, c) => {
      const inputs = weights.map((_, k) => projected[t + k - dConv + 1]?.[inner + c] ?? 0);
      return swish(bias[c]! + dot(weights, inputs));
    }),
  );
  const dtBias = get('dt_bias');
  const decayRate = get('A_log').map((value) => -Math.exp(value));
  const skip = get('D');
  const dt = projected.map((row) =>
    dtBias.map((value, h) => Math.log(1 + Math.exp(row[inner + channels + h]! + value))),
  );

  const gated = projected.map((row, t) =>
    Array.from({ length: inner }, (_, c) => {
      const h = Math.floor(c / headDim);
      const g = Math.floor(h / (heads / nGroups));
      const b = inner + g * dState;
      const cAt = b + nGroups * dState;
      let y = skip[h]! * xbc[t]![c]!;
      for (let j = 0; j <= t; j++) {
        let elapsed = 0;
        for (let k = j + 1; k <= t; k++) elapsed += dt[k]![h]!;
        const match = dot(xbc[t]!.slice(cAt, cAt + dState), xbc[j]!.slice(b, b + dState));
        y += match * Math.exp(elapsed * decayRate[h]!) * dt[j]![h]! * xbc[j]![c]!;
      }
      return y * swish(row[c]!);
    }),
  );
  const weight = get('norm.weight');
  return gated.map((row) => outProj.map((weights) => dot(weights, normalize(row, weight, nGroups))));
}

/** wscale sign(w) + wbias by broadcasting, or the weights themselves. */
function denseWeights(prefix: string, name: string, tensors: SyntheticCheckpoint['tensors']): Matrix {
  const weight = tensors.get(`${prefix}${name}.weight`)!;
  const scale = tensors.get(`${prefix}${name}.wscale`);
  const bias = tensors.get(`${prefix}${name}.wbias`);
  const rows = chunk(Array.from(weight.data), weight.shape[1]!);
  if (scale === undefined || bias === undefined) return rows;
  const [a = 1, b = 1] = scale.shape;
  const at = (o: number, i: number) => (a > 1 ? o : 0) + (b > 1 ? i : 0);
  return rows.map((row, o) => row.map((w, i) => scale.data[at(o, i)]! * Math.sign(w) + bias.data[at(o, i)]!));
}

function normalize(row: number[], weight: number[], groups: number): number[] {
  const part = row.length / groups;
  return chunk(row, part).flatMap((group, g) => {
    const rms = Math.sqrt(dot(group, group) / part + 1e-5);
    return group.map((value, i) => (value / rms) * weight[g * part + i]!);
  });
}

const swish = (x: number) => x / (1 + Math.exp(-x));
const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
const chunk = (values: readonly number[], width: number) =>
  Array.from({ length: values.length / width }, (_, i) => values.slice(i * width, (i + 1) * width));
