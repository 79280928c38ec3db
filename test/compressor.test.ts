/** The three prints of a compressor's plan are one function: proved up to 72 inputs, simulated above. */
import { describe, expect, it } from 'vitest';
import { type Design, printVerilog } from '../gen/index.ts';
import { type CompressorOptions, compressor, withConstant } from '../hw/compressor/compressor.ts';
import type { Column, Heap, Operation, Plan } from '../hw/compressor/plan.ts';
import { searchPlan } from '../hw/compressor/search.ts';
import { createRandom, createSimulator, createVerilator, lockStep } from '../sim/index.ts';
import { yosys } from '../sim/yosys.ts';
import { ecp5Cells, xilinxCells } from './vendor-cells.ts';

const column = (bits: number, products: number, operation: Operation = 'and'): Column => ({
  bits,
  products,
  operation,
});

const vendor = (await xilinxCells('LUT6', 'LUT6_2', 'CARRY4', 'CARRY8')) + (await ecp5Cells('LUT2', 'LUT4', 'CCU2C'));

const verilog = (d: Design): string =>
  printVerilog(d)
    .files.map((f) => f.text)
    .join('\n');

const planOf = (heap: Heap, width: number, family: Plan['family'] = 'xilinx', constant = 0n): Plan =>
  searchPlan(withConstant(heap, constant), width, { family });

const inPrint = (plan: Plan, print: CompressorOptions['print'], constant = 0n): Design =>
  compressor(plan, { print, constant, registers: false });

interface Side {
  readonly text: string;
  readonly top: string;
  /** Of two bodies in the text, the one that says what is computed. */
  readonly behavioural?: true;
}

type Pairs = Readonly<Record<string, readonly [Side, Side]>>;

/** Whether SAT finds the sides of each pair equal, as a whole or from net to net of the same name; one run of Yosys for all. */
async function proved(pairs: Pairs, how: 'whole' | 'nets'): Promise<Record<string, boolean>> {
  const files: Record<string, string> = { 'cells.v': vendor };
  const prove = {
    whole: 'miter -equiv -flatten -make_assert a b m; hierarchy -top m; opt; sat -prove-asserts m',
    nets: 'equiv_make a b m; hierarchy -top m; equiv_simple; equiv_status',
  };
  const proofs = Object.values(pairs).map((sides, n) => {
    const read = sides.map(({ text, top, behavioural }, s) => {
      const name = 'ab'[s]!;
      files[`${name}${n}.v`] = text;
      return [
        'design -reset',
        `read_verilog -sv ${behavioural ? '-DPOPSCAN_BEHAVIOURAL ' : ''}cells.v ${name}${n}.v`,
        `hierarchy -top ${top}; proc; flatten; opt_clean; rename ${top} ${name}; design -stash ${name}`,
      ].join('\n');
    });
    return [...read, 'design -reset; design -copy-from a a; design -copy-from b b', `log PROOF; ${prove[how]}`].join(
      '\n',
    );
  });
  const { status, log } = await yosys(proofs.join('\n'), files, { seconds: 500 });
  if (status !== 0) throw new Error(log.slice(-1000));
  const holds = { whole: /SAT proof finished - no model found: SUCCESS!/, nets: /Equivalence successfully proven!/ };
  const fails = { whole: /SAT proof finished - model found: FAIL!/, nets: /Found a total of \d+ .*unproven|Unproven/ };
  const verdicts = log.split(/^PROOF/m).slice(1);
  return Object.fromEntries(
    Object.keys(pairs).map((name, n) => {
      const text = verdicts[n]!;
      if (!holds[how].test(text) && !fails[how].test(text)) throw new Error(text.slice(-1000));
      return [name, holds[how].test(text)];
    }),
  );
}

const sideOf = (d: Design): Side => ({ text: verilog(d), top: d.module.name });

/** One entry of the table of a LUT is wrong. */
function wronged(side: Side): Side {
  const flip = (_: string, high: string, low: string): string =>
    `64'h${high}${(Number.parseInt(low, 16) ^ 8).toString(16)}`;
  const text = side.text.replace(/64'h([0-9a-f]{15})([0-9a-f])/, flip);
  expect(text).not.toBe(side.text);
  return { ...side, text };
}

describe('compressors', () => {
  it('are what they compute, and one with a wrong LUT is not', async () => {
    const cases: readonly [string, Heap, number, bigint, Plan['family'], CompressorOptions['print']][] = [
      ['12 XNORs as LUT6_2 and CARRY4', [column(0, 12, 'xnor')], 4, 0n, 'xilinx', 'xc7'],
      ['12 ANDs as LUT4 and CCU2C', [column(0, 12)], 4, 0n, 'ecp5', 'ecp5'],
      ['15 bits as equations', [column(15, 0)], 4, 0n, 'xilinx-portable', 'portable'],
      ['two planes, the upper negative', [column(0, 5), column(0, 5, 'nand')], 5, 22n, 'xilinx', 'xcup'],
      ['bits and products of several weights', [column(4, 2), column(0, 0), column(1, 4)], 6, 0n, 'xilinx', 'xc7'],
    ];
    const pairs = cases.map(([name, heap, width, constant, family, print]) => {
      const printed = sideOf(inPrint(planOf(heap, width, family, constant), print, constant));
      return [name, [{ ...printed, behavioural: true }, printed]] as const;
    });
    const right = sideOf(inPrint(planOf([column(0, 12)], 4), 'xcup'));
    const all = [...pairs, ['a wrong LUT', [{ ...right, behavioural: true }, wronged(right)]] as const];
    expect(await proved(Object.fromEntries(all), 'whole')).toEqual({
      ...Object.fromEntries(cases.map(([name]) => [name, true])),
      'a wrong LUT': false,
    });
  });

  it('are the same in primitives and in equations, net by net, and one with a wrong LUT is not', async () => {
    const prints = (plan: Plan): [Side, Side] => [sideOf(inPrint(plan, 'xcup')), sideOf(inPrint(plan, 'portable'))];
    const [primitives, equations] = prints(planOf([column(0, 12)], 4));
    const pairs: Pairs = { '72 bits': prints(planOf([column(72, 0)], 7)), wrong: [wronged(primitives), equations] };
    expect(await proved(pairs, 'nets')).toEqual({ '72 bits': true, wrong: false });
  });
});

describe.each<[CompressorOptions['print'], Plan['family']]>([
  ['xcup', 'xilinx'],
  ['xc7', 'xilinx'],
  ['ecp5', 'ecp5'],
  ['portable', 'xilinx-portable'],
])('compressors printed as %s', (print, family) => {
  it('count ones, whatever the bits: every size up to 9', () => {
    for (let n = 1; n <= 9; n++) {
      const plan = planOf([column(n, 0)], n.toString(2).length, family);
      const sim = createSimulator(inPrint(plan, print).module.implementation!);
      for (let x = 0; x < 2 ** n; x++) {
        sim.poke('x0', x);
        sim.eval();
        const ones = x.toString(2).replaceAll('0', '').length;
        if (sim.peek('sum') !== BigInt(ones)) expect.fail(`${n} bits: ${x.toString(2)} gives ${sim.peek('sum')}`);
      }
    }
  });
  it.each(['and', 'nand', 'xnor'] as const)('sum products of two weights: %s', (operation) => {
    const plan = planOf([column(0, 3, 'and'), column(0, 3, operation)], 4, family);
    const sim = createSimulator(inPrint(plan, print).module.implementation!);
    const made = { and: (a: number) => a, nand: (a: number) => 7 ^ a, xnor: (a: number) => 7 ^ a };
    const ones = (x: number): number => [0, 1, 2].reduce((n, i) => n + ((x >> i) & 1), 0);
    for (let x = 0; x < 2 ** 12; x++) {
      const [a0, b0, a1, b1] = [0, 3, 6, 9].map((low) => (x >> low) & 7) as [number, number, number, number];
      for (const [port, value] of Object.entries({ a0, b0, a1, b1 })) sim.poke(port, value);
      sim.eval();
      const second = made[operation](operation === 'xnor' ? a1 ^ b1 : a1 & b1);
      const total = ones(a0 & b0) + 2 * ones(second);
      if (sim.peek('sum') !== BigInt(total)) expect.fail(`${x}: ${sim.peek('sum')} instead of ${total}`);
    }
  });
});

/** The first difference between what a compressor computes and its Verilog, in random cycles. */
async function simulated(
  plan: Plan,
  options: CompressorOptions,
  change: (text: string) => string = (t) => t,
): Promise<string | undefined> {
  const design = compressor(plan, options);
  const files = Object.fromEntries(printVerilog(design).files.map((f) => [f.name, change(f.text)]));
  const follower = await createVerilator({
    files: { ...files, 'cells.v': vendor },
    top: design.module.name,
    module: design.module,
  });
  const random = createRandom(7);
  const inputs = design.module.ports.filter((p) => p.direction === 'input');
  const { mismatch } = lockStep({ leader: createSimulator(design.module), followers: [follower] }, (engine) => {
    for (let cycle = 0; cycle < 500; cycle++) {
      // few, half or most bits set, so that sums cover the whole range
      const density = [0.02, 0.5, 0.98][random.below(3)]!;
      for (const p of inputs) {
        const bits =
          p.width > 1
            ? Array.from({ length: p.width }, () => (random.chance(density) ? '1' : '0'))
            : ['01'[random.below(2)]!];
        engine.poke(p.name, BigInt(`0b${bits.join('')}`));
      }
      engine.tick();
    }
  });
  follower.close();
  return mismatch?.port;
}

describe('a compressor of 256 products', () => {
  const plan = planOf([column(0, 256)], 9);
  it.each<CompressorOptions['print']>(['xcup', 'portable'])('as %s equals what it computes', async (print) => {
    expect(await simulated(plan, { print })).toBe(undefined);
  });
  it('with two inputs of a LUT exchanged for others is found', async () => {
    const change = (text: string) => text.replace('.I0(a0[0])', '.I0(a0[1])');
    expect(await simulated(plan, { print: 'xcup' }, change)).toBe('sum');
  });
});
