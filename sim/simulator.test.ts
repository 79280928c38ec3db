import { describe, expect, it } from 'vitest';
import { bit, cat, defineModule, input, output, uint } from '../gen/index.ts';
import type { Clock } from '../gen/ir.ts';
import { flatten } from '../gen/passes/flatten.ts';
import { readField, rowLayout, SimProblem } from './engine.ts';
import { createRandom } from './random.ts';
import { createReference } from './reference.ts';
import { createSimulator } from './simulator.ts';
import { sketch, u } from './testing/ir.ts';

/** Two counters in instances, a memory, wide state: a bit of everything. */
function sample() {
  const counter = defineModule(
    { name: 'counter', doc: '', ports: { step: input(bit, ''), value: output(uint(8), '') } },
    (m, io) => {
      const count = m.register('count', uint(8), { reset: 3, enable: io.step });
      count.next(count.add(1).trunc(8));
      io.value.drive(count);
    },
  );
  return defineModule(
    {
      name: 'sample',
      doc: '',
      ports: {
        go: input(bit, ''),
        address: input(uint(4), ''),
        data: input(uint(70), ''),
        write: input(bit, ''),
        also: input(bit, ''),
        total: output(uint(9), ''),
        word: output(uint(70), ''),
        held: output(uint(70), ''),
        wide: output(uint(200), ''),
        kept: output(uint(200), ''),
      },
    },
    (m, io) => {
      const [a, b] = [m.instance('first', counter), m.instance('second', counter)];
      a.step.drive(io.go);
      b.step.drive(a.value.bit(0));
      io.total.drive(a.value.add(b.value));
      const memory = m.memory('words', { depth: 11, shape: uint(70) });
      memory.write({ address: io.address, data: io.data, enable: io.write });
      memory.write({ address: io.address, data: io.data.not(), enable: io.also });
      io.word.drive(memory.read('word_q', io.address));
      io.held.drive(memory.read('held_q', io.address, { enable: io.go }));
      const shifting = m.register('shifting', uint(200));
      shifting.next(cat(shifting.slice(129, 0), io.data));
      io.wide.drive(shifting);
      const kept = m.register('kept_q', uint(200), { reset: 77, enable: io.go });
      kept.next(kept.add(shifting).trunc(200));
      const last = m.delay('last_q', shifting, { enable: io.go });
      const few = m.delay('few_q', io.address, { enable: io.go });
      io.kept.drive(kept.xor(last).xor(few.ext(200)));
    },
  ).module;
}

describe('state', () => {
  it('counts, resets and holds', () => {
    const sim = createSimulator(sample());
    const total = () => {
      sim.eval();
      return sim.peek('total');
    };
    expect(total()).toBe(0n);
    sim.poke('rst', 1);
    sim.tick();
    expect(total()).toBe(6n);
    sim.poke('rst', 0);
    sim.step(5);
    expect(total()).toBe(11n); // the second counts while the first is odd
    sim.poke('go', 1);
    sim.tick();
    expect(total()).toBe(13n);
  });

  it.each(['ports', 'named'] as const)('equals the reference on random inputs, visibility %s', (visibility) => {
    const module = sample();
    const sim = createSimulator(module, { visibility, functionBytes: 64 });
    const reference = createReference(flatten(module));
    const random = createRandom(5);
    for (let cycle = 0; cycle < 2000; cycle++) {
      for (const { name, width, direction } of sim.ports) {
        if (direction === 'output') continue;
        const value = name === 'rst' ? BigInt(random.chance(0.02)) : random.bits(width);
        sim.poke(name, value);
        reference.set(name, value);
      }
      sim.eval();
      for (const [port, value] of reference.eval()) expect(`${port} ${sim.peek(port)}`).toBe(`${port} ${value}`);
      sim.tick();
      reference.tick();
    }
    expect(sim.statistics.functions).toBeGreaterThan(1);
  });

  it('memory: reads see the word before the write, the later port wins, beyond the depth there is nothing', () => {
    const sim = createSimulator(sample());
    const access = (inputs: Readonly<Record<string, bigint | number>>): bigint => {
      for (const [port, value] of Object.entries({ write: 0, also: 0, ...inputs })) sim.poke(port, value);
      sim.tick();
      sim.eval();
      return sim.peek('word');
    };
    const big = 1n << 69n;
    expect(access({ address: 4, data: big + 5n, write: 1 })).toBe(0n);
    expect(access({ address: 4 })).toBe(big + 5n);
    expect(access({ address: 4, data: 7, write: 1, also: 1 })).toBe(big + 5n);
    expect(access({ address: 4 })).toBe((1n << 70n) - 8n);
    expect(sim.peekMemory('words', 4)).toBe((1n << 70n) - 8n);
    expect(access({ address: 12, data: 9, write: 1 })).toBe(0n);
    expect(access({ address: 12 })).toBe(0n);
    expect(access({ address: 10 })).toBe(0n);
  });

  it('ticks clocks by mask, each with its own reset', () => {
    const fast: Clock = { clock: 'fast', reset: 'fast_rst', resetStyle: 'synchronous' };
    const slow: Clock = { clock: 'slow', reset: 'slow_rst', resetStyle: 'synchronous' };
    const sk = sketch('clocks');
    for (const clock of [fast, slow]) {
      const node = sk.node({ tag: 'reg', ...u(8) });
      const one = sk.node({ tag: 'const', ...u(1), value: 1n });
      const sum = sk.node({ tag: 'add', ...u(9), a: node, b: one });
      const next = sk.node({ tag: 'resize', ...u(8), a: sum });
      sk.register({ node, clock, next, enable: undefined, reset: 100n });
      sk.output(clock.clock, node);
    }
    const sim = createSimulator(sk.finish([fast, slow]));
    const now = () => {
      sim.eval();
      return [sim.peek('fast'), sim.peek('slow')];
    };
    sim.tick(1);
    sim.tick(1);
    sim.tick(2);
    expect(now()).toEqual([2n, 1n]);
    sim.poke('slow_rst', 1);
    sim.tick(3);
    expect(now()).toEqual([3n, 100n]);
  });

  it('comes back to a saved state', () => {
    const sim = createSimulator(sample());
    const random = createRandom(9);
    const run = (cycles: number, source = createRandom(77)): bigint[] =>
      Array.from({ length: cycles }, () => {
        for (const p of sim.ports)
          if (p.direction === 'input' && p.name !== 'rst') sim.poke(p.name, source.bits(p.width));
        sim.eval();
        const seen = sim.peek('wide') ^ sim.peek('word') ^ sim.peek('total');
        sim.tick();
        return seen;
      });
    run(100, random);
    const saved = sim.save();
    const first = run(200);
    sim.restore(saved);
    expect(run(200)).toEqual(first);
    expect(() => sim.restore({ bytes: new Uint8Array(3) })).toThrow(SimProblem);
  });
});

describe('rows', () => {
  it('replay gives what poke, eval and peek give, signed ports included', () => {
    const sk = sketch('signed');
    const a = sk.input('a', { width: 70, signed: true });
    const b = sk.input('b', { width: 5, signed: true });
    sk.output('sum', sk.node({ tag: 'add', width: 71, signed: true, a, b }));
    sk.output('less', sk.node({ tag: 'lt', ...u(1), a: b, b }));
    const sim = createSimulator(sk.finish());
    const [inputs, outputs] = [rowLayout(sim.ports, 'input'), rowLayout(sim.ports, 'output')];
    const random = createRandom(4);
    const cycles = 20_000;
    const rows = new Uint32Array(cycles * inputs.words).map(() => random.word());
    for (let row = 0; row < cycles; row++) {
      rows[row * inputs.words + 2]! &= 63;
      rows[row * inputs.words + 3] = 0;
    }
    const results = sim.replay(rows, cycles);
    for (let row = 0; row < cycles; row += 97) {
      const at = row * inputs.words;
      const [x, y] = inputs.fields.map((f) => BigInt.asIntN(f.port.width, readField(rows, at, f)));
      expect(readField(results, row * outputs.words, outputs.fields[0]!)).toBe(x! + y!);
      const sampled = [new Uint32Array(inputs.words), new Uint32Array(outputs.words)] as const;
      sim.poke('a', x!);
      sim.poke('b', Number(y));
      sim.sample(sampled[0], sampled[1], 0);
      expect(sim.peek('sum')).toBe(x! + y!);
      expect(sim.handle('b').getNumber()).toBe(Number(y));
      expect(sampled[1]).toEqual(results.slice(row * outputs.words, (row + 1) * outputs.words));
    }
    expect(() => sim.replay(rows, cycles + 1)).toThrow(/fewer rows/);
  });
});

describe('visibility', () => {
  it('reads every named net and register by path', () => {
    const sim = createSimulator(sample(), { visibility: 'named' });
    sim.poke('rst', 1);
    sim.tick();
    expect(sim.peekNamed('first.count')).toBe(3n);
    expect(sim.signals().map((s) => s.path)).toContain('second.value');
    sim.poke('data', 17);
    sim.tick();
    sim.eval();
    expect(sim.peekNamed('shifting')).toBe(17n);
    expect(() => sim.peekNamed('nothing')).toThrow(SimProblem);
    expect(() => createSimulator(sample()).peekNamed('first.count')).toThrow(/visibility/);
  });

  it('says what ports there are', () => {
    const sim = createSimulator(sample());
    expect(() => sim.poke('gone', 1)).toThrow(/there is no port gone[\s\S]*go, address, data/);
    expect(() => sim.poke('total', 1)).toThrow(/total is an output/);
  });
});

describe('size', () => {
  it('computes a chain of 100 000 sums', () => {
    const chain = defineModule(
      { name: 'chain', doc: '', ports: { a: input(uint(32), ''), y: output(uint(32), '') } },
      (m, io) => {
        let sum = io.a;
        m.located(() => {
          for (let i = 0; i < 100_000; i++) sum = sum.add(io.a).trunc(32);
        });
        io.y.drive(sum);
      },
    );
    const sim = createSimulator(chain.module);
    sim.poke('a', 3);
    sim.eval();
    expect(sim.peek('y')).toBe(300_003n);
  });
});
