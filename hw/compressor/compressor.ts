/** The sum of a heap of bits and products, as a module with its three prints. */
import {
  type Bits,
  type Design,
  defineModule,
  type InputPort,
  type Inside,
  implementedBy,
  input,
  type ModuleBuilder,
  type OutputPort,
  output,
  sum,
  type UInt,
  uint,
} from '../../gen/index.ts';
import { ecp5 } from './ecp5.ts';
import { type Inputs, joined, netlist, operations, type Realization } from './netlist.ts';
import type { Column, Heap, Plan } from './plan.ts';
import { portable } from './portable.ts';
import { xilinx } from './xilinx.ts';

/** How a compressor appears in Verilog. */
export type Print = 'behavioural' | 'portable' | 'xcup' | 'xc7' | 'ecp5';

/** How counters are made, by print. */
export const realizations: { readonly [P in Exclude<Print, 'behavioural'>]: Realization } = {
  portable,
  xcup: xilinx('CARRY8'),
  xc7: xilinx('CARRY4'),
  ecp5,
};

export interface CompressorOptions {
  readonly print: Print;
  /** Added to the sum, mod 2^width: the plan is of `withConstant(heap, constant)`. Default 0. */
  readonly constant?: bigint;
  /** Whether there are the plan's registers; default yes. */
  readonly registers?: boolean;
}

const oneAt = (constant: bigint, column: number): number => Number((constant >> BigInt(column)) & 1n);

/** The heap with a bit more wherever the constant has a one: what the plan of a compressor with a constant is made for. */
export const withConstant = (heap: Heap, constant: bigint): Heap =>
  Array.from({ length: Math.max(heap.length, constant.toString(2).length) }, (_, c): Column => {
    const column = heap[c] ?? { bits: 0, products: 0, operation: 'and' };
    return { ...column, bits: column.bits + oneAt(constant, c) };
  });

/** Ports by name: `x3` are the bits of weight 2^3, `a3` and `b3` the operands of its products. */
export type CompressorInterface = ReturnType<typeof compressorInterface>;

function compressorInterface(plan: Plan, constant: bigint, latency: number) {
  const inputs: Record<string, InputPort<Bits<'unsigned'>>> = {};
  const given = (name: string, width: number, doc: string): void => {
    inputs[name] = input(uint(width), doc);
  };
  if (latency > 0) given('enable', 1, 'the registers move in this cycle');
  for (const [c, { bits, products, operation }] of plan.heap.entries()) {
    const rest = bits - oneAt(constant, c);
    if (rest > 0) given(`x${c}`, rest, `bits of weight 2^${c}`);
    if (products === 0) continue;
    given(`a${c}`, products, `one operand of the products (${operation}) of weight 2^${c}`);
    given(`b${c}`, products, 'the other');
  }
  return { ...inputs, sum: output(uint(plan.width), 'their sum') } as Readonly<
    Record<string, InputPort<Bits<'unsigned'>>>
  > & { readonly sum: OutputPort<Bits<'unsigned'>> };
}

/** The sum of the plan's heap, mod 2^width, `plan.latency` cycles later; initiation interval 1. */
export function compressor(
  plan: Plan,
  { print, constant = 0n, registers = true }: CompressorOptions,
): Design<CompressorInterface> {
  const latency = registers ? plan.latency : 0;
  const ports = compressorInterface(plan, constant, latency);
  const spec = { name: nameOf(plan, print, constant, latency), doc: documentation(plan, latency), ports };
  const design = defineModule(spec, (m, io) => {
    const inputs = inputsFrom(m, io, plan, constant);
    let sum = behaviour(inputs, plan);
    for (let i = 1; i <= latency; i++) sum = m.delay(`sum_at_${i}`, sum, { enable: io['enable']! });
    io.sum.drive(sum);
  });
  if (print === 'behavioural') return design;
  const implementation = defineModule(spec, (m, io) => {
    const enable = latency > 0 ? io['enable']! : undefined;
    // thousands of cells come from a few lines: one place for all is half of the time
    m.located(() => io.sum.drive(netlist(m, plan, inputsFrom(m, io, plan, constant), realizations[print], enable)));
  });
  return implementedBy(design, implementation);
}

/** The parameters, and what tells plans of one heap apart. */
function nameOf({ heap, width, every, levels }: Plan, print: Print, constant: bigint, latency: number): string {
  const columns = heap.map(({ bits, products, operation }, c) => {
    const plain = bits - oneAt(constant, c);
    return `${plain > 0 ? `x${plain}` : ''}${products > 0 ? `${operation}${products}` : ''}` || '0';
  });
  const runs: { readonly column: string; times: number }[] = [];
  for (const column of columns) {
    const last = runs.at(-1);
    if (last?.column === column) last.times++;
    else runs.push({ column, times: 1 });
  }
  const shown = runs.map(({ column, times }) => (times > 1 ? `${column}_by${times}` : column)).join('_');
  const plus = constant > 0n ? `_plus${constant}` : '';
  return `sum_${shown}${plus}_u${width}_${print}_l${levels.length}${latency > 0 ? `r${every}` : ''}`;
}

const documentation = ({ heap, width, luts, cells, family, levels }: Plan, latency: number): string =>
  [
    `Sum of ${heap.reduce((n, c) => n + c.bits, 0)} bits and ${heap.reduce((n, c) => n + c.products, 0)} products, mod 2^${width}, ${latency === 0 ? 'combinational' : `${latency} cycles later`}.`,
    `Planned for ${family}: ${levels.length} levels, ${luts} LUTs, ${cells} carry cells.`,
    'l<n>_w<k> are the bits of weight 2^k that are left behind level n.',
  ].join('\n');

/** The inputs by column; the ones of the constant are the highest bits. */
function inputsFrom(m: ModuleBuilder, io: Inside<CompressorInterface>, plan: Plan, constant: bigint): Inputs {
  const named = (port: string): UInt | undefined => io[port] as UInt | undefined;
  const columns = plan.heap.map((_, c) => c);
  return {
    bits: columns.map((c) => {
      const one = oneAt(constant, c) === 1 ? [m.constant(uint(1), 1)] : [];
      return joined([...[named(`x${c}`) ?? []].flat(), ...one]);
    }),
    a: columns.map((c) => named(`a${c}`)),
    b: columns.map((c) => named(`b${c}`)),
  };
}

/** What the compressor computes, as a simulator likes it: a population count of every column. */
function behaviour({ bits, a, b }: Inputs, { heap, width }: Plan): UInt {
  const counts = heap.flatMap(({ operation }, c) => {
    const product = a[c] && operations[operation](a[c], b[c]!);
    const column = joined([...[bits[c] ?? []].flat(), ...[product ?? []].flat()]);
    return column === undefined ? [] : [column.named(`bits_w${c}`).popcount().named(`ones_w${c}`).shl(c)];
  });
  const total = sum(counts, 'ones');
  return (total.width >= width ? total.trunc(width) : total.ext(width)).named('total');
}
