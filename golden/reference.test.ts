import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plainKernels } from './float/plain.ts';
import { createSimdKernels } from './float/simd.ts';
import { loadModel } from './model.ts';
import { REFERENCES, referenceDir } from './testing/reference.ts';
import { compareTrace } from './trace.ts';

/** Models of other dimensions, and what Hugging Face's Mamba-2 computes with them (testing/reference/make.py). */
it.each(REFERENCES)('%s: the logits are those of another implementation', async (name) => {
  const dir = referenceDir(name);
  const model = await loadModel(dir);
  for (const kernels of [plainKernels, createSimdKernels()]) {
    const { maxLogitError, tokens } = await compareTrace(model, join(dir, 'trace.safetensors'), kernels);
    expect(tokens).toBe(40);
    expect(maxLogitError).toBeLessThan(1e-4);
  }
});

it('a weight that is not the one of the trace is seen', async () => {
  const dir = referenceDir('two-groups');
  const model = await loadModel(dir);
  model.layers[1]!.d[3]! += 0.01;
  expect((await compareTrace(model, join(dir, 'trace.safetensors'))).maxLogitError).toBeGreaterThan(1e-3);
});
