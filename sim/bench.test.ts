import { findCompiler, findNewestVerilator } from 'verilator-wasm';
import { afterAll, describe, expect, it } from 'vitest';
import {
  bit,
  defineModule,
  enumeration,
  input,
  output,
  printVerilog,
  sfixed,
  sink,
  source,
  uint,
  vector,
} from '../gen/index.ts';
import { createBench } from './bench.ts';
import { createCxxrtl } from './cxxrtl.ts';
import type { Engine } from './engine.ts';
import { createIcarus, findIcarus } from './icarus.ts';
import { createSimulator } from './simulator.ts';
import { createVerilator } from './verilator.ts';

const mode = enumeration('mode', ['add', 'keep']);
const sample = sfixed(6, 2);
const beat = { value: sample, pair: vector(uint(3), 2), last: bit };

/** Passes beats on, one cycle later, with `step` added; counts those that were last. */
const design = defineModule(
  {
    name: 'shifter',
    doc: 'For tests of benches.',
    ports: {
      mode: input(mode, 'what to do'),
      step: input(sample, 'what to add'),
      in: sink(beat, 'beats'),
      out: source(beat, 'beats'),
      count: output(uint(40), 'last beats so far'),
    },
  },
  (m, io) => {
    const full = m.register('full', bit, { reset: 0 });
    const ready = full.not().or(io.out.ready);
    const take = { enable: ready.and(io.in.valid).named('take'), reset: undefined };
    m.when(ready, () => full.next(io.in.valid));
    io.in.ready.drive(ready);
    io.out.valid.drive(full);
    const { value, pair, last } = io.in.payload;
    const sum = value.add(io.step).quantize(sample, { rounding: 'floor', overflow: 'saturate' });
    io.out.payload.value.drive(m.delay('value', io.mode.is('add').mux(sum, value), { enable: take.enable }));
    io.out.payload.pair.drive(m.delay('pair', pair, { enable: take.enable }));
    io.out.payload.last.drive(m.delay('last', last, { enable: take.enable }));
    const count = m.register('count_q', uint(40), { reset: 0, enable: take.enable.and(last) });
    count.next(count.add(1).trunc(40));
    io.count.drive(count);
  },
);

const { files, top } = printVerilog(design);
const printed = { files: Object.fromEntries(files.map((f) => [f.name, f.text])), top, module: design.module };
const icarus = await findIcarus();
const compiler = typeof (await findCompiler()) === 'string' ? undefined : 'native';
const verilator = typeof (await findNewestVerilator()) === 'string' ? undefined : 'native';

const engines: Readonly<Record<string, (() => Promise<Engine>) | undefined>> = {
  sim: async () => createSimulator(design.module),
  'verilator, WebAssembly': () => createVerilator({ ...printed, how: 'wasm', effort: 'build' }),
  'verilator, native': verilator && (() => createVerilator({ ...printed, how: 'native', effort: 'build' })),
  cxxrtl: compiler && (() => createCxxrtl({ ...printed, how: 'native', effort: 'build' })),
  icarus: icarus && (() => createIcarus(printed)),
};

/** One bench for all of them: everything that it sees. */
function use(engine: Engine, seed: number) {
  const bench = createBench(design, engine, { seed });
  const { dut } = bench;
  dut.mode.set('add');
  dut.step.set(0.25);
  bench.reset();
  const beats = Array.from({ length: 60 }, (_, i) => ({
    value: i / 4 - 8,
    pair: [i % 8, 7 - (i % 8)],
    last: Number(i % 5 === 4),
  }));
  const driver = bench.drive('in', beats, { stall: 0.3 });
  const monitor = bench.monitor('out', { count: beats.length, stall: 0.4 });
  const cycles = bench.run([driver, monitor], { limit: 1000 });
  bench.eval();
  const counted = dut.count.get();
  dut.mode.set('keep');
  dut.out.ready.set(1);
  dut.in.valid.set(1);
  dut.in.payload.set({ value: -3.5, pair: [1, 2], last: 1 });
  const waited = bench.until(() => dut.count.get() >= counted + 3n, 20);
  return { cycles, beats: monitor.beats, counted, waited, last: dut.out.payload.get(), mode: dut.mode.get() };
}

describe('a typed bench', () => {
  const expected = use(createSimulator(design.module), 7);
  const opened: Engine[] = [];
  afterAll(() => {
    for (const engine of opened) engine.close();
  });

  it('reads values as their types mean them', () => {
    expect(expected.beats[0]).toEqual({ value: -7.75, pair: [0n, 7n], last: 0n });
    expect(expected.beats[59]).toEqual({ value: 7, pair: [3n, 4n], last: 1n });
    expect(expected.counted).toBe(12n);
    expect(expected.waited).toBe(3);
    expect(expected.last).toEqual({ value: -3.5, pair: [1n, 2n], last: 1n });
    expect(expected.mode).toBe('keep');
  });
  for (const [name, open] of Object.entries(engines)) {
    it.skipIf(open === undefined)(`runs the same on ${name}`, async () => {
      const engine = await open!();
      opened.push(engine);
      expect(use(engine, 7)).toEqual(expected);
      if (name === 'sim') return;
      const refusal = { id: 'cannot-save', where: engine.name };
      expect(() => createBench(design, engine).save()).toThrow(expect.objectContaining(refusal));
      expect(() => engine.restore({ bytes: new Uint8Array(1) })).toThrow(expect.objectContaining(refusal));
    });
  }
  it('is another run with another seed, and the same with the same', () => {
    expect(use(createSimulator(design.module), 7)).toEqual(expected);
    expect(use(createSimulator(design.module), 8).cycles).not.toBe(expected.cycles);
  });
  it('goes back to where it was saved', () => {
    const sim = createSimulator(design.module);
    const bench = createBench(design, sim);
    bench.reset();
    const go = () => {
      bench.dut.out.ready.set(1);
      bench.dut.in.valid.set(1);
      bench.dut.in.payload.set({ value: 1, pair: [0, 0], last: 1 });
      bench.step(5);
      bench.eval();
      return bench.dut.count.get();
    };
    expect(go()).toBe(5n);
    const saved = bench.save();
    expect(go()).toBe(10n);
    bench.restore(saved);
    expect(go()).toBe(10n);
  });
  it('refuses what a port cannot take', () => {
    const { dut } = createBench(design, createSimulator(design.module));
    expect(() => dut.step.set(0.3)).toThrow(/step.*\n.*\n.*units of 2\^-2/);
    expect(() => dut.step.set(32)).toThrow(/-128 to 127/);
    expect(() => dut.mode.set('drop' as never)).toThrow(/one of add, keep/);
    expect(() => dut.in.payload.set({ value: 0, pair: [0, 0] } as never)).toThrow(/value, pair, last/);
  });
  it('knows the names of the design', () => {
    const bench = createBench(design, createSimulator(design.module));
    // @ts-expect-error no such port
    expect(bench.dut.reslt).toBeUndefined();
    // @ts-expect-error an output
    expect(() => bench.dut.count.set(1)).toThrow(/output/);
    // @ts-expect-error a stream that the design gives
    expect(() => bench.drive('out', [])).toThrow(/no stream out that it takes/);
    // @ts-expect-error a beat without all fields
    expect(() => bench.drive('in', [{ value: 1 }])).toThrow(/value, pair, last/);
  });
});
