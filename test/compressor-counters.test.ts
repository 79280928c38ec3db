/**
 * The local half of a proof for compressors of any size: what a counter gives, with its weights, is what it takes and the carry into it, on all
 * inputs, as each print makes it, alone and in front of every counter that its carry can reach. The other half is that a plan hands out every bit
 * once (hw/compressor/search.test.ts): so each level has the weighted sum of the one before, and the last has a bit in a column.
 */
import { describe, expect, it } from 'vitest';
import { type Design, defineModule, input, output, type UInt, uint } from '../gen/index.ts';
import { realizations } from '../hw/compressor/compressor.ts';
import { hasTables } from '../hw/compressor/ecp5.ts';
import { type FamilyName, familyOf, type Variant } from '../hw/compressor/family.ts';
import { type Group, joined, type Operand, outputColumns } from '../hw/compressor/netlist.ts';
import type { Chain, Operation } from '../hw/compressor/plan.ts';
import { createSimulator } from '../sim/index.ts';

const prints: readonly (readonly [keyof typeof realizations, FamilyName])[] = [
  ['xcup', 'xilinx'],
  ['xc7', 'xilinx'],
  ['portable', 'xilinx-portable'],
  ['ecp5', 'ecp5'],
];

/** Columns that the inputs of a chain have, a bit each, and both factors of a product side by side. */
interface Alone {
  readonly design: Design;
  readonly inputs: readonly { readonly column: number; readonly product: boolean }[];
  readonly outputs: readonly number[];
}

/** A chain alone, as a print makes it; its carry goes out. */
function alone(print: keyof typeof realizations, chain: Chain, operation: Operation): Alone {
  const inputs: { column: number; product: boolean }[] = [];
  let used = 0;
  const width = 32;
  const ports = { x: input(uint(width), ''), y: output(uint(width), '') };
  let outputs: readonly number[] = [];
  const design = defineModule({ name: 'alone', doc: 'A chain.', ports }, (m, io) => {
    const take = (column: number, product: boolean): Operand => {
      const next = used;
      used += product ? 2 : 1;
      inputs.push({ column, product });
      const bit = (n: number): UInt => io.x.slice(n, n);
      return product
        ? { kind: 'product', operation, a: bit(next), b: bit(next + 1) }
        : { kind: 'bit', bits: bit(next) };
    };
    const carryIn = chain.carryIn && take(0, chain.carryIn === 'product');
    let at = 0;
    const slots = chain.steps.map((v) => {
      const of = v.counter.slots.map((s, i) => v.filling[i] && take(at + s.column, v.filling[i] === 'product'));
      at += v.positions;
      return of;
    });
    outputs = outputColumns(chain, Number.POSITIVE_INFINITY);
    const group: Group = { name: 'g', chain, slots, carryIn, carryOut: at > 0 };
    io.y.drive(joined(realizations[print](m, [group], 'l')[0]!)!.ext(width));
    m.unused(io.x);
  }) as Design;
  return { design, inputs, outputs };
}

const values = {
  and: (a: number, b: number) => a & b,
  nand: (a: number, b: number) => 1 ^ (a & b),
  xnor: (a: number, b: number) => 1 ^ a ^ b,
};

/** The first input for which the weighted sums of what goes in and comes out differ; undefined: none. */
function surplus({ design, inputs, outputs }: Alone, operation: Operation): number | undefined {
  const sim = createSimulator(design.module);
  const count = inputs.reduce((n, i) => n + (i.product ? 2 : 1), 0);
  const weigh = (columns: readonly number[], y: number): number =>
    columns.reduce((sum, column, i) => sum + (((y >> i) & 1) << column), 0);
  for (let x = 0; x < 2 ** count; x++) {
    let [taken, next] = [0, 0];
    for (const { column, product } of inputs) {
      const bit = (): number => (x >> next++) & 1;
      taken += (product ? values[operation](bit(), bit()) : bit()) << column;
    }
    sim.poke('x', x);
    sim.eval();
    if (weigh(outputs, Number(sim.peek('y'))) !== taken) return x;
  }
  sim.close();
  return undefined;
}

const operationsOf = (v: Variant, print: keyof typeof realizations): Operation[] =>
  (['and', 'nand', 'xnor'] as const).filter(
    (o) =>
      (o === 'and' || v.products.some((n) => n > 0)) &&
      (print !== 'ecp5' ||
        hasTables(
          v,
          v.products.map(() => o),
        )),
  );

describe.each(prints)('as %s', (print, family) => {
  const { variants, carryIn: carries } = familyOf(family);

  it('every counter gives what it takes, whatever its inputs', () => {
    for (const v of variants)
      for (const operation of operationsOf(v, print))
        for (const carryIn of v.positions === 0 ? [undefined] : [undefined, ...carries]) {
          const chain: Chain = { start: 0, carryIn, steps: [v], times: 1 };
          const found = surplus(alone(print, chain, operation), operation);
          if (found !== undefined)
            expect.fail(`${v.counter.name} of ${v.filling} ${operation}, carry ${carryIn}: ${found}`);
        }
  });

  it('a carry goes from every counter to every other', () => {
    const byName = new Map(
      variants.filter((v) => v.positions > 0 && v.products.every((n) => n === 0)).map((v) => [v.counter.name, v]),
    );
    for (const first of byName.values())
      for (const second of byName.values()) {
        const chain: Chain = { start: 0, carryIn: undefined, steps: [first, second], times: 1 };
        expect(surplus(alone(print, chain, 'and'), 'and'), `${first.counter.name}${second.counter.name}`).toBe(
          undefined,
        );
      }
  });
});

it('a counter of other products is found', () => {
  const v = familyOf('xilinx').variants.find(({ products }) => products[0] === 2)!;
  const chain: Chain = { start: 0, carryIn: undefined, steps: [v], times: 1 };
  expect(surplus(alone('xcup', chain, 'and'), 'nand')).not.toBe(undefined);
});
