/** One row's S' to its stored form: q = floor((S' + r 2^(e-8)) / 2^e), L elements a beat. */
import {
  bit,
  cat,
  type Design,
  defineModule,
  input,
  output,
  pack,
  repeat,
  type SInt,
  sint,
  type UInt,
  uint,
  unpack,
} from '../../gen/index.ts';
import type { RowState } from '../../golden/fixed/index.ts';
import { resized } from '../width.ts';
import { shiftShape } from './exponent.ts';
import { type ScanParameters, scanWidths } from './parameters.ts';

/** Bits of noise, below the unit of q. */
const noiseBits = 8;
/** Stages. */
export const roundStages = 3;

const roundInterface = (p: ScanParameters) => {
  const w = scanWidths(p);
  return {
    advance: input(bit, 'the pipeline moves in this cycle'),
    state: input(uint(p.lanes * w.work), `S' of ${p.lanes} elements`),
    right: input(shiftShape, "of the row's exponent"),
    noise: input(uint(noiseBits * p.lanes), 'a byte for each element'),
    q: output(uint(p.lanes * w.code), 'the elements as they are stored'),
  };
};

/**
 * Latency 3. The value before rounding, with 8 bits below the unit of q, has bits + 8 bits: |S'| < 2^(bits - 1 + e). Of the sum's whole part
 * only +-2^(bits-1) are beyond q, and look alike: -2^(bits-1) becomes the next number by its lowest bit, and +2^(bits-1) the number before by
 * the set and reset of registers, in a cycle in which they move: these come before the enable, and gated apart each would take a LUT.
 */
export function roundUnit(p: ScanParameters, { bits }: RowState): Design<ReturnType<typeof roundInterface>> {
  const w = scanWidths(p);
  return defineModule(
    {
      name: `scan_round_l${p.lanes}_s${bits}`,
      doc: `Rounds ${p.lanes} elements of a row to ${bits} bits of the row's unit, stochastically.`,
      ports: roundInterface(p),
    },
    (m, io) => {
      const pipe = m.pipeline('round', { enable: io.advance });
      const zero = m.constant(bit, 0);
      const right = pipe.enter(io.right);
      const noise = unpack(pipe.enter(io.noise), noiseBits).map((n, i) => n.named(`noise_${i}`));
      const width = bits + noiseBits;
      const by4 = masks(right.by4, width + 3, 'by4');
      const by1 = masks(pipe.at(right.by1, 1), width, 'by1');
      const codes = unpack(pipe.enter(io.state), w.work).map((state, i) => {
        const fine = cat(state, ...repeat(zero, noiseBits))
          .named(`fine_${i}`)
          .asSigned();
        const coarse = pipe.stage(`coarse_${i}`, shifted(fine, by4, 4));
        const near = pipe.stage(`near_${i}`, shifted(coarse, by1, 1));
        const once = pipe.at(right.once, 2);
        const scaled = once.mux(near.shr(1), near.trunc(width)).named(`scaled_${i}`);
        const sum = scaled.add(pipe.at(noise[i]!, 2).toSigned()).trunc(width).shr(noiseBits).named(`sum_${i}`);
        const beyond = sum.eq(-(2 ** (bits - 1))).named(`beyond_${i}`);
        const over = beyond.and(io.advance.and(near.bit(width).not())).named(`over_${i}`);
        const q = m.register(`q_${i}`, sint(bits));
        m.when(over, () => q.next(2 ** (bits - 1) - 1)).elsewhen(io.advance, () => {
          q.next(cat(sum.slice(bits - 1, 1), sum.bit(0).or(beyond)).asSigned());
        });
        return q;
      });
      io.q.drive(pack(codes));
    },
  );
}

/** For each of 0 to 3 a word of `width` bits that is all ones where `steps` is that number. */
const masks = (steps: UInt, width: number, name: string): readonly UInt[] =>
  [0, 1, 2, 3].map((n) => {
    const is = steps.eq(n).named(`${name}_is_${n}`);
    return cat(...(repeat(is, width) as [UInt, ...UInt[]])).named(`${name}_mask_${n}`);
  });

/**
 * x shifted right by 0, 1, 2 or 3 steps, by the mask that is all ones; a bit wider than the masks: a LUT6 a bit, and the sign is that of x.
 * As a sum of products: of a multiplexer with constant inputs Yosys makes resets, which meet the enable in LUTs.
 */
function shifted(x: SInt, chosen: readonly UInt[], step: number): SInt {
  const { width } = chosen[0]!;
  const parts = chosen.map((mask, n) =>
    resized(x.shr(n * step), width)
      .asUnsigned()
      .and(mask),
  );
  return cat(
    x.bit(x.width - 1),
    parts.reduce((a, b) => a.or(b)),
  ).asSigned();
}
