import { expect, it } from 'vitest';
import { type Module, rewriteModule } from '../gen/index.ts';
import { stateStore } from '../hw/scan/store.ts';
import { scanStoreWork } from '../verify/scan-store-run.ts';

const { module } = stateStore({ name: 'tried', width: 5, depth: 8, tokenWords: 4, style: 'auto' });

/** A bit that is 0 whatever should be. */
function stuck(name: string): Module {
  const [node] = [...module.names].find(([, n]) => n === name)!;
  const zero = { tag: 'const', width: 1, signed: false, value: 0n } as const;
  return rewriteModule(module, { values: new Map([[node, (_, create) => create(zero)]]) });
}

it('finds nothing in a store as it is', () => {
  expect(scanStoreWork(module)).toBeUndefined();
});

it('finds a cleared token that reads what the memory holds', () => {
  expect(scanStoreWork(stuck('cleared'))).toBe('word 6 of a store alone: 0 expected, 31 found');
});
