import { describe, expect, it } from 'vitest';
import { printVerilog } from '../gen/index.ts';
import { flatten } from '../gen/passes/flatten.ts';
import type { Engine } from './engine.ts';
import { lockStep } from './lockstep.ts';
import { createRandom } from './random.ts';
import { createReference } from './reference.ts';
import { createSimulator } from './simulator.ts';
import { randomDesign } from './testing/random-module.ts';
import { createVerilator } from './verilator.ts';

/** Random inputs, now and then all ones or zeros, and a reset once in a while. */
function stimulate(engine: Pick<Engine, 'ports' | 'poke'>, seed: number): () => void {
  const random = createRandom(seed);
  return () => {
    for (const { name, width, direction, reset } of engine.ports) {
      if (direction === 'output') continue;
      const extreme = random.chance(0.2) ? -BigInt(random.below(2)) : random.bits(width);
      engine.poke(name, reset === true ? BigInt(random.chance(0.05)) : extreme);
    }
  };
}

describe('random modules', () => {
  it.each([1, 2, 3, 4])('simulator equals the reference, seed %d', (seed) => {
    const module = randomDesign(seed, 6, 60);
    const sim = createSimulator(module, { functionBytes: 1 << (6 + 2 * seed) });
    const reference = createReference(flatten(module));
    const poke = (port: string, value: bigint | number) => {
      sim.poke(port, value);
      reference.set(port, BigInt(value));
    };
    const next = stimulate({ ports: sim.ports, poke }, seed);
    for (let cycle = 0; cycle < 150; cycle++) {
      next();
      sim.eval();
      for (const [port, value] of reference.eval()) {
        if (sim.peek(port) !== value) expect.fail(`cycle ${cycle} ${port}: ${sim.peek(port)}, expected ${value}`);
      }
      sim.tick();
      reference.tick();
    }
  });

  it('simulator equals Verilator on the emitted Verilog', async () => {
    const module = randomDesign(11, 12, 50);
    const { files, top } = printVerilog({ module, ports: {} });
    const verilator = await createVerilator({
      files: Object.fromEntries(files.map((f) => [f.name, f.text])),
      ...{ top, module },
    });
    const result = lockStep({ leader: createSimulator(module), followers: [verilator] }, (engine) => {
      const next = stimulate(engine, 5);
      for (let cycle = 0; cycle < 2000; cycle++) {
        next();
        engine.tick();
      }
    });
    verilator.close();
    expect(result).toEqual({ cycles: 2000, compared: 2000 * 12 * 7, mismatch: undefined });
  });
});
