/** Cells of UltraScale+ with what they do (UG574). */
import { bit, blackBox, cat, input, output, type UInt, uint } from '../../gen/index.ts';

const choose = (inputs: readonly UInt[], bits: UInt): UInt =>
  inputs.reduce((left, i) => i.mux(left.shr(left.width / 2), left.trunc(left.width / 2)), bits);

/** Two functions of five inputs where I5 is 1: O5 is bits 31..0 of `init`, O6 bits 63..32. */
export const lut62 = (init: bigint) =>
  blackBox(
    {
      name: 'LUT6_2',
      doc: 'Look-up table of six inputs with two outputs.',
      parameters: { INIT: { width: 64, value: init } },
      reset: 'none',
      ports: {
        O6: output(bit, 'of six inputs'),
        O5: output(bit, 'of five'),
        I0: input(bit, ''),
        I1: input(bit, ''),
        I2: input(bit, ''),
        I3: input(bit, ''),
        I4: input(bit, ''),
        I5: input(bit, ''),
      },
    },
    (m, { I0, I1, I2, I3, I4, I5, O5, O6 }) => {
      O6.drive(choose([I5, I4, I3, I2, I1, I0], m.constant(uint(64), init)));
      O5.drive(choose([I4, I3, I2, I1, I0], m.constant(uint(32), init & 0xffff_ffffn)));
    },
  );

/** Eight positions of a carry chain: where S is 1 the carry passes, else DI is the carry; O = S xor the carry that comes. */
export const carry8 = blackBox(
  {
    name: 'CARRY8',
    doc: 'Carry chain of eight positions.',
    parameters: { CARRY_TYPE: 'SINGLE_CY8' },
    reset: 'none',
    ports: {
      CO: output(uint(8), 'carries out'),
      O: output(uint(8), 'sums'),
      CI: input(bit, 'carry in'),
      CI_TOP: input(bit, 'carry into the upper half of a divided chain'),
      DI: input(uint(8), 'generated carries'),
      S: input(uint(8), 'where carries pass'),
    },
  },
  (m, { CI, CI_TOP, DI, S, CO, O }) => {
    m.unused(CI_TOP);
    const carries: UInt[] = [CI];
    for (let i = 0; i < 8; i++) carries.push(S.bit(i).mux(carries[i]!, DI.bit(i)));
    const word = (bits: readonly UInt[]) => cat(...([...bits].reverse() as [UInt, ...UInt[]]));
    CO.drive(word(carries.slice(1)));
    O.drive(S.xor(word(carries.slice(0, 8))));
  },
);
