/**
 * What is looked at before a clock edge: properties, and reads whose data the write of the same edge makes undefined.
 *
 * Evaluation stores a flag for each. `check` counts the covers and undefined reads, and records violations in a log of
 * fixed size; it touches no state of the design. A design with nothing to check has no such function.
 */
import type { Node, Property, ReadPort, WritePort } from '../../gen/ir.ts';
import type { FlatDesign } from '../../gen/passes/flatten.ts';
import { op } from '../wasm/op.ts';
import type { Code } from './code.ts';
import type { Emitter } from './emitter.ts';
import type { MemorySlot } from './layout.ts';
import type { ValueOf } from './lower.ts';
import { collision } from './memory.ts';
import type { Space } from './space.ts';

export interface PropertySlot {
  readonly property: Property;
  /** Position of its clock. */
  readonly clock: number;
  /** 1 in a cycle in which an assert or assume is violated or a cover is met. */
  readonly flag: number;
  /** How often it was. */
  readonly count: number;
}

export interface HazardSlot {
  readonly read: ReadPort;
  readonly memory: MemorySlot;
  readonly writes: readonly WritePort[];
  /** Mask of the clocks that must rise together for it: one, or the read's and the writes'. */
  readonly clocks: number;
  readonly flag: number;
}

export interface CheckLayout {
  readonly properties: readonly PropertySlot[];
  readonly hazards: readonly HazardSlot[];
  /** Ticks since the start; part of the state. */
  readonly cycle: number;
  readonly undefinedReads: number;
  readonly violations: number;
  /** Pairs of property number and cycle, of the first violations. */
  readonly log: number;
}

/** Violations that are recorded; those after them are only counted. */
export const mostViolations = 1000;

const bytesPerEntry = 16;

export function placeChecks(
  space: Space,
  design: FlatDesign,
  clocks: readonly string[],
  memories: readonly MemorySlot[],
  cycle: number,
): CheckLayout | undefined {
  const bitOf = (clock: string): number => 2 ** clocks.indexOf(clock);
  const hazardsOf = (memory: MemorySlot, read: ReadPort): HazardSlot[] =>
    clocks.flatMap((clock): HazardSlot[] => {
      const same = clock === read.clock.clock;
      const writes = memory.memory.writes.filter((w) => w.clock.clock === clock);
      if (writes.length === 0 || read.kind === 'combinational' || (same && read.underWrite !== 'undefined')) return [];
      const mask = same ? bitOf(clock) : bitOf(clock) + bitOf(read.clock.clock);
      return [{ read, memory, writes, clocks: mask, flag: space.take(8) }];
    });
  const hazards = memories.flatMap((memory) => memory.memory.reads.flatMap((read) => hazardsOf(memory, read)));
  if (design.properties.length + hazards.length === 0) return undefined;
  const properties = design.properties.map(
    (property): PropertySlot => ({
      property,
      clock: clocks.indexOf(property.clock.clock),
      flag: space.take(8),
      count: space.take(8),
    }),
  );
  const log = space.take(properties.length === 0 ? 0 : mostViolations * bytesPerEntry);
  return { properties, hazards, cycle, undefinedReads: space.take(8), violations: space.take(8), log };
}

/** Stores the flag of a property: what it looks for is there, and the reset is not. */
export function storeProperty(e: Emitter, value: ValueOf, slot: PropertySlot, resetNode: Node | undefined): void {
  const { kind, condition } = slot.property;
  const holds = value(condition)[0]!;
  const sought = kind === 'cover' ? holds : e.xor(holds, 1n);
  e.store(resetNode === undefined ? sought : e.and(sought, e.xor(value(resetNode)[0]!, 1n)), slot.flag);
}

/** Stores the flag of a read that some write of its word may spoil. */
export function storeHazard(e: Emitter, value: ValueOf, { memory, read, writes, flag }: HazardSlot): void {
  const hits = writes.map((write) => collision(e, value, memory, read, write));
  const enabled = read.enable === undefined ? 1n : value(read.enable)[0]!;
  e.store(
    e.and(
      hits.reduce((some, hit) => e.or(some, hit)),
      enabled,
    ),
    flag,
  );
}

/** The body of `check(clocks)`; `note` is the number of the function below. */
export function emitCheck(code: Code, { properties, hazards, undefinedReads }: CheckLayout, note: number): void {
  const emitOne = (i: number) => {
    const { property, flag, count } = properties[i]!;
    code.count(count, () => code.load(flag));
    if (property.kind === 'cover') return;
    code
      .load(flag)
      .op(op.i32WrapI64)
      .if(() => code.const(i).with(op.call, note));
  };
  for (let i = 0; i < properties.length; ) {
    const { clock } = properties[i]!;
    code.ifBits(0, 2 ** clock, () => {
      for (; properties[i]?.clock === clock; i++) emitOne(i);
    });
  }
  for (const { clocks, flag } of hazards) {
    code.ifBits(0, clocks, () => code.count(undefinedReads, () => code.load(flag)));
  }
}

/** The body of `note(property)`: another violation, recorded while there is room. */
export function emitNote(code: Code, { violations, cycle, log }: CheckLayout): void {
  const entry = () => code.load(violations).op(op.i32WrapI64).const(bytesPerEntry).op(op.i32Mul);
  code.load(violations).const64(BigInt(mostViolations)).op(op.i64LtUnsigned);
  code.if(() => {
    entry().with(op.localGet, 0).op(op.i64ExtendI32Unsigned).memory(op.i64Store, log);
    entry()
      .load(cycle)
      .memory(op.i64Store, log + 8);
  });
  code.count(violations, () => code.const64(1n));
}
