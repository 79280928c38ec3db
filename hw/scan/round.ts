/** One row's S' to its stored form: q = floor((S' + r 2^(e-8)) / 2^e), L elements a beat. */
import { bit, cat, type Design, defineModule, input, output, pack, repeat, uint, unpack } from '../../gen/index.ts';
import type { RowState } from '../../golden/fixed/index.ts';
import { saturateSymmetric } from './arithmetic.ts';
import { type ScanParameters, scanWidths } from './parameters.ts';

/** Bits of noise, below the unit of q. */
const noiseBits = 8;
/** Stages. */
export const roundStages = 4;

const roundInterface = (p: ScanParameters) => {
  const w = scanWidths(p);
  return {
    advance: input(bit, 'the pipeline moves in this cycle'),
    state: input(uint(p.lanes * w.work), `S' of ${p.lanes} elements`),
    exponent: input(uint(w.exponent), 'of the row'),
    noise: input(uint(noiseBits * p.lanes), 'a byte for each element'),
    q: output(uint(p.lanes * w.code), 'the elements as they are stored'),
  };
};

/** Latency 4. The value before rounding, with 8 bits below the unit of q, has bits + 8 bits: |S'| < 2^(bits - 1 + e). */
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
      m.comment('Right by 0 to 16: by 0, 4, 8 or 12, by 0 to 3, and by 1 on the way into the sum.');
      const zero = m.constant(bit, 0);
      const farthest = w.exponent > 4 ? io.exponent.bit(4) : zero;
      const rest = farthest.mux(m.constant(uint(4), 15), io.exponent.ext(5).trunc(4)).named('rest');
      const right = pipe.enter({ by4: cat(rest.slice(3, 2), zero, zero), by1: rest.slice(1, 0), once: farthest });
      const noise = unpack(pipe.enter(io.noise), noiseBits);
      const width = bits + noiseBits;
      const codes = unpack(pipe.enter(io.state), w.work).map((state, i) => {
        const fine = cat(state, ...repeat(zero, noiseBits)).asSigned();
        const coarse = pipe.stage(`coarse_${i}`, fine.shiftRight(right.by4).trunc(width + 4));
        const near = pipe.stage(`near_${i}`, coarse.shiftRight(pipe.at(right.by1, 1)).trunc(width + 1));
        const scaled = pipe.at(right.once, 2).mux(near.shr(1), near.trunc(width));
        const sum = pipe.stage(`sum_${i}`, scaled.add(pipe.at(noise[i]!, 2).toSigned()).shr(noiseBits));
        return pipe.stage(`q_${i}`, saturateSymmetric(sum, bits, `q_${i}`).value);
      });
      io.q.drive(pack(codes));
    },
  );
}
