import { capture, type Tensor } from './float/capture.ts';
import type { Kernels } from './float/kernels.ts';
import type { Model } from './model.ts';
import { GoldenProblem } from './problem.ts';
import { openSafetensors } from './read/safetensors.ts';
import { checkShape, findTensor, readFloats, readIntegers, type TensorSource } from './read/tensors.ts';

/** How one tensor of a trace compares with ours. */
export interface TensorComparison {
  readonly name: string;
  /** max |ours - reference| */
  readonly maxError: number;
  /** max |reference| */
  readonly maxReference: number;
  /** maxError within the bound of its kind. */
  readonly ok: boolean;
}

export interface TraceComparison {
  readonly tokens: number;
  /** max |logits - reference logits| over all tokens. */
  readonly maxLogitError: number;
  readonly tensors: readonly TensorComparison[];
  /** Tensors of the trace that have no counterpart here. */
  readonly notCompared: readonly string[];
}

/** Logits agree within this. */
export const LOGIT_BOUND = 1e-4;
/** Every intermediate agrees within this part of its largest reference value. */
export const RELATIVE_BOUND = 1e-3;

/**
 * Runs `input_ids` of a trace (a safetensors file, MODEL.md 6) and compares `logits` and every `layers.{i}.*` intermediate it holds.
 * Errors: those of the readers, `tensor-missing`, `tensor-shape`, `token-out-of-range`, `trace-empty`.
 */
export async function compareTrace(model: Model, path: string, kernels?: Kernels): Promise<TraceComparison> {
  const source = await openSafetensors(path);
  try {
    const ids = await readIntegers(source, findTensor(source, 'input_ids'));
    if (ids.length === 0) throw emptyTrace(path);
    findTensor(source, 'logits');
    const ours = capture(model, ids, kernels ? { kernels } : {});
    const tensors: TensorComparison[] = [];
    const notCompared: string[] = [];
    for (const name of source.tensors.keys()) {
      const tensor = ours.get(name);
      if (tensor !== undefined) tensors.push(await compareTensor(source, name, tensor));
      else if (name !== 'input_ids') notCompared.push(name);
    }
    const maxLogitError = tensors.find(({ name }) => name === 'logits')!.maxError;
    return { tokens: ids.length, maxLogitError, tensors, notCompared };
  } finally {
    await source.close();
  }
}

async function compareTensor(source: TensorSource, name: string, ours: Tensor): Promise<TensorComparison> {
  const info = findTensor(source, name);
  checkShape(source, info, ours.shape, 'what this model computes for input_ids');
  const reference = await readFloats(source, info);
  let maxError = 0;
  let maxReference = 0;
  for (let i = 0; i < reference.length; i++) {
    maxError = larger(maxError, Math.abs(ours.values[i]! - reference[i]!));
    maxReference = larger(maxReference, Math.abs(reference[i]!));
  }
  const bound = name === 'logits' ? LOGIT_BOUND : RELATIVE_BOUND * maxReference;
  return { name, maxError, maxReference, ok: maxError <= bound };
}

/** The maximum, and NaN once there was one. */
function larger(a: number, b: number): number {
  return b > a || Number.isNaN(b) ? b : a;
}

function emptyTrace(path: string): GoldenProblem {
  return new GoldenProblem({
    id: 'trace-empty',
    what: 'the trace holds no tokens',
    where: `${path}, input_ids`,
    expected: 'at least one token',
    found: 'none',
    remedy: 'make the trace from some text',
  });
}
