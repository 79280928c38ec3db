import { join } from 'node:path';
import { bundled } from '../../cli/bundled.ts';
import type { Check, Figure } from '../../cli/command.ts';
import { compareTrace, createSimdKernels, LOGIT_BOUND, loadModel } from '../../golden/index.ts';
import { REFERENCES, referenceDir } from '../../golden/testing/reference.ts';
import { measured, type Row, reportOf } from '../bench.ts';

const MODELS: readonly (readonly [name: string, dir: string])[] = [
  ...['nano', 'tiny'].map((name) => [name, bundled(`models/${name}`)] as const),
  ...REFERENCES.map((name) => [name.replaceAll('-', '_'), referenceDir(name)] as const),
];

/** Logits against those of other implementations: the traces of models/, and golden/testing/reference (Hugging Face's Mamba-2). */
export const traces: Row = async (progress) => {
  const figures: Figure[] = [];
  const checks: Check[] = [];
  for (const [name, dir] of MODELS) {
    progress(name);
    const { maxLogitError, tokens } = await compareTrace(
      await loadModel(dir),
      join(dir, 'trace.safetensors'),
      createSimdKernels(),
    );
    figures.push(measured(`${name}.max_logit_error`, maxLogitError, 'logits'));
    const detail = `${maxLogitError.toExponential(2)} over ${tokens} tokens, bound ${LOGIT_BOUND}`;
    checks.push({ name: `${name}: logits = trace`, ok: maxLogitError <= LOGIT_BOUND, detail });
  }
  return reportOf(figures, checks);
};
