import { describe, expect, it } from 'vitest';
import { defineModule, input, type Module, output, uint } from '../../gen/index.ts';
import { createRandom } from '../random.ts';
import { createSimulator } from '../simulator.ts';
import { provedEquivalent } from './equivalence.ts';
import { mutate, mutationKinds, mutationsOf, plant } from './index.ts';

/** y = the largest x so far, less a threshold, in an instance. */
function design() {
  const x = input(uint(6), 'value');
  const inner = defineModule({ name: 'largest', doc: '', ports: { x, y: output(uint(6), 'largest') } }, (m, io) => {
    const most = m.register('most', uint(6), { reset: 0 });
    m.when(io.x.gt(most), () => most.next(io.x));
    io.y.drive(most);
  });
  return defineModule({ name: 'peak', doc: '', ports: { x, y: output(uint(6), 'peak above 5') } }, (m, io) => {
    const peak = m.instance('peak', inner);
    peak.x.drive(io.x);
    const above = peak.y.sub(5);
    io.y.drive(above.lt(0).mux(m.constant(uint(6), 0), above.trunc(6).asUnsigned()));
  });
}

/** `cycles` random values against plain arithmetic. */
function test(top: Module, cycles: number): string | undefined {
  const sim = createSimulator(top);
  const random = createRandom(1);
  sim.poke('rst', 1);
  sim.tick();
  sim.poke('rst', 0);
  let most = 0;
  for (let i = 0; i < cycles; i++) {
    const x = random.below(i < 30 ? 12 : 64);
    sim.poke('x', x);
    sim.eval();
    const expected = Math.max(0, most - 5);
    if (sim.peek('y') !== BigInt(expected)) return `y = ${expected} expected in cycle ${i}`;
    sim.tick();
    most = Math.max(most, x);
  }
  return undefined;
}

describe('mutate', () => {
  const { module: top } = design();

  it('finds all faults with good tests, and tells harmless ones apart', async () => {
    const result = await mutate({ top, count: 1000, seed: 1, test: (m) => test(m, 100) });
    expect(new Set(result.mutants.map((m) => m.kind))).toEqual(new Set(mutationKinds));
    const survivors = result.mutants.filter((m) => m.outcome === 'survived').map((m) => `${m.at}, ${m.what}`);
    // Peaks of 1 and less are 0 above 5: the tests cannot see this one, and it is no proof's either.
    expect(survivors).toEqual(['register most, reset to 1 instead of 0']);
    // x >= most instead of x > most takes a value over itself; nothing below 0 is left to clamp at 5 - 5.
    expect(result.mutants.some((m) => m.outcome === 'equivalent' && m.what === '< becomes <=')).toBe(true);
    expect(result.killRate).toBe(result.killed / (result.killed + 1));
  }, 60_000);

  it('finds less with poor tests, and names the line', async () => {
    const result = await mutate({ top, count: 6, seed: 1, test: (m) => test(m, 1) });
    expect(result.killRate).toBeLessThan(0.9);
    const survivor = result.mutants.find((m) => m.outcome === 'survived')!;
    expect(String(survivor.location)).toMatch(/mutate\.test\.ts:\d+/);
  }, 60_000);

  it('draws the same faults for the same seed, and ends when it is told to', async () => {
    const run = (seed: number, stopAt: number) => {
      let done = 0;
      const options = { top, count: 10, seed, test: () => 'found', stopped: () => done++ === stopAt };
      return mutate(options).then((r) => r.mutants.map((m) => `${m.at} ${m.what}`));
    };
    expect(await run(3, 20)).toEqual(await run(3, 20));
    expect(await run(3, 20)).not.toEqual(await run(4, 20));
    expect(await run(3, 20)).toHaveLength(10);
    expect(await run(3, 4)).toHaveLength(4);
  });
});

describe('a proof of equivalence', () => {
  const { module: gold } = design();
  const inner = gold.instances[0]!.module;
  const mutations = [...mutationsOf(inner, createRandom(1)).values()].flat();
  const named = (what: string) => plant(gold, inner, mutations.find((m) => m.what === what)!.apply());

  it('holds for what changes nothing, and fails for what does', async () => {
    expect(await provedEquivalent(gold, [gold])).toEqual([true]);
    const faults = ['< becomes <=', '< becomes >=', 'dropped', 'reset to 1 instead of 0'].map(named);
    expect(await provedEquivalent(gold, faults)).toEqual([true, false, false, false]);
  });
});
