/** Products of weight bits and activations, summed: the heap of a lane's compressor. */
import {
  bitsFor,
  cat,
  fromBits,
  type ModuleBuilder,
  type Pipeline,
  pack,
  repeat,
  type SInt,
  sint,
  type UInt,
  uint,
} from '../../gen/index.ts';
import {
  type Column,
  type CompressorCells,
  compressor,
  compressorCells,
  type Heap,
  type Plan,
  type Print,
  type SearchOptions,
  searchPlan,
  withConstant,
} from '../compressor/index.ts';
import type { CellFamily, MatmulParameters } from './parameters.ts';

/** Which plan, and which print of it, the cells ask for. */
const prints: {
  readonly [C in CellFamily]: Pick<SearchOptions, 'family'> & { readonly print: Exclude<Print, 'behavioural'> };
} = {
  portable: { family: 'xilinx-portable', print: 'portable' },
  xilinx: { family: 'xilinx', print: 'xcup' },
  xc7: { family: 'xilinx', print: 'xc7' },
  ecp5: { family: 'ecp5', print: 'ecp5' },
};

/** What of a lane's parameters its sums depend on. */
type Sums = Pick<MatmulParameters, 'columns' | 'segment' | 'maxShift' | 'numerics' | 'cells' | 'activationPlanes'>;

/** Columns summed together: those that share an exponent, or all where there is one. */
export const summedColumns = ({ columns, segment, maxShift }: Sums): number => (maxShift === 0 ? columns : segment);

/** Products of weights and bit planes, which a compressor sums: sum_b 2^b popcount(w and plane b), plus `constant`, in `width` bits. */
interface Products {
  readonly heap: Heap;
  readonly constant: bigint;
  readonly width: number;
}

/** Of `planes` planes; all count up. */
function products(columns: number, planes: number): Products {
  const heap = Array.from({ length: planes }, (): Column => ({ bits: 0, products: columns, operation: 'and' }));
  return { heap, constant: 0n, width: bitsFor(BigInt(columns) * (2n ** BigInt(planes) - 1n)) };
}

/**
 * Of all planes. The highest counts -2^(A-1) popcount(w and plane A-1) = 2^(A-1) (popcount of the NAND, less the columns), so that all of
 * it is one heap and a constant. Two's complement.
 */
function signedProducts(columns: number, planes: number): Products {
  const { heap, width } = products(columns, planes);
  const negative = BigInt(columns) << BigInt(planes - 1);
  return {
    heap: heap.with(-1, { ...heap.at(-1)!, operation: 'nand' }),
    width,
    constant: BigInt.asUintN(width, -negative),
  };
}

const planesAtOnce = (p: Sums): number => p.activationPlanes ?? p.numerics.activationBits;

/** Where there are several passes the highest plane of each is summed alone, since it counts negative in the first one only. */
function partsOf(p: Sums): readonly Products[] {
  const columns = summedColumns(p);
  const planes = planesAtOnce(p);
  if (planes === p.numerics.activationBits) return [signedProducts(columns, planes)];
  return planes === 1 ? [products(columns, 1)] : [products(columns, 1), products(columns, planes - 1)];
}

const printOf = ({ cells = 'portable' }: Sums) => prints[cells];

/** Cycles from weights and planes to their sums. */
export const productsLatency = (p: Sums): number => Math.max(...productsPlans(p).map(({ latency }) => latency));

function planOf({ heap, constant, width }: Products, p: Sums): Plan {
  const { family } = printOf(p);
  const key = [family, heap.length, heap[0]!.products, heap.at(-1)!.operation].join(' ');
  const plan = known.get(key) ?? searchPlan(withConstant(heap, constant), width, { family });
  known.set(key, plan);
  return plan;
}

/** How the products of a segment are summed; two plans where the highest plane is summed alone. */
export const productsPlans = (p: Sums): readonly Plan[] => partsOf(p).map((part) => planOf(part, p));

/** The cells of their compressors. */
export const productsCells = (p: Sums): readonly CompressorCells[] =>
  productsPlans(p).map((plan) => compressorCells(plan, printOf(p).print));

/** Plans by family, columns and planes: a planner asks for the same ones again and again. */
const known = new Map<string, Plan>();

/** What meets in a segment. */
export interface Segment {
  readonly advance: UInt;
  readonly weight: UInt;
  /** Lowest first. */
  readonly planes: readonly UInt[];
  readonly negative: UInt;
}

/** sum_i w_i q_i of the columns of a segment, from its number and what meets in it. */
export type SumOfSegment = (s: number, of: Segment) => SInt;

/** All planes at once. Latency `productsLatency`. */
export function allPlanes(m: ModuleBuilder, pipe: Pipeline, p: Sums): SumOfSegment {
  const count = summed(m, pipe, partsOf(p)[0]!, p);
  return (s, of) => {
    const all = count(`products_${s}`, of);
    return fromBits(sint(all.width), all);
  };
}

/** A' planes: those below the highest, plus the highest or, where it counts negative, minus it. Latency `productsLatency` + 1. */
export function somePlanes(m: ModuleBuilder, pipe: Pipeline, p: Sums): SumOfSegment {
  const counts = partsOf(p).map((part) => summed(m, pipe, part, p));
  const planes = planesAtOnce(p);
  const width = bitsFor(BigInt(summedColumns(p)) * (2n ** BigInt(planes) - 1n)) + 1;
  const latency = productsLatency(p);
  return (s, { planes: all, negative, ...of }) => {
    const highest = pipe.at(counts[0]!(`highest_${s}`, { ...of, planes: all.slice(-1) }), latency);
    const below = counts[1]?.(`below_${s}`, { ...of, planes: all.slice(0, -1) });
    const low = below === undefined ? m.constant(uint(width), 0) : pipe.at(below, latency).ext(width);
    const inverted = highest
      .shl(planes - 1)
      .ext(width)
      .xor(pack(repeat(negative, width)))
      .named(`signed_${s}`);
    const both = cat(low, negative).add(cat(inverted, negative)).slice(width, 1).named(`sum_of_pass_${s}`);
    return pipe.stage(`pass_${s}`, fromBits(sint(width), both));
  };
}

/** Instances of the compressor of a part, by name and inputs, in the lane's pipeline. */
function summed(m: ModuleBuilder, pipe: Pipeline, part: Products, p: Sums) {
  const plan = planOf(part, p);
  const design = compressor(plan, { print: printOf(p).print, constant: part.constant });
  return (name: string, { advance, weight, planes }: Omit<Segment, 'negative'>): UInt => {
    const sums = m.instance(name, design);
    sums['enable']!.drive(advance);
    for (const [b, plane] of planes.entries()) {
      sums[`a${b}`]!.drive(weight);
      sums[`b${b}`]!.drive(plane);
    }
    return pipe.enter(sums.sum, plan.latency);
  };
}
