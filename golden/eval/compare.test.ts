import { join } from 'node:path';
import { expect, it } from 'vitest';
import { calibrate } from '../fixed/calibration.ts';
import { defaultNumerics } from '../fixed/numerics.ts';
import { variant } from '../fixed/variants.ts';
import { loadModel } from '../model.ts';
import { bitsPerByte } from './bits-per-byte.ts';
import { comparePrecisions, signalToNoise } from './compare.ts';
import { readWindows } from './text.ts';

const models = new URL('../../models/', import.meta.url).pathname;
const model = await loadModel(join(models, 'nano'));
const windows = await readWindows(join(models, 'kjv-val.txt'), { window: 128, windows: 9 });
const calibration = calibrate(model, windows);

it('compares both precisions in one run, with the bits per byte of each alone, whatever the threads', async () => {
  const fixed = { calibration, numerics: defaultNumerics };
  const results = [];
  for (const threads of [1, 2]) {
    const { floatSeconds, fixedSeconds, ...rest } = await comparePrecisions(model, windows, fixed, { threads });
    expect(Math.min(floatSeconds, fixedSeconds)).toBeGreaterThan(0);
    results.push(rest);
  }
  expect(results[1]).toEqual(results[0]);
  const [result] = results;
  expect(result!.float).toBe((await bitsPerByte(model, windows)).bitsPerByte);
  expect(result!.fixed).toBe((await bitsPerByte(model, windows, { fixed })).bitsPerByte);
  expect(result!.agreement).toBeGreaterThan(0.9);
  expect(result!.agreement).toBeLessThan(1);
  expect(result!.maxLogitError).toBeGreaterThan(0.01);
  expect(result!.maxLogitError).toBeLessThan(1);
});

it('sees narrower activations in the agreement, in the logits and in every layer', async () => {
  const [wide, narrow] = ['8', '4'].map((bits) => ({
    calibration,
    numerics: variant(defaultNumerics, 'activation_bits', bits),
  }));
  const [a, b] = [await comparePrecisions(model, windows, wide!), await comparePrecisions(model, windows, narrow!)];
  expect(b.agreement).toBeLessThan(a.agreement);
  expect(b.maxLogitError).toBeGreaterThan(a.maxLogitError);
  const [clean, noisy] = [wide!, narrow!].map((fixed) => signalToNoise(model, fixed, windows[0]!.subarray(0, 40)));
  clean!.forEach((layer, i) => {
    expect(layer.out_proj_out).toBeGreaterThan(25);
    expect(noisy![i]!.out_proj_out).toBeLessThan(layer.out_proj_out - 10);
  });
});
