/** Products of weight bits and activations, summed: the heap of a lane's compressor. */
import { type Design, fromBits, type ModuleBuilder, type SInt, sint, type UInt } from '../../gen/index.ts';
import {
  type Column,
  type CompressorOptions,
  compressor,
  type Heap,
  latencyOf,
  type Plan,
  type SearchOptions,
  searchPlan,
  withConstant,
} from '../compressor/index.ts';
import type { CellFamily, MatmulParameters } from './parameters.ts';

/** Which plan, and which print of it, the cells ask for. */
const prints: {
  readonly [C in CellFamily]: Pick<SearchOptions, 'family'> & Pick<CompressorOptions, 'print'>;
} = {
  portable: { family: 'xilinx-portable', print: 'portable' },
  xilinx: { family: 'xilinx', print: 'xcup' },
  xc7: { family: 'xilinx', print: 'xc7' },
  ecp5: { family: 'ecp5', print: 'ecp5' },
};

/** What of a lane's parameters its sums depend on. */
type Sums = Pick<MatmulParameters, 'columns' | 'segment' | 'maxShift' | 'numerics' | 'cells'>;

/** Columns summed together: those that share an exponent, or all where there is one. */
export const summedColumns = ({ columns, segment, maxShift }: Sums): number => (maxShift === 0 ? columns : segment);

/**
 * sum_i w_i q_i = sum_b 2^b popcount(w and plane b) - 2^(A-1) popcount(w and plane A-1). The last is 2^(A-1) (popcount of the NAND, less the
 * columns), so that all of it is one heap and a constant.
 */
function heapOf(p: Sums): { readonly heap: Heap; readonly constant: bigint; readonly width: number } {
  const columns = summedColumns(p);
  const bits = p.numerics.activationBits;
  const heap = Array.from(
    { length: bits },
    (_, b): Column => ({ bits: 0, products: columns, operation: b === bits - 1 ? 'nand' : 'and' }),
  );
  const width = sumWidth(columns, bits);
  const negative = BigInt(columns) << BigInt(bits - 1);
  return { heap, width, constant: BigInt.asUintN(width, -negative) };
}

/** Two's complement bits of -2^(A-1) columns, the least of the sums. */
const sumWidth = (columns: number, bits: number): number =>
  (BigInt(columns) * 2n ** BigInt(bits) - 1n).toString(2).length;

/** Cycles from weights and planes to their sum. */
export function productsLatency(p: Sums): number {
  const { heap, constant } = heapOf(p);
  return latencyOf(withConstant(heap, constant), prints[p.cells ?? 'portable'].family);
}

export function productsPlan(p: Sums): Plan {
  const { heap, constant, width } = heapOf(p);
  return searchPlan(withConstant(heap, constant), width, { family: prints[p.cells ?? 'portable'].family });
}

/** The compressor of a lane, or of each of its segments. */
export function productsCompressor(p: Sums): Design<ReturnType<typeof compressor>['ports']> {
  const { constant } = heapOf(p);
  return compressor(productsPlan(p), { print: prints[p.cells ?? 'portable'].print, constant });
}

/** sum_i w_i q_i of the columns of a segment; `planes`: bit b of all activations. Latency `productsLatency`. */
export function sumProducts(
  m: ModuleBuilder,
  name: string,
  design: ReturnType<typeof productsCompressor>,
  { advance, weight, planes }: { readonly advance: UInt; readonly weight: UInt; readonly planes: readonly UInt[] },
): SInt {
  const sums = m.instance(name, design);
  sums['enable']!.drive(advance);
  for (const [b, plane] of planes.entries()) {
    sums[`a${b}`]!.drive(weight);
    sums[`b${b}`]!.drive(plane);
  }
  return fromBits(sint(sums.sum.width), sums.sum);
}
