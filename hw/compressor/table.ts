/** Tables of LUTs from the formulas of counters. */
import type { UInt } from '../../gen/index.ts';
import { type Bit, type Formula, logicOf } from './formula.ts';
import type { Operation } from './plan.ts';

/** What fills a slot, as far as a table cares. */
export type Shape = { readonly kind: 'bit' } | { readonly kind: 'product'; readonly operation: Operation } | undefined;

const numbers = logicOf<number>({ and: (a, b) => a & b, or: (a, b) => a | b, xor: (a, b) => a ^ b });

const operations: { readonly [O in Operation]: (a: number, b: number) => number } = {
  and: (a, b) => a & b,
  nand: (a, b) => 1 ^ (a & b),
  xnor: (a, b) => 1 ^ a ^ b,
};

export const inputCount = (shapes: readonly Shape[]): number =>
  shapes.reduce((n, s) => n + (s === undefined ? 0 : s.kind === 'bit' ? 1 : 2), 0);

/** Value of a formula where bit i of `address` is input i. */
export function evaluate(formula: Formula, shapes: readonly Shape[], address: number): number {
  let next = 0;
  const input = (): number => (address >> next++) & 1;
  const values = shapes.map((s): Bit<number> => {
    if (s === undefined) return undefined;
    return s.kind === 'bit' ? input() : operations[s.operation](input(), input());
  });
  return formula(numbers, values) ?? 0;
}

/** Table of a formula over `inputs` inputs, those beyond the slots' having no effect; entry i is bit i. */
export function tableOf(formula: Formula, shapes: readonly Shape[], inputs: number): bigint {
  let table = 0n;
  for (let i = 0; i < 2 ** inputs; i++) table |= BigInt(evaluate(formula, shapes, i)) << BigInt(i);
  return table;
}

/** The inputs of what fills slots, in the order of the table's address. */
export const inputsOf = (
  operands: readonly (
    | { readonly kind: 'bit'; readonly bits: UInt }
    | { readonly kind: 'product'; readonly a: UInt; readonly b: UInt }
    | undefined
  )[],
): UInt[] => operands.flatMap((o) => (o === undefined ? [] : o.kind === 'bit' ? [o.bits] : [o.a, o.b]));
