/**
 * The printed netlist of a compressor computes the sum of its heap: a proof for any size, in two steps. SAT: every chain, in its place in the
 * printed Verilog, gives with its weights what it takes. And what is left, which bit goes where, is a polynomial of what chains give and of the inputs,
 * of degree one but for products: the sum, and what every chain takes less what it gives, is what the heap has. Such a polynomial is 0 if it is 0 where no
 * bit is set, where one is, and where both factors of a product are; the simulator tries them all.
 */
import { describe, expect, it } from 'vitest';
import {
  type Design,
  defineModule,
  input,
  type ModuleBuilder,
  output,
  printVerilog,
  sum,
  type UInt,
  uint,
} from '../gen/index.ts';
import { realizations } from '../hw/compressor/compressor.ts';
import {
  type Group,
  joined,
  netlist,
  type Operand,
  operations,
  outputColumns,
  type Realization,
} from '../hw/compressor/netlist.ts';
import type { Heap, Operation, Plan } from '../hw/compressor/plan.ts';
import { searchPlan } from '../hw/compressor/search.ts';
import { createSimulator } from '../sim/index.ts';
import { yosys } from '../sim/yosys.ts';
import { ecp5Cells, xilinxCells } from './vendor-cells.ts';

/** A bit and its weight 2^column. */
type Weighed = readonly [bit: UInt, column: number];

/** What one of the chains of a group takes and gives. */
interface Balance {
  readonly start: number;
  readonly takes: readonly Weighed[];
  readonly gives: readonly Weighed[];
}

const bitsIn = (o: Operand): UInt => (o.kind === 'bit' ? o.bits : operations[o.operation](o.a, o.b));

function balances({ chain, slots, carryIn }: Group, made: readonly UInt[], width: number): Balance[] {
  const operands: [Operand, number][] = carryIn === undefined ? [] : [[carryIn, chain.start]];
  let at = chain.start;
  for (const [s, v] of chain.steps.entries()) {
    for (const [i, slot] of v.counter.slots.entries()) {
      const operand = slots[s]![i];
      if (operand !== undefined) operands.push([operand, at + slot.column]);
    }
    at += v.positions;
  }
  const columns = outputColumns(chain, width);
  return Array.from({ length: chain.times }, (_, i) => ({
    start: chain.start,
    takes: operands.map(([o, column]): Weighed => [bitsIn(o).bit(i), column]),
    gives: columns.map((column, k): Weighed => [made[k]!.bit(i), column]),
  }));
}

/** Makes chains as `inner` does, and tells what each takes and gives. */
const told =
  (inner: Realization, width: number, to: Balance[]): Realization =>
  (m, level, name) => {
    const made = inner(m, level, name);
    for (const [i, group] of level.entries()) to.push(...balances(group, made[i]!, width));
    return made;
  };

/** sum_i 2^(column_i - low) bit_i, mod 2^(width - low). */
function weighed(m: ModuleBuilder, name: string, terms: readonly Weighed[], low: number, width: number): UInt {
  const fitted = (x: UInt): UInt => (x.width > width - low ? x.trunc(width - low) : x.ext(width - low));
  if (terms.length === 0) return m.constant(uint(width - low), 0);
  return fitted(
    sum(
      terms.map(([bit, column]) => bit.shl(column - low)),
      name,
    ),
  );
}

/** A column of products or of bits. */
interface Ones {
  readonly count: number;
  readonly operation?: Operation;
}

const heapOf = ({ count, operation }: Ones): Heap => [
  { bits: operation ? 0 : count, products: operation ? count : 0, operation: operation ?? 'and' },
];
const planOf = (of: Ones, family: Plan['family']): Plan =>
  searchPlan(heapOf(of), of.count.toString(2).length, { family });

const inputsOf = ({ operation }: Ones, a: UInt, b: UInt) =>
  operation ? { bits: [], a: [a], b: [b] } : { bits: [a], a: [], b: [] };

/** The compressor with a bit for each chain: 1 where it gives another sum than it takes. */
function withVerdicts(of: Ones, plan: Plan, print: keyof typeof realizations): Design {
  let chains = 0;
  for (const level of plan.levels) for (const { times } of level) chains += times;
  const ports = {
    ...{ a: input(uint(of.count), 'bits, or a factor'), b: input(uint(of.count), 'the other') },
    ...{ total: output(uint(plan.width), 'the sum'), unequal: output(uint(chains), 'by chain') },
  };
  return defineModule({ name: 'judged', doc: 'A compressor and its chains.', ports }, (m, io) => {
    const all: Balance[] = [];
    io.total.drive(netlist(m, plan, inputsOf(of, io.a, io.b), told(realizations[print], plan.width, all), undefined));
    const verdicts = all.map(({ start, takes, gives }, i) =>
      weighed(m, `takes_${i}`, takes, start, plan.width).ne(weighed(m, `gives_${i}`, gives, start, plan.width)),
    );
    io.unequal.drive(joined(verdicts)!);
    if (of.operation === undefined) m.unused(io.b);
  }) as Design;
}

const vendor = (await xilinxCells('LUT6', 'LUT6_2', 'CARRY4', 'CARRY8')) + (await ecp5Cells('LUT2', 'LUT4', 'CCU2C'));

const asIs = (text: string): string => text;

/** Whether SAT finds no inputs for which a chain gives another sum than it takes. */
async function everyChainHolds(design: Design, change: (text: string) => string = asIs): Promise<boolean> {
  const printed = printVerilog(design)
    .files.map((f) => f.text)
    .join('\n');
  const text = change(printed);
  if (text === printed && change !== asIs) throw new Error('nothing was changed');
  const script = 'read_verilog -sv cells.v judged.v; hierarchy -top judged; proc; flatten; opt; sat -prove unequal 0';
  const { status, log } = await yosys(script, { 'cells.v': vendor, 'judged.v': text }, { seconds: 300 });
  if (status !== 0) throw new Error(log.slice(-1000));
  const holds = /SAT proof finished - no model found: SUCCESS!/.test(log);
  if (!holds && !/SAT proof finished - model found: FAIL!/.test(log)) throw new Error(log.slice(-1000));
  return holds;
}

/** What is wrong with where bits go: the sum, and what chains take less what they give, less the heap, where what chains give is an input. */
function wiring(of: Ones, plan: Plan, change: (bits: readonly UInt[]) => readonly UInt[] = (b) => b): string[] {
  const { count, operation } = of;
  const sizes = plan.levels.flat().map((c) => c.times * outputColumns(c, plan.width).length);
  const free = sizes.reduce((n, s) => n + s, 0);
  const ports = {
    ...{ a: input(uint(count), 'bits, or a factor'), b: input(uint(count), 'the other') },
    ...{ given: input(uint(free), 'what chains give'), surplus: output(uint(plan.width), '0: every bit is used once') },
  };
  const design = defineModule({ name: 'wiring', doc: 'Which bit goes where.', ports }, (m, io) => {
    let used = 0;
    const open: Realization = (_m, level) =>
      level.map(({ chain }) =>
        outputColumns(chain, plan.width).map(() => {
          used += chain.times;
          return io.given.slice(used - 1, used - chain.times);
        }),
      );
    const all: Balance[] = [];
    const inputs = inputsOf(of, io.a, io.b);
    const known = told(open, plan.width, all);
    const total = netlist(m, plan, inputs, (...of) => known(...of).map(change), undefined);
    const value = operation ? operations[operation](io.a, io.b) : io.a;
    const heap = Array.from({ length: count }, (_, i): Weighed => [value.bit(i), 0]);
    const whole = (side: 'takes' | 'gives'): UInt => {
      const terms = all.flatMap((balance) => balance[side]);
      return weighed(m, side, terms, 0, plan.width);
    };
    const out = total.add(whole('takes')).trunc(plan.width);
    const due = whole('gives')
      .add(weighed(m, 'heap', heap, 0, plan.width))
      .trunc(plan.width);
    io.surplus.drive(out.xor(due));
    if (operation === undefined) m.unused(io.b);
  });
  const sim = createSimulator(design.module);
  const wrong: string[] = [];
  const look = (label: string): void => {
    sim.eval();
    if (sim.peek('surplus') !== 0n) wrong.push(label);
  };
  look('none');
  for (let i = 0; i < free; i++) {
    sim.poke('given', 1n << BigInt(i));
    look(`given ${i}`);
  }
  sim.poke('given', 0);
  for (let i = 0; i < count; i++) {
    sim.poke('a', 1n << BigInt(i));
    look(`a ${i}`);
    for (let j = 0; operation !== undefined && j < count; j++) {
      sim.poke('b', 1n << BigInt(j));
      look(`a ${i}, b ${j}`);
    }
    sim.poke('b', 0);
  }
  sim.poke('a', 0);
  for (let j = 0; operation !== undefined && j < count; j++) {
    sim.poke('b', 1n << BigInt(j));
    look(`b ${j}`);
  }
  sim.close();
  return wrong;
}

it.each<[keyof typeof realizations, Plan['family'], Ones]>([
  ['xcup', 'xilinx', { count: 72 }],
  ['xc7', 'xilinx', { count: 72 }],
  ['ecp5', 'ecp5', { count: 72 }],
  ['portable', 'xilinx-portable', { count: 72 }],
  ['xcup', 'xilinx', { count: 256, operation: 'and' }],
])('the netlist as %s of a plan for %s is the sum of its heap, %o', async (print, family, of) => {
  const plan = planOf(of, family);
  expect(await everyChainHolds(withVerdicts(of, plan, print))).toBe(true);
  expect(wiring(of, plan)).toEqual([]);
});

describe('what is wrong is found', () => {
  const products: Ones = { count: 36, operation: 'and' };

  it.each<[string, keyof typeof realizations, Plan['family'], (text: string) => string]>([
    ['a table', 'xcup', 'xilinx', (t) => t.replace(/64'h([0-9a-f]{15})[0-9a-f]/, "64'h$17")],
    ['an input of a LUT', 'xcup', 'xilinx', (t) => t.replace('.I0(a[0])', '.I0(a[1])')],
    ['an equation', 'portable', 'xilinx-portable', (t) => t.replace(' & ', ' | ')],
  ])('%s', async (_name, print, family, change) => {
    const design = withVerdicts(products, planOf(products, family), print);
    expect(await everyChainHolds(design, change)).toBe(false);
  });

  it('two bits of different weight exchanged', () => {
    const exchanged = ([a, b, ...rest]: readonly UInt[]) => [b ?? a!, ...(b === undefined ? [] : [a!]), ...rest];
    expect(wiring(products, planOf(products, 'xilinx'), exchanged)).not.toEqual([]);
  });
});
