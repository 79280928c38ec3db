/** Counters as boolean equations on vectors, and `+` for carry chains: Verilog for any device. */
import { bit, type ModuleBuilder, type UInt } from '../../gen/index.ts';
import type { Lut } from './counter.ts';
import { type Bit, logicOf } from './formula.ts';
import { bitsOf, type Group, joined, type Operand, operations, type Realization } from './netlist.ts';

const signals = logicOf<UInt>({ and: (a, b) => a.and(b), or: (a, b) => a.or(b), xor: (a, b) => a.xor(b) });

const signalOf = (o: Operand): UInt => (o.kind === 'bit' ? o.bits : operations[o.operation](o.a, o.b));

export const portable: Realization = (m, level) => level.map((group) => realizeGroup(m, group));

/** One addend bit of a chain: what generates, and the exclusive or of it with what lets the carry pass. */
interface Position {
  readonly a: Bit<UInt>;
  readonly b: Bit<UInt>;
}

function realizeGroup(m: ModuleBuilder, group: Group): readonly UInt[] {
  const { name, chain } = group;
  const positions: Position[] = [];
  // the columns' bits come in the order of the steps: sums of a step, then what leaves beside
  const plan: ({ readonly sum: number } | { readonly bits: UInt })[] = [];
  for (const [s, v] of chain.steps.entries()) {
    const values = group.slots[s]!.map((o) => o && signalOf(o));
    const pick = (l: Lut, without?: number): Bit<UInt>[] => l.sees.map((i) => (i === without ? undefined : values[i]));
    for (const [k, l] of v.counter.luts.entries()) {
      const { generate } = l;
      if (generate === undefined) continue;
      const label = `${name}_s${s}_${k}`;
      const direct = typeof generate === 'number' ? values[generate] : l.o5!(signals, pick(l));
      const through =
        typeof generate === 'number' ? l.o6(signals, pick(l, generate)) : signals.xor(l.o6(signals, pick(l)), direct);
      positions.push({ a: direct?.named(`${label}_a`), b: through?.named(`${label}_b`) });
      plan.push({ sum: positions.length - 1 });
    }
    for (const [k, o] of v.counter.outs.entries()) {
      const l = v.counter.luts[o.lut]!;
      const bits = (o.pin === 'o6' ? l.o6 : l.o5!)(signals, pick(l))!;
      plan.push({ bits: bits.named(`${name}_s${s}_out_${k}`) });
    }
  }
  const sums = positions.length === 0 ? [] : addChains(m, group, positions);
  const outputs = plan.map((p) => ('bits' in p ? p.bits : sums[p.sum]!));
  return group.carryOut ? [...outputs, sums[positions.length]!] : outputs;
}

/**
 * The sums of every chain, then the carries out, each as a vector over the chains. A carry comes in through a position of its own, where both
 * addends are the carry. a + b is written a - ~b - 1: of a sum Yosys may send either addend past the LUTs, of a difference always
 * the first, which costs a LUT less for every position whose a is a bit.
 */
function addChains(
  m: ModuleBuilder,
  { name, chain, carryIn, carryOut }: Group,
  positions: readonly Position[],
): UInt[] {
  const zero = m.constant(bit, 0);
  const low = carryIn === undefined ? 0 : 1;
  const count = positions.length + (carryOut ? 1 : 0);
  const words = Array.from({ length: chain.times }, (_, i) => {
    const word = (of: 'a' | 'b'): UInt => {
      const bits = positions.map((p) => p[of]?.bit(i) ?? zero);
      return joined([
        ...(carryIn === undefined ? [] : [bitsOf(carryIn)!.bit(i)]),
        ...bits,
        ...(carryOut ? [zero] : []),
      ])!;
    };
    const sum = word('a')
      .sub(word('b').not())
      .sub(1)
      .trunc(low + count);
    return sum.slice(sum.width - 1, 0).named(`${name}_sum_${i}`);
  });
  return Array.from({ length: count }, (_, p) => joined(words.map((w) => w.bit(low + p)))!);
}
