import { expect, it } from 'vitest';
import { builtDigest, sourceDigest } from './build.ts';

it('float.wasm was built from this float.c', async () => {
  expect(await builtDigest('float'), 'run `npx tsx golden/kernels/build.ts`').toBe(await sourceDigest('float'));
});
