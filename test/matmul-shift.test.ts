/** Shifts in stages: every amount, extreme and random values; and the cells that the cost model counts for them. */
import { describe, expect, it } from 'vitest';
import { bitsFor, defineModule, input, output, printVerilog, sint, uint } from '../gen/index.ts';
import { fabrics } from '../hw/fabric.ts';
import {
  type ShiftStage,
  shiftedLeft,
  shiftedRight,
  shiftStages,
  stagesLeft,
  stagesRight,
} from '../hw/matmul/shift.ts';
import { createRandom, createSimulator, synthesize } from '../sim/index.ts';

type Direction = 'left' | 'right';

/** x and the amount in registers, and the shift behind them; `zeros` lowest bits of x are 0. */
function shifter(width: number, most: number, direction: Direction, { zeros = 0, used = width } = {}) {
  const y = sint(direction === 'left' ? width + most : used);
  const ports = {
    x: input(sint(width - zeros), 'value'),
    amount: input(uint(bitsFor(BigInt(most))), 'how far'),
    y: output(y, 'shifted'),
  };
  return defineModule({ name: 'shifter', doc: 'A shift.', ports }, (m, io) => {
    const pipe = m.pipeline('shift');
    const x = pipe.stage('x_q', pipe.enter(io.x)).shl(zeros);
    const amount = pipe.stage('amount_q', pipe.enter(io.amount));
    const args = [pipe, x, amount, most, 'y'] as const;
    const shifted = direction === 'left' ? shiftedLeft(m, ...args) : shiftedRight(m, ...args);
    io.y.drive(shifted.trunc(y.width));
  });
}

const shapes = [1, 2, 3, 4, 6, 8, 15, 16, 32].flatMap((most) =>
  (['left', 'right'] as const).map((direction) => ({ most, direction })),
);

describe('a shift', () => {
  it.each(shapes)('$direction by up to $most is exact for every amount', ({ most, direction }) => {
    const width = 11;
    const engine = createSimulator(shifter(width, most, direction).module);
    const random = createRandom(most);
    for (let amount = 0; amount <= most; amount++)
      for (const x of [-1024, 1023, -1, 1, 0, random.below(2048) - 1024]) {
        engine.poke('x', BigInt.asUintN(width, BigInt(x)));
        engine.poke('amount', BigInt(amount));
        for (let i = 0; i <= shiftStages(most); i++) engine.tick();
        engine.eval();
        const wanted = direction === 'left' ? BigInt(x) << BigInt(amount) : BigInt(x) >> BigInt(amount);
        expect(engine.peek('y')).toBe(wanted);
      }
    engine.close();
  });

  it('has no stage where there is none', () => {
    expect([0, 1, 3, 4, 15, 16, 63, 64].map(shiftStages)).toEqual([0, 1, 1, 2, 2, 3, 3, 4]);
  });

  it.each([
    ['left', 14, 3, {}],
    ['left', 14, 8, {}],
    ['right', 30, 16, { zeros: 7, used: 22 }],
    ['right', 24, 4, { zeros: 7, used: 20 }],
  ] as const)(
    '%s of %i bits by up to %i has the LUTs that the cost model counts, within a tenth',
    async (direction, width, most, o) => {
      const stages = direction === 'left' ? stagesLeft(width, most) : stagesRight(width, most, o as never);
      const design = shifter(width, most, direction, o);
      for (const target of ['xcup', 'ecp5'] as const) {
        const { lut } = await synthesize(printVerilog(design), { target });
        const counted = stages.reduce((sum, s: ShiftStage) => sum + fabrics[target].shifted(s.width, s.choices), 0);
        expect(Math.abs(lut - counted), `${target}: ${lut} for ${counted}`).toBeLessThanOrEqual(1 + 0.1 * counted);
      }
    },
  );
});
