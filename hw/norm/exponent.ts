/** The exponent of a tile, and the largest of its group. */
import type { SInt, UInt } from '../../gen/index.ts';
import { accumulate } from '../lanes/accumulate.ts';
import { bitLength, magnitude, reduceTree } from '../scan/arithmetic.ts';
import { resized } from '../width.ts';
import type { Beat } from './beat.ts';
import { normWidths } from './parameters.ts';

export interface TileExponents {
  /** q counts 2^exponent, of which the array sees `shift`: complete with the last beat of a tile. */
  readonly exponent: UInt;
  readonly shift: UInt;
  /** The largest exponent so far, and its shift: complete with the last beat of a group. */
  readonly top: UInt;
  readonly round: UInt;
}

/** golden's `blockExponent`: the bits of all magnitudes of a tile together are as long as the largest of them. */
export function tileExponents(beat: Beat, products: readonly SInt[]): TileExponents {
  const { m, p, pipe, issued, single, token } = beat;
  const w = normWidths(p);
  m.comment(
    'Of a tile the bits of all magnitudes together, which are as long as the largest; those that activations have are left out.',
  );
  const beyond = p.numerics.matmul.activationBits - 1;
  const sizes = products.map((v, i) => pipe.stage(`size_${i}`, magnitude(v).shr(beyond)));
  const together = reduceTree(pipe, 'sizes', sizes, 4, (a, b) => a.or(b));
  const none = m.constant(together.type, 0);
  const ofTile = { valid: issued, first: beat.firstWord };
  const most = accumulate(m, pipe, 'most', ofTile, together, none, (a, b) => a.or(b));
  const bits = bitLength(most);
  const length = pipe.stage('length', bits.ext(w.exponent + 1).trunc(w.exponent));
  const exponent = pipe.join({ length, floor: token.floor }, (v) =>
    pipe.stage('exponent', v.length.gt(v.floor).mux(v.length, v.floor)),
  );
  m.comment("The largest of its group: the exponent of a part of a tile is never above the whole tile's.");
  const lowest = m.constant(exponent.type, 0);
  const top = accumulate(m, pipe, 'top', { first: beat.firstTile }, exponent, lowest, (a, b) => a.gt(b).mux(a, b));
  /** How far it is above the floor; nothing, where a group is one tile. */
  const above = (value: UInt, name: string): UInt =>
    pipe.join({ value, floor: token.floor, single }, (v) => {
      const shift = resized(v.value.sub(v.floor).asUnsigned(), w.shift);
      return v.single.mux(m.constant(shift.type, 0), shift).named(name);
    });
  return { exponent, shift: above(exponent, 'shift'), top, round: pipe.stage('round_q', above(top, 'round')) };
}
