import { expect, it } from 'vitest';
import { builtDigest, sourceDigest } from './build.ts';

it.each(['float', 'fixed'])('%s.wasm was built from its source', async (name) => {
  expect(await builtDigest(name), 'run `npx tsx golden/kernels/build.ts`').toBe(await sourceDigest(name));
});
