/** Shapes in every place that takes one: ports, wires, registers, delays, muxes, constants, memories, streams. */
import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import {
  bit,
  DesignError,
  defineModule,
  enumeration,
  equal,
  fromBits,
  input,
  type ModuleBuilder,
  output,
  printVerilog,
  type RecordShape,
  sfixed,
  sink,
  sint,
  source,
  toBits,
  uint,
  vector,
  widthOf,
} from '../gen/index.ts';
import { fifo, registerSlice, skidBuffer, through } from '../gen/stream/index.ts';
import { createSimulator, driveStream, monitorStream, reset, runUntil } from '../sim/index.ts';

const mode = enumeration('mode', ['idle', 'load', 'run'], { encoding: 'gray' });
const sample = { mode, level: sfixed(3, 5), pair: vector({ a: uint(3), b: sint(4) }, 2) };

async function printed(design: Parameters<typeof printVerilog>[0]): Promise<string> {
  const { files, top } = printVerilog(design);
  expect((await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top)).log).toBe('');
  return files.map((f) => f.text).join('\n');
}

describe('a record of all kinds of shapes', () => {
  const ports = {
    x: input(sample, 'a sample'),
    hold: input(bit, 'keep the register'),
    at: input(uint(2), 'place in the memory'),
    write: input(bit, 'put the sample there'),
    y: output(sample, 'the sample, one cycle later unless held'),
    z: output(sample, 'from the memory'),
    same: output(bit, 'x is what the register has'),
  };
  const design = defineModule({ name: 'shapes', doc: 'Records.', ports }, (m, io) => {
    const first = m.constant(sample, {
      mode: 'load',
      level: -1.5,
      pair: [
        { a: 1, b: -1 },
        { a: 2, b: -2 },
      ],
    });
    const kept = m.register('kept', sample, {
      reset: {
        mode: 'run',
        level: 0.25,
        pair: [
          { a: 7, b: -8 },
          { a: 0, b: 0 },
        ],
      },
    });
    kept.next(io.hold.mux(kept, io.x));
    io.y.drive(kept);
    const words = m.memory('words', { depth: 4, shape: sample });
    const chosen = m.wire('chosen', sample);
    chosen.mode.drive(io.x.mode);
    chosen.level.drive(io.hold.mux(first.level, io.x.level));
    chosen.pair.drive(io.x.pair);
    words.write({ address: io.at, data: chosen, enable: io.write });
    io.z.drive(words.read('word', io.at));
    io.same.drive(equal(io.x, kept));
  });
  const leaves = ['mode', 'level', 'pair_0_a', 'pair_0_b', 'pair_1_a', 'pair_1_b'];

  it('has flat names, and a display for what is more than an integer', async () => {
    expect(design.module.ports.slice(0, 6).map((p) => p.name)).toEqual(leaves.map((n) => `x_${n}`));
    expect(design.module.registers.map((r) => design.module.names.get(r.node))).toEqual(leaves.map((n) => `kept_${n}`));
    const displays = new Map([...design.module.displays].map(([n, d]) => [design.module.names.get(n), d]));
    expect(displays.get('kept_level')).toEqual({ kind: 'fixed', fraction: 5 });
    const codes = {
      kind: 'enumeration',
      name: 'mode',
      states: [
        ['0', 'idle'],
        ['1', 'load'],
        ['3', 'run'],
      ],
    };
    expect(displays.get('kept_mode')).toEqual(codes);
    expect(JSON.parse(JSON.stringify([...displays.values()]))).toEqual([...displays.values()]);
    expect(await printed(design)).toContain('// mode (gray): 0 idle, 1 load, 3 run');
  });

  it('moves as one', () => {
    const engine = createSimulator(design.module);
    reset(engine);
    const read = (port: string): bigint[] => leaves.map((n) => engine.peek(`${port}_${n}`));
    const poke = (values: readonly number[]): void => {
      for (const [i, n] of leaves.entries()) engine.poke(`x_${n}`, values[i]!);
    };
    engine.eval();
    expect(read('y')).toEqual([3n, 8n, 7n, -8n, 0n, 0n]);
    poke([3, 8, 7, -8, 0, 0]);
    engine.eval();
    expect(engine.peek('same')).toBe(1n);
    poke([1, -128, 5, 7, 6, -3]);
    engine.poke('at', 2);
    engine.poke('write', 1);
    engine.eval();
    expect(engine.peek('same')).toBe(0n);
    engine.tick();
    engine.poke('write', 0);
    engine.poke('hold', 1);
    poke([0, 1, 1, 1, 1, 1]);
    engine.tick();
    engine.eval();
    expect(read('y')).toEqual([1n, -128n, 5n, 7n, 6n, -3n]);
    expect(read('z')).toEqual([1n, -128n, 5n, 7n, 6n, -3n]);
    engine.poke('write', 1);
    engine.tick();
    engine.tick();
    engine.eval();
    expect(read('z')).toEqual([0n, -48n, 1n, 1n, 1n, 1n]);
  });

  it('is one word, and back', () => {
    const y = output(sample, '');
    const turn = defineModule({ name: 'turn', doc: '', ports: { x: input(sample, ''), y } }, (_m, io) => {
      io.y.drive(fromBits(sample, toBits(io.x)));
    });
    expect(widthOf(sample)).toBe(24);
    const engine = createSimulator(turn.module);
    for (const [i, n] of leaves.entries()) engine.poke(`x_${n}`, -i & 3);
    engine.eval();
    expect(leaves.map((n) => engine.peek(`y_${n}`))).toEqual(leaves.map((n) => engine.peek(`x_${n}`)));
  });

  it('flows through streams', async () => {
    const design = defineModule(
      { name: 'flow', doc: 'Stream of records.', ports: { x: sink(sample, 'in'), y: source(sample, 'out') } },
      (m, io) => {
        const slice = through(m, 'slice', registerSlice(sample), io.x);
        const skid = through(m, 'skid', skidBuffer(sample), slice);
        const queue = through(m, 'queue', fifo(sample, { depth: 3 }), skid);
        io.y.valid.drive(queue.valid);
        queue.ready.drive(io.y.ready);
        io.y.payload.drive(queue.payload);
      },
    );
    await printed(design);
    const engine = createSimulator(design.module);
    reset(engine);
    const beats = Array.from({ length: 40 }, (_, i) => {
      const fields: Record<string, number> = {};
      for (const n of leaves) fields[n] = (i * 7 + n.length) & 3;
      return fields;
    });
    const out = monitorStream(engine, 'y', { stall: 0.4, seed: 1, count: beats.length });
    runUntil(engine, [driveStream(engine, 'x', beats, { stall: 0.3 }), out], { limit: 1000 });
    expect(out.beats).toEqual(beats.map((b) => Object.fromEntries(leaves.map((n) => [n, BigInt(b[n]!)]))));
  });
});

describe('enumerations', () => {
  const states = ['a', 'b', 'c', 'd', 'e'] as const;
  it.each(['binary', 'gray', 'one-hot'] as const)('%s: states, order and unused codes', (encoding) => {
    const letter = enumeration('letter', states, { encoding });
    const ports = {
      step: input(bit, ''),
      code: input(uint(letter.width), ''),
      is: output(vector(bit, 5), ''),
      number: output(uint(3), ''),
      valid: output(bit, ''),
    };
    const { module } = defineModule({ name: 'letters', doc: '', ports }, (m, io) => {
      const state = m.states('state', states, { encoding });
      m.switch(state, {
        a: () => m.when(io.step, () => state.next('b')),
        b: () => state.next('c'),
        c: () => state.next('d'),
        d: () => state.next('e'),
        e: () => state.next('a'),
      });
      io.is.drive(states.map((s) => state.is(s)));
      const given = fromBits(letter, io.code);
      m.switch(given, { b: () => io.number.drive(1), c: () => io.number.drive(2) }, () => io.number.drive(7));
      io.valid.drive(given.isValid());
    });
    const engine = createSimulator(module);
    reset(engine);
    engine.poke('step', 1);
    for (let i = 0; i < 12; i++) {
      engine.eval();
      expect(states.map((_, s) => engine.peek(`is_${s}`))).toEqual(states.map((_, s) => (s === i % 5 ? 1n : 0n)));
      engine.tick();
    }
    const codes = { binary: [0, 1, 2, 3, 4], gray: [0, 1, 3, 2, 6], 'one-hot': [1, 2, 4, 8, 16] }[encoding];
    for (let code = 0; code < 2 ** letter.width; code++) {
      engine.poke('code', code);
      engine.eval();
      expect(engine.peek('valid')).toBe(codes.includes(code) ? 1n : 0n);
      if (codes.includes(code)) expect(engine.peek('number')).toBe([7n, 1n, 2n, 7n, 7n][codes.indexOf(code)]);
    }
  });
});

describe('mistakes', () => {
  const two: RecordShape = { p: uint(2), q: bit };
  function mistakes(body: (m: ModuleBuilder) => void): readonly string[] {
    try {
      defineModule({ name: 'probe', doc: '', ports: {} }, (m) => body(m));
      return [];
    } catch (error) {
      if (error instanceof DesignError) return error.diagnostics.map((d) => `${d.id}: ${d.expected} / ${d.found}`);
      throw error;
    }
  }
  const shape = '{ p: uint(2), q: uint(1) }';
  const cases: readonly [string, string, (m: ModuleBuilder) => void][] = [
    ['a missing field', `wrong-shape: ${shape} / a record of p, without q`, (m) => m.wire('w', two).drive({ p: 1 })],
    [
      'a field too many',
      `wrong-shape: ${shape} / a record of p, q, r, with r besides`,
      (m) => m.wire('w', two).drive({ p: 1, q: 0, r: 1 }),
    ],
    ['a number for a record', `wrong-shape: ${shape} / 3, without p, q`, (m) => m.wire('w', two).drive(3 as never)],
    [
      'too few elements',
      'wrong-shape: vector(uint(1), 3) / a list of 2, without 2',
      (m) => m.wire('w', vector(bit, 3)).drive([0, 1]),
    ],
    [
      'an integer for a fixed-point value',
      'wrong-shape: sfixed(4, 2) / sint(6)',
      (m) => m.wire('w', sfixed(4, 2)).drive(m.constant(sint(6), 0) as never),
    ],
    [
      'a literal out of range',
      'constant-range: a value from -8 to 7.75 / 8',
      (m) => m.wire('w', sfixed(4, 2)).drive(8),
    ],
    [
      'a literal between two steps',
      'fixed-literal: a multiple of 0.25 (2^-2) / 0.3',
      (m) => m.constant(sfixed(4, 2), 1).add(0.3),
    ],
    [
      'a reset value of a record',
      'reset-value: a value of uint(2) / 4',
      (m) => m.register('r', two, { reset: { p: 4, q: 0 } }).next({ p: 0, q: 0 }),
    ],
    [
      'a state of another enumeration',
      'wrong-shape: enumeration mode of idle, load, run / enumeration way of idle, run',
      (m) => m.wire('w', mode).drive(m.constant(enumeration('way', ['idle', 'run']), 'run') as never),
    ],
    ['an unknown state', "unknown-state: one of idle, load, run / 'stop'", (m) => m.constant(mode, 'stop' as never)],
    [
      'a mux of different shapes',
      'binary-point: sfixed(4, 2) / sfixed(3, 3)',
      (m) => m.constant(bit, 1).mux(m.constant(sfixed(4, 2), 0), m.constant(sfixed(3, 3), 0)),
    ],
    [
      '.ext that loses',
      'binary-point: at least the integer and fraction bits of sfixed(4, 2), and its sign / sfixed(3, 3)',
      (m) => m.constant(sfixed(4, 2), 0).ext(sfixed(3, 3)),
    ],
    ['a word of another width', 'width-mismatch: uint(3) / uint(4)', (m) => fromBits(two, m.constant(uint(4), 0))],
  ];
  it.each(cases)('%s', (_what, expected, body) => {
    expect(mistakes(body).filter((d) => !d.startsWith('undriven'))).toEqual([expected]);
  });
});
