/** Primitives of vendors, each with a model: what our simulator runs, proved equal to the vendor's in the tests. */
import { bit, blackBox, cat, type Design, input, output, type UInt, uint } from '../../gen/index.ts';

const word = (bits: readonly UInt[]): UInt => cat(...([...bits].reverse() as [UInt, ...UInt[]]));

/** Entry of a table that the inputs, the lowest first, point at. */
const entry = (inputs: readonly UInt[], table: UInt): UInt =>
  [...inputs].reverse().reduce((left, i) => i.mux(left.shr(left.width / 2), left.trunc(left.width / 2)), table);

const lutInputs = {
  I0: input(bit, 'lowest bit of the address'),
  I1: input(bit, ''),
  I2: input(bit, ''),
  I3: input(bit, ''),
  I4: input(bit, ''),
  I5: input(bit, 'highest bit of the address'),
};
export const lutPins = Object.keys(lutInputs) as (keyof typeof lutInputs)[];

const lut6Ports = { O: output(bit, 'table entry'), ...lutInputs };
const lut62Ports = { O6: output(bit, 'of six inputs'), O5: output(bit, 'of five'), ...lutInputs };

/** A function of six inputs (UG574). */
export const lut6 = (init: bigint): Design<typeof lut6Ports> =>
  blackBox(
    {
      name: 'LUT6',
      doc: 'Look-up table.',
      parameters: { INIT: { width: 64, value: init } },
      reset: 'none',
      ports: lut6Ports,
    },
    (m, io) =>
      io.O.drive(
        entry(
          lutPins.map((p) => io[p]),
          m.constant(uint(64), init),
        ),
      ),
  );

/** Two functions of five inputs: O5 has the low half of the table (UG574). */
export const lut62 = (init: bigint): Design<typeof lut62Ports> =>
  blackBox(
    {
      name: 'LUT6_2',
      doc: 'Look-up table.',
      parameters: { INIT: { width: 64, value: init } },
      reset: 'none',
      ports: lut62Ports,
    },
    (m, io) => {
      const inputs = lutPins.map((p) => io[p]);
      io.O6.drive(entry(inputs, m.constant(uint(64), init)));
      io.O5.drive(entry(inputs.slice(0, 5), m.constant(uint(32), init & 0xffffffffn)));
    },
  );

/** Sums and carries of a chain of multiplexers. */
function ripple(carryIn: UInt, s: UInt, di: UInt): { readonly sums: UInt[]; readonly carries: UInt[] } {
  const sums: UInt[] = [];
  const carries: UInt[] = [];
  for (let i = 0, carry = carryIn; i < s.width; i++) {
    sums.push(s.bit(i).xor(carry));
    carry = s.bit(i).mux(carry, di.bit(i));
    carries.push(carry);
  }
  return { sums, carries };
}

const carry8Ports = {
  CO: output(uint(8), 'carries out of every position'),
  O: output(uint(8), 'sums'),
  CI: input(bit, 'carry into position 0'),
  CI_TOP: input(bit, 'carry into position 4, where the cell is two'),
  DI: input(uint(8), 'carry where it does not pass'),
  S: input(uint(8), 'the carry passes'),
};

/** The carry chain of an UltraScale slice, whole or as two halves (UG574). */
export const carry8 = (type: 'SINGLE_CY8' | 'DUAL_CY4'): Design<typeof carry8Ports> =>
  blackBox(
    { name: 'CARRY8', doc: 'Carry chain.', parameters: { CARRY_TYPE: type }, reset: 'none', ports: carry8Ports },
    (m, io) => {
      const low = ripple(io.CI, io.S.trunc(4), io.DI.trunc(4));
      const middle = type === 'DUAL_CY4' ? io.CI_TOP : low.carries[3]!;
      if (type === 'SINGLE_CY8') m.unused(io.CI_TOP);
      const high = ripple(middle, io.S.shr(4), io.DI.shr(4));
      io.O.drive(word([...low.sums, ...high.sums]));
      io.CO.drive(word([...low.carries, ...high.carries]));
    },
  );

const carry4Ports = {
  CO: output(uint(4), 'carries out of every position'),
  O: output(uint(4), 'sums'),
  CI: input(bit, 'carry from the cell below'),
  CYINIT: input(bit, 'carry into a chain that begins here'),
  DI: input(uint(4), 'carry where it does not pass'),
  S: input(uint(4), 'the carry passes'),
};

/** The carry chain of a 7-series slice (UG474). */
export const carry4: Design<typeof carry4Ports> = blackBox(
  { name: 'CARRY4', doc: 'Carry chain.', reset: 'none', ports: carry4Ports },
  (_m, io) => {
    const { sums, carries } = ripple(io.CI.or(io.CYINIT), io.S, io.DI);
    io.O.drive(word(sums));
    io.CO.drive(word(carries));
  },
);

const lut4Ports = {
  A: input(bit, 'lowest bit of the address'),
  B: input(bit, ''),
  C: input(bit, ''),
  D: input(bit, 'highest bit of the address'),
  Z: output(bit, 'table entry'),
};

/** A function of four inputs (ECP5). */
export const lut4 = (init: number): Design<typeof lut4Ports> =>
  blackBox(
    {
      name: 'LUT4',
      doc: 'Look-up table.',
      parameters: { INIT: { width: 16, value: BigInt(init) } },
      reset: 'none',
      ports: lut4Ports,
    },
    (m, io) => io.Z.drive(entry([io.A, io.B, io.C, io.D], m.constant(uint(16), init))),
  );

const ccu2cPorts = {
  CIN: input(bit, 'carry from the cell below'),
  A0: input(bit, 'lower position: lowest bit of the address'),
  B0: input(bit, ''),
  C0: input(bit, ''),
  D0: input(bit, ''),
  A1: input(bit, 'upper position'),
  B1: input(bit, ''),
  C1: input(bit, ''),
  D1: input(bit, ''),
  S0: output(bit, 'sum of the lower position'),
  S1: output(bit, 'of the upper'),
  COUT: output(bit, 'carry to the cell above'),
};

/**
 * Two positions of a carry chain of an ECP5 slice. Each has a table of four inputs: 1 lets the carry pass; where it is 0, the
 * entry at the same A and B, and C = D = 0, is the carry.
 */
export const ccu2c = (init0: number, init1: number): Design<typeof ccu2cPorts> =>
  blackBox(
    {
      name: 'CCU2C',
      doc: 'Carry chain.',
      parameters: {
        INIT0: { width: 16, value: BigInt(init0) },
        INIT1: { width: 16, value: BigInt(init1) },
        INJECT1_0: 'NO',
        INJECT1_1: 'NO',
      },
      reset: 'none',
      ports: ccu2cPorts,
    },
    (m, io) => {
      const position = (
        init: number,
        x: readonly UInt[],
        carry: UInt,
      ): { readonly sum: UInt; readonly carry: UInt } => {
        const table = m.constant(uint(16), init);
        const passes = entry(x, table);
        return { sum: passes.xor(carry), carry: passes.mux(carry, entry(x.slice(0, 2), table.trunc(4))) };
      };
      const lower = position(init0, [io.A0, io.B0, io.C0, io.D0], io.CIN);
      const upper = position(init1, [io.A1, io.B1, io.C1, io.D1], lower.carry);
      io.S0.drive(lower.sum);
      io.S1.drive(upper.sum);
      io.COUT.drive(upper.carry);
    },
  );
