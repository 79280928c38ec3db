/** Counters beside a data path. */
import {
  bit,
  bitsFor,
  increment,
  lessBy,
  type ModuleBuilder,
  type Pipeline,
  pack,
  type UInt,
  uint,
} from '../../gen/index.ts';

/** Values clamped since reset, modulo 2^32: a bit of `flags` for each, counted in cycles in which `valid` is 1. */
export function clampCounter(m: ModuleBuilder, name: string, flags: UInt, valid: UInt): UInt {
  const many = m.delay(`${name}_clamped_now`, flags.popcount());
  const count = m.register(`${name}_clamps`, uint(32), { reset: 0 });
  const sum = count.add(many.ext(32)).trunc(32);
  count.next(m.delay(`${name}_counted`, valid, { reset: 0 }).mux(sum, count));
  return count;
}

/** The value of a beat's lane, 0 if it does not count; the first always counts. */
export function counted(m: ModuleBuilder, value: UInt, lane: number, count: UInt): UInt {
  m.unused(count);
  if (lane === 0) return value;
  return lane < 2 ** count.width ? count.gt(lane).mux(value, 0) : value.and(0);
}

/** The flags of a beat's lanes, those of lanes that do not count put out; the first always counts. */
export const counting = (flags: readonly UInt[], count: UInt): UInt =>
  pack(flags.map((flag, i) => (i === 0 ? flag : flag.and(count.gt(i)))));

/** How many have come and not gone, 0 to `most`. */
export function underWay(m: ModuleBuilder, name: string, most: number, come: UInt, go: UInt): UInt {
  const count = m.register(name, uint(bitsFor(BigInt(most))), { reset: 0 });
  m.when(come.xor(go), () => count.next(come.mux(increment(count), lessBy(count, 1))));
  m.assert(`${name}_has_some`, go.not().or(count.ne(0)), `${name}: none goes that has not come`);
  m.assert(`${name}_has_room`, come.not().or(go).or(count.ne(most)), `${name}: at most ${most}`);
  return count;
}

/** A flag of a pipeline behind each of its first `count` stages, by name: how many are 1 is how many are on their way. */
export const flagStages = (m: ModuleBuilder, pipe: Pipeline, flag: UInt, name: string, count: number): UInt[] =>
  Array.from({ length: count }, (_, i) => {
    const stage = m.wire(`${name}_${1 + i}`, bit);
    stage.drive(pipe.at(flag, 1 + i));
    return stage;
  });
