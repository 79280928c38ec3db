/** The second pass over a tile, when its exponent is known. */
import { bit, type Inside, type ModuleBuilder, pack, type Taken, type UInt, uint, unpack } from '../../gen/index.ts';
import { saturateSymmetric } from '../scan/arithmetic.ts';
import { resized } from '../width.ts';
import { type NormInterface, type NormParameters, normWidths } from './parameters.ts';

/** What waits for it: the products of a beat, and the exponents of complete tiles. */
export const wordShape = (p: NormParameters) => {
  const w = normWidths(p);
  return { products: uint(p.lanes * w.product), count: uint(w.count), tile_end: bit, end: bit, last: bit };
};
export const exponentShape = (p: NormParameters) => {
  const w = normWidths(p);
  return { exponent: uint(w.exponent), shift: uint(w.shift) };
};

/** Bits of the exponent that the second of the two shifts takes. */
const fineBits = 3;

/**
 * q = round(product / 2^exponent), in symmetric saturation; latency 3. A product is shifted right in two steps, and keeps after the first
 * what the second can need. Returns 1 in cycles in which a word leaves.
 */
export function quantize(
  m: ModuleBuilder,
  io: Inside<NormInterface>,
  p: NormParameters,
  words: Taken<ReturnType<typeof wordShape>>,
  exponents: Taken<ReturnType<typeof exponentShape>>,
): UInt {
  const { activationBits: bits } = p.numerics.matmul;
  m.comment('Second pass: words of complete tiles.');
  const advance = io.out.ready.or(io.out.valid.not()).named('advance');
  const read = words.valid.and(exponents.valid).and(advance).named('read');
  const { products, count, tile_end, end, last } = words.payload;
  words.ready.drive(exponents.valid.and(advance));
  exponents.ready.drive(read.and(tile_end));
  const pipe = m.pipeline('out', { enable: advance });
  const { exponent, shift } = pipe.enter({ ...exponents.payload });
  const fine = exponent.trunc(fineBits);
  const coarse = exponent.shr(fineBits).shl(fineBits).named('coarse');
  const q = unpack(pipe.enter(products), normWidths(p).product).map((v, i) => {
    const doubled = v.asSigned().shl(1);
    const near = pipe.stage(`near_${i}`, resized(doubled.shiftRight(coarse), bits + 2 ** fineBits));
    const exact = pipe.stage(`exact_${i}`, near.shiftRight(pipe.at(fine, 1)).trunc(bits + 1));
    return pipe.stage(`q_${i}`, saturateSymmetric(exact.add(1).shr(1), bits, `q_${i}`).value);
  });
  const along = pipe.at(pipe.enter({ shift, count, end, last }), 3);
  io.out.valid.drive(pipe.at(pipe.flag(read), 3));
  io.out.payload.drive({ values: pack(q), ...along });
  return read;
}
