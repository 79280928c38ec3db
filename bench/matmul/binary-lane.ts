/** A binary dot product with its accumulator, as BISMO counts one: no planes, corrections elsewhere. */
import { bit, type Design, defineModule, input, output, sint, uint } from '../../gen/index.ts';
import { type CompressorOptions, compressor, type FamilyName, searchPlan } from '../../hw/compressor/index.ts';
import { matmulWidths } from '../../hw/index.ts';
import { accumulate } from '../../hw/matmul/accumulator.ts';
import { tile } from './arrays.ts';

/** Bits of the accumulator: those of the tile's. */
export const sumBits = matmulWidths(tile).sum;

const ports = (columns: number) => ({
  weight: input(uint(columns), 'bits of weights'),
  plane: input(uint(columns), 'bits of activations'),
  take: input(bit, 'the number of ones counts'),
  first: input(bit, 'and is the first of its row'),
  total: output(sint(sumBits), 'sum of ones of weight AND activation'),
});

export function binaryLane(
  columns: number,
  family: FamilyName,
  print: CompressorOptions['print'],
): Design<ReturnType<typeof ports>> {
  const width = columns.toString(2).length;
  const heap = [{ bits: 0, products: columns, operation: 'and' as const }];
  const ones = compressor(searchPlan(heap, width, { family }), { print });
  return defineModule({ name: 'binary_lane', doc: 'Dot product.', ports: ports(columns) }, (m, io) => {
    const count = m.instance('ones', ones);
    count['enable']!.drive(1);
    count['a0']!.drive(io.weight);
    count['b0']!.drive(io.plane);
    const none = { recall: m.constant(bit, 0), stored: m.constant(sint(sumBits), 0) };
    const partial = count.sum.toSigned();
    const { next, total } = accumulate(m, tile, { partial, take: io.take, first: io.first, ...none });
    m.unused(next);
    io.total.drive(total);
  });
}
