import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defineModule, input, output, uint } from '../gen/index.ts';
import { rowLayout } from './engine.ts';
import { type LockStepResult, lockStep } from './lockstep.ts';
import { createHistory } from './mismatch/history.ts';
import { createRandom } from './random.ts';
import { createSimulator } from './simulator.ts';
import { writeVcd } from './vcd.ts';

/** An accumulator; the mutant goes wrong when the sum passes `faultAt`, which shows one cycle later. */
function accumulator(faultAt?: number) {
  return defineModule(
    {
      name: 'accumulator',
      doc: '',
      ports: { x: input(uint(8), ''), sum: output(uint(32), ''), twice: output(uint(80), '') },
    },
    (m, io) => {
      const sum = m.register('sum_q', uint(32), { reset: 0 });
      const right = sum.add(io.x).trunc(32).named('right');
      sum.next(faultAt === undefined ? right : sum.eq(faultAt).mux(right.xor(1), right));
      io.sum.drive(sum);
      io.twice.drive(sum.ext(80).shl(1).trunc(80));
    },
  ).module;
}

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lockstep-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function run(
  faultAt: number | undefined,
  cycles: number,
  how: 'tick' | 'replay',
  history = createHistory(),
): LockStepResult {
  const module = accumulator();
  const options = {
    leader: createSimulator(module, { name: 'left' }),
    followers: [createSimulator(module, { name: 'same' }), createSimulator(accumulator(faultAt), { name: 'right' })],
    chunk: 100,
    history,
  };
  return lockStep(options, (engine) => {
    if (how === 'tick') {
      const x = engine.handle('x');
      x.set(1);
      for (let i = 0; i < cycles; i++) engine.tick();
    } else {
      const { words } = rowLayout(engine.ports, 'input');
      engine.replay(
        new Uint32Array(cycles * words).map((_, i) => (i % words === 2 ? 1 : 0)),
        cycles,
      );
    }
  });
}

describe('lock step', () => {
  it('compares every port in every cycle', () => {
    expect(run(undefined, 1234, 'tick')).toEqual({ cycles: 1234, compared: 2468, mismatch: undefined });
    expect(run(undefined, 1234, 'replay')).toEqual({ cycles: 1234, compared: 2468, mismatch: undefined });
  });

  it.each([
    ['tick', 5],
    ['tick', 99],
    ['tick', 100],
    ['tick', 777],
    ['replay', 777],
  ] as const)('finds a planted fault at the exact cycle: %s, %d', (how, faultAt) => {
    const { cycles, mismatch } = run(faultAt, 2000, how);
    const right = BigInt(faultAt + 1);
    expect(cycles).toBe(faultAt + 1);
    expect(mismatch).toMatchObject({ cycle: faultAt + 1, port: 'sum' });
    expect([...mismatch!.values]).toEqual([
      ['left', right],
      ['same', right],
      ['right', right ^ 1n],
    ]);
  });

  it('writes the waves around it, with the named nets', () => {
    const path = join(folder, 'deep', 'mismatch.vcd');
    const history = createHistory({ module: accumulator(), before: 20, after: 3 });
    writeVcd(path, history.lookAt(run(310, 2000, 'tick', history).mismatch!.cycle));
    const text = readFileSync(path, 'utf8');
    expect(readdirSync(join(folder, 'deep'))).toEqual(['mismatch.vcd']);
    expect(text.match(/^#\d+0$/gm)).toEqual(Array.from({ length: 24 }, (_, i) => `#${10 * (291 + i)}`));
    for (const scope of ['left', 'same', 'right']) expect(text).toContain(`$scope module ${scope} $end`);
    const code = (scope: string, name: string) => {
      const from = text.slice(text.indexOf(`module ${scope} `));
      return from.match(new RegExp(`\\$var wire \\d+ (\\S+) ${name} `))![1]!;
    };
    const at = `${text.split('\n#3110\n')[1]!.split('\n#')[0]!}\n`;
    expect(at).toContain(`b${(311).toString(2)} ${code('left', 'sum')}\n`);
    expect(at).not.toContain(` ${code('right', 'sum')}\n`); // it shows 310 again
    expect(at).toContain(`b${(311).toString(2)} ${code('design', 'sum_q')}\n`);
    expect(at).toContain(`b${(312).toString(2)} ${code('design', 'right')}\n`);
  });

  it('prefers the mismatch to an error of the bench, and passes other errors on', () => {
    const bench = (faultAt?: number) =>
      lockStep(
        { leader: createSimulator(accumulator()), followers: [createSimulator(accumulator(faultAt))] },
        (engine) => {
          engine.poke('x', 1);
          for (let i = 0; i < 50; i++) engine.tick();
          throw new Error('stuck');
        },
      );
    expect(bench(10).mismatch?.cycle).toBe(11);
    expect(() => bench()).toThrow('stuck');
  });

  it('refuses engines with other ports', () => {
    const other = defineModule({ name: 'o', doc: '', ports: { x: input(uint(9), '') } }, (m, io) =>
      m.unused(io.x),
    ).module;
    const engines = { leader: createSimulator(accumulator()), followers: [createSimulator(other)] };
    expect(() => lockStep(engines, () => {})).toThrow(/must have the same ports/);
  });

  it('draws random numbers that repeat and spread', () => {
    const [a, b] = [createRandom(1), createRandom(1)];
    const draws = Array.from({ length: 10_000 }, () => a.unit());
    expect(draws).toEqual(draws.map(() => b.unit()));
    expect(Math.abs(draws.reduce((s, x) => s + x, 0) / 10_000 - 0.5)).toBeLessThan(0.02);
  });
});
