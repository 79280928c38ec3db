/** Black boxes: vendor primitives with a model, against the models that Yosys ships, and through firtool. */
import { findFirtool, runFirtool } from 'firtool';
import { describe, expect, it } from 'vitest';
import {
  type BlackBoxParameter,
  bit,
  blackBox,
  clockDomain,
  type Design,
  defineModule,
  input,
  output,
  printFirrtl,
  printVerilog,
  type UInt,
  uint,
} from '../gen/index.ts';
import { createRandom, createSimulator, createVerilator, type Engine, lockStep } from '../sim/index.ts';
import { xilinxCells } from './vendor-cells.ts';

const table = (inputs: readonly UInt[], bits: UInt): UInt =>
  inputs.reduce((left, i) => i.mux(left.shr(left.width / 2), left.trunc(left.width / 2)), bits);

/** Two functions of five inputs, or one of six: UltraScale's LUT6_2 (UG574). */
const lut = (init: bigint) =>
  blackBox(
    {
      name: 'LUT6_2',
      doc: 'Look-up table.',
      parameters: { INIT: { width: 64, value: init } },
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
      const bits = m.constant(uint(64), init);
      O6.drive(table([I5, I4, I3, I2, I1, I0], bits));
      O5.drive(table([I4, I3, I2, I1, I0], m.constant(uint(32), init & 0xffffffffn)));
    },
  );

/** Flip-flop with enable and synchronous reset: FDRE (UG974). */
const flipFlop = blackBox(
  {
    name: 'FDRE',
    doc: 'Flip-flop.',
    parameters: { INIT: { width: 1, value: 0n } },
    domains: [clockDomain('c', { clockPort: 'C', resetPort: 'R' })],
    ports: { Q: output(bit, 'state'), CE: input(bit, 'enable'), D: input(bit, 'next') },
  },
  (m, { CE, D, Q }) => Q.drive(m.delay('q', D, { enable: CE, reset: 0, init: 0 })),
);

const ports = { x: input(uint(6), 'inputs'), on: input(bit, 'enable'), y: output(uint(4), 'results') };
const inits = [0xfee8e880e8808000n, 0x6996966996696996n];

const design = (of: readonly bigint[] = inits): Design<typeof ports> =>
  defineModule({ name: 'boxes', doc: 'Two tables and a flip-flop each.', ports }, (m, { x, on, y }) => {
    const all = of.flatMap((init, i) => {
      const table6 = m.instance(`table_${i}`, lut(init));
      for (const [n, port] of [table6.I0, table6.I1, table6.I2, table6.I3, table6.I4, table6.I5].entries())
        port.drive(x.bit(n));
      const q = m.instance(`q_${i}`, flipFlop);
      q.CE.drive(on);
      q.D.drive(table6.O6);
      return [q.Q, table6.O5];
    });
    y.drive(all.reduce((word, b, i) => word.or(b.ext(4).shiftLeft(m.constant(uint(2), i), 4)), m.constant(uint(4), 0)));
  });

async function verilated(files: Readonly<Record<string, string>>): Promise<Engine> {
  const vendor = { 'cells.v': await xilinxCells('LUT6_2', 'FDRE') };
  return createVerilator({ files: { ...files, ...vendor }, top: 'boxes', module: design().module, how: 'auto' });
}

function differs(follower: Engine, leader = design()): string | undefined {
  const random = createRandom(4);
  const { mismatch } = lockStep({ leader: createSimulator(leader.module), followers: [follower] }, (engine) => {
    for (let cycle = 0; cycle < 300; cycle++) {
      engine.poke('x', random.bits(6));
      engine.poke('on', random.below(2));
      engine.poke('rst', BigInt(random.chance(0.1)));
      engine.tick();
    }
  });
  follower.close();
  return mismatch?.port;
}

const printed = (d: Design): Readonly<Record<string, string>> =>
  Object.fromEntries(printVerilog(d).files.map((f) => [f.name, f.text]));

describe('a black box', () => {
  it('prints as an instance with parameters, and no module', () => {
    const files = printed(design());
    expect(Object.keys(files)).toEqual(['boxes.v']);
    expect(files['boxes.v']).toContain("LUT6_2 #(.INIT(64'hfee8e880e8808000)) table_0 (");
    expect(files['boxes.v']).toContain("FDRE #(.INIT(1'h0)) q_0 (\n    .C(clk),\n    .R(rst),");
  });

  it("is simulated by its model, which equals the vendor's", async () => {
    expect(differs(await verilated(printed(design())))).toBe(undefined);
  });
  it('whose model is wrong is found', async () => {
    const wrong = design([inits[0]!, inits[1]! ^ (1n << 37n)]);
    expect(differs(await verilated(printed(design())), wrong)).toBe('y');
  });

  it('goes through firtool', async ({ skip }) => {
    skip((await findFirtool()) === undefined, 'firtool was not found');
    const { text } = printFirrtl(design());
    expect(text).toContain("    defname = LUT6_2\n    parameter INIT = '64\\'hfee8e880e8808000'\n");
    const { stdout, stderr } = await runFirtool(['--format=fir', '--disable-all-randomization'], text);
    expect(stderr).toBe('');
    expect(differs(await verilated({ 'boxes.sv': stdout }))).toBe(undefined);
  });

  it('keeps its name, which a module of ours then gives up', () => {
    const own = defineModule(
      { name: 'FDRE', doc: 'Not a flip-flop.', ports: { d: input(bit, ''), q: output(bit, '') } },
      (_m, io) => io.q.drive(io.d.not()),
    );
    const both = defineModule(
      { name: 'both', doc: 'Both.', ports: { d: input(bit, ''), q: output(bit, '') } },
      (m, io) => {
        const inverter = m.instance('inverter', own);
        const q = m.instance('flop', flipFlop);
        inverter.d.drive(io.d);
        q.D.drive(inverter.q);
        q.CE.drive(1);
        io.q.drive(q.Q);
      },
    );
    expect(Object.keys(printed(both))).toEqual(['FDRE_1.v', 'both.v']);
  });

  it('without a reset pin has none', () => {
    const box = blackBox(
      { name: 'SRL', doc: 'Shift register.', reset: 'none', ports: { d: input(bit, ''), q: output(bit, '') } },
      (m, io) => io.q.drive(m.delay('q', io.d)),
    );
    const user = defineModule(
      { name: 'user', doc: 'User.', ports: { d: input(bit, ''), q: output(bit, '') } },
      (m, io) => {
        const srl = m.instance('srl', box);
        srl.d.drive(io.d);
        io.q.drive(srl.q);
      },
    );
    expect(printed(user)['user.v']).toContain('SRL srl (\n    .clk(clk),\n    .d(d),');
    expect(printFirrtl(user).text).not.toContain('srl.rst');
  });

  it.each<[BlackBoxParameter, string]>([
    [36, '.P(36)'],
    [-1, '.P(-1)'],
    ['TRUE', '.P("TRUE")'],
    [{ width: 3, value: 5n }, ".P(3'h5)"],
  ])('has parameters such as %s', (value, text) => {
    const box = blackBox({ name: 'B', doc: 'Box.', parameters: { P: value }, ports: { q: output(bit, '') } });
    const user = defineModule({ name: 'user', doc: 'User.', ports: { q: output(bit, '') } }, (m, io) =>
      io.q.drive(m.instance('b', box).q),
    );
    expect(printed(user)['user.v']).toContain(text);
  });
});
