import { beforeAll, describe, expect, it } from 'vitest';
import { type Node, type Replacement, rewriteHierarchy, rewriteModule } from '../gen/index.ts';
import { type OpenUnit, openUnit } from '../verify/mutate.ts';

/** A bit of a named value, in whatever module has it, is stuck at 0. */
const withoutBit = ({ top }: OpenUnit, name: string, bit: number) =>
  rewriteHierarchy(top, (module) => {
    const node: Node | undefined = [...module.names].find(([, n]) => n === name)?.[0];
    if (node === undefined) return module;
    const cleared: Replacement = (a, create) => {
      const { width, signed } = a;
      const mask = create({ tag: 'const', width, signed, value: ~(1n << BigInt(bit)) & ((1n << BigInt(width)) - 1n) });
      return create({ tag: 'and', width, signed, a, b: mask });
    };
    return rewriteModule(module, { values: new Map([[node, cleared]]) });
  });

describe('the runs of a unit', () => {
  let residual: OpenUnit;
  beforeAll(async () => {
    residual = await openUnit('residual');
  });

  it('find nothing in the unit as it is', () => {
    expect(residual.find(residual.top)).toBeUndefined();
  });
  it.each([0, 12, 30, 31])('find a counter of clamped values whose bit %i is stuck', (bit) => {
    expect(residual.find(withoutBit(residual, 'residual_clamps', bit))).toMatch(/saturations_residual/);
  });
});
