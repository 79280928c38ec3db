import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Kernels } from './float/kernels.ts';
import { plainKernels } from './float/plain.ts';
import { createSimdKernels } from './float/simd.ts';
import { loadModel } from './model.ts';
import { expectProblem } from './testing/problems.ts';
import { encodeSafetensors, type TensorData } from './testing/safetensors.ts';
import { scratchDir } from './testing/synthetic.ts';
import { compareTrace } from './trace.ts';

const models = new URL('../models/', import.meta.url).pathname;
const traceOf = (name: string) => join(models, name, 'trace.safetensors');
const KERNELS: [string, () => Kernels][] = [
  ['plain', () => plainKernels],
  ['simd', createSimdKernels],
];

describe.each(KERNELS)('traces of the reference, %s kernels', (_, kernels) => {
  it.each([
    ['nano', 2],
    ['tiny', 8],
  ])('%s: logits and every intermediate', async (name, layers) => {
    const comparison = await compareTrace(await loadModel(join(models, name)), traceOf(name), kernels());
    expect(comparison.maxLogitError).toBeLessThan(3e-5);
    expect(comparison.tensors.filter(({ ok }) => !ok)).toEqual([]);
    expect(comparison.tensors).toHaveLength(10 * layers + 1);
    expect(comparison.notCompared).toEqual(['reference_module_logits']);
  });
});

describe('a planted fault is seen', () => {
  it('one sign of 54 272 flipped', async () => {
    const model = await loadModel(join(models, 'nano'));
    const { inProj } = model.layers[1]!;
    if (inProj.kind === 'binary') inProj.signs[40]! ^= 1 << 7;
    const { tensors } = await compareTrace(model, traceOf('nano'));
    const failed = tensors.filter(({ ok }) => !ok).map(({ name }) => name);
    expect(failed[0]).toBe('layers.1.in_proj_out');
    expect(failed).toContain('logits');
    expect(failed.some((name) => name.startsWith('layers.0'))).toBe(false);
  });

  it('NaN in the reference', async () => {
    using dir = scratchDir();
    const bytes = readFileSync(traceOf('nano'));
    const dataStart = 8 + Number(bytes.readBigUInt64LE());
    bytes.writeUInt32LE(0x7fc00000, dataStart + 400);
    const path = join(dir.path, 'trace.safetensors');
    writeFileSync(path, bytes);
    const model = await loadModel(join(models, 'nano'));
    await expectProblem('weight-not-finite', 'layers.0.residual_in', () => compareTrace(model, path));
  });
});

it('refuses traces that cannot be compared', async () => {
  using dir = scratchDir();
  const path = join(dir.path, 'trace.safetensors');
  const model = await loadModel(join(models, 'nano'));
  const ids = { dtype: 'I32', shape: [2], data: new Uint8Array([65, 0, 0, 0, 66, 0, 0, 0]) } as const;
  const write = (entries: [string, TensorData][]) => writeFileSync(path, encodeSafetensors(new Map(entries)));

  write([['logits', { shape: [2, 256], data: new Float32Array(512) }]]);
  await expectProblem('tensor-missing', 'input_ids', () => compareTrace(model, path));
  write([['input_ids', ids]]);
  await expectProblem('tensor-missing', 'logits', () => compareTrace(model, path));
  write([
    ['input_ids', ids],
    ['logits', { shape: [3, 256], data: new Float32Array(768) }],
  ]);
  await expectProblem('tensor-shape', '[2, 256]', () => compareTrace(model, path));
  write([
    ['input_ids', { shape: [2], data: new Float32Array(2) }],
    ['logits', { shape: [2, 256], data: new Float32Array(512) }],
  ]);
  await expectProblem('tensor-dtype', 'F32', () => compareTrace(model, path));
  write([
    ['input_ids', { ...ids, shape: [0], data: new Uint8Array() }],
    ['logits', { shape: [0, 256], data: new Float32Array() }],
  ]);
  await expectProblem('trace-empty', 'input_ids', () => compareTrace(model, path));
});
