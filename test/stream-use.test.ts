import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import {
  bit,
  type Design,
  defineModule,
  type Interface,
  output,
  printVerilog,
  type Shape,
  sink,
  sint,
  source,
  uint,
} from '../gen/index.ts';
import {
  arbiter,
  connect,
  fifo,
  fork,
  fromAxiStream,
  join,
  narrow,
  registerSlice,
  type Stage,
  skidBuffer,
  streamChecker,
  through,
  toAxiStream,
  watch,
  widen,
  wordsFromAxiStream,
  wordsToAxiStream,
} from '../gen/stream/index.ts';
import { assertionsDefine } from '../gen/verilog/emit.ts';
import { createSimulator, driveStream, reset, runUntil } from '../sim/index.ts';
import { samples, samplesOnAxi, wordBeats, wordsOnAxi } from './stream/axi-beats.ts';
import { asUnits, asWords, records, run, tagged } from './stream/bench.ts';
import { fields, sample, units } from './stream/claims-axi.ts';
import { elements, faults, planted, record } from './stream/elements.ts';
import { flipFlops, paths } from './stream/structure.ts';

const depths = [1, 2, 3, 5, 8];
describe('checker', () => {
  type Cycle = readonly [valid: number, ready: number, value: number];
  const checked = (cycles: readonly Cycle[]): string[] => {
    const engine = createSimulator(streamChecker({ value: uint(4), last: bit }).module);
    reset(engine);
    const shown = cycles.map(([valid, ready, value]) => {
      for (const [port, x] of Object.entries({ valid, ready, payload_value: value })) engine.poke(port, x);
      engine.eval();
      const flags = ['retracted', 'changed', 'now', 'seen'].filter((f) => engine.peek(`error_${f}`) === 1n);
      engine.tick();
      return flags.join(' ');
    });
    engine.close();
    return shown;
  };
  it('is content with stalls, moves and idle noise', () => {
    expect(
      checked([
        [0, 0, 3],
        [0, 1, 5],
        [1, 0, 7],
        [1, 0, 7],
        [1, 1, 7],
        [1, 1, 8],
        [0, 0, 9],
        [0, 1, 1],
      ]).join(''),
    ).toBe('');
  });
  it('shows a beat that is withdrawn', () => {
    expect(
      checked([
        [1, 0, 7],
        [0, 1, 7],
        [0, 0, 0],
      ]),
    ).toEqual(['', 'retracted now seen', 'seen']);
  });
  it('shows a payload that changes', () => {
    expect(
      checked([
        [1, 0, 7],
        [1, 1, 6],
        [1, 1, 5],
      ]),
    ).toEqual(['', 'changed now seen', 'seen']);
  });
});

/** The element between two checkers, with one flag for both. */
function watched<A extends Shape, B extends Shape>(element: Design<Stage<A, B>>) {
  const ports = { in: element.ports.in, out: element.ports.out, error: output(bit, 'a protocol error since reset') };
  return defineModule({ name: 'watched', doc: '', ports: ports as Interface & typeof ports }, (m, io) => {
    const {
      in: from,
      out: to,
      error,
    } = io as never as {
      in: Parameters<typeof through<A, B>>[3];
      out: Parameters<typeof connect<B>>[0];
      error: { drive(x: unknown): void };
    };
    const seen = watch(m, 'check_in', from).seen;
    connect(to, through(m, 'element', element, from));
    error.drive(seen.or(watch(m, 'check_out', to).seen));
  });
}

describe('inside a module', () => {
  const chain = defineModule(
    {
      name: 'chain',
      doc: 'Three in a row.',
      ports: { in: sink(record, ''), out: source(record, ''), error: output(bit, '') },
    },
    (m, io) => {
      const slice = through(m, 'slice', registerSlice(record), io.in);
      const queue = through(m, 'queue', fifo(record, { depth: 4 }), slice);
      connect(io.out, through(m, 'skid', skidBuffer(record), queue));
      io.error.drive(watch(m, 'check', queue).seen);
    },
  );
  it('passes the linter: nets of instances that others read have names', async () => {
    const { files, top, generatedNames } = printVerilog(chain);
    const sources = Object.fromEntries(files.map((f) => [f.name, f.text]));
    expect(sources['chain.v']).toMatch(/\.out_ready\(queue_out_ready\),[\s\S]*\.ready\(queue_out_ready\),/);
    for (const defines of [[], [assertionsDefine]])
      expect(await lint(sources, top, { defines })).toEqual({ ok: true, log: '' });
    expect(generatedNames).toBe(0);
  });
  it('elements chain, latencies add up', async () => {
    const beats = records(100);
    const { beats: out, cycles } = run(chain, { in: beats }, { out: 100 }, { stall: 0 });
    expect(out['out']).toEqual(beats);
    expect(cycles).toBe(100 + 4);
  });
  it('fork and join go by the names of their streams', () => {
    const design = defineModule(
      {
        name: 'diamond',
        doc: '',
        ports: { in: sink(uint(4), ''), out: source({ left: uint(4), right: uint(4) }, '') },
      },
      (m, io) => {
        const both = m.instance('both', fork(uint(4), ['left', 'right']));
        const together = m.instance('together', join({ left: uint(4), right: uint(4) }));
        connect(both.in, io.in);
        connect(together.left, through(m, 'delay', fifo(uint(4), { depth: 3 }), both.left));
        connect(together.right, both.right);
        connect(io.out, together.out);
      },
    );
    const beats = [3n, 1n, 4n, 1n, 5n];
    const out = run(design, { in: beats }, { out: 5 }, { stall: 0.5 }).beats['out'];
    expect(out).toEqual(beats.map((x) => ({ left: x, right: x })));
  });
});

describe('planted faults are found', () => {
  const beats = records(100);
  const inputs = { a: tagged(0, 100), b: tagged(1, 100), c: tagged(2, 100) };
  const parts = { a: beats.map((b) => b['value']! & 3n), b: beats, c: beats.map((b) => b['last']!) };
  const trials: { readonly [E in keyof typeof elements]: (design: Design) => unknown } = {
    registerSlice: (d) => run(d, { in: beats }, { out: 100 }, { stall: 0.5 }).beats,
    skidBuffer: (d) => run(d, { in: beats }, { out: 100 }, { stall: 0.5 }).beats,
    fifo: (d) => run(d, { in: beats }, { out: 100 }, { stall: 0.5 }).beats,
    fork: (d) => run(d, { in: beats }, { a: 100, b: 100, c: 100 }, { stall: 0.5 }).beats,
    join: (d) => run(d, parts, { out: 100 }, { stall: 0.5 }).beats,
    arbiter: (d) => run(d, inputs, { out: 300 }, { stall: 0.5 }).beats['out']!.map((b) => b['value']),
    packetArbiter: (d) => run(d, inputs, { out: 300 }, { stall: 0.5 }).beats,
    widen: (d) => run(d, { in: asUnits }, { out: asWords.length }, { stall: 0.5 }).beats,
    narrow: (d) => run(d, { in: asWords }, { out: asUnits.length }, { stall: 0.5 }).beats,
    toAxiStream: (d) => run(d, { in: samples }, { m_axis: 100 }, { stall: 0.5 }).beats,
    fromAxiStream: (d) => run(d, { s_axis: samplesOnAxi }, { out: 100 }, { stall: 0.5 }).beats,
    wordsToAxiStream: (d) => run(d, { in: wordBeats }, { m_axis: 100 }, { stall: 0.5 }).beats,
    wordsFromAxiStream: (d) => run(d, { s_axis: wordsOnAxi }, { out: 100 }, { stall: 0.5 }).beats,
  };
  const cases = (Object.keys(elements) as (keyof typeof elements)[]).flatMap((element) =>
    faults[element].map((fault) => [element, fault.what, fault] as const),
  );
  const outcome = (trial: () => unknown): string => {
    try {
      return JSON.stringify(trial(), (_k, v) => (typeof v === 'bigint' ? Number(v) : v));
    } catch (error) {
      return `${error}`;
    }
  };
  it.each(cases)('%s: %s', (element, _what, fault) => {
    const build = elements[element] as (depth: number) => Design;
    const sound = outcome(() => trials[element](build(3)));
    expect(sound).not.toMatch(/SimProblem/);
    expect(outcome(() => trials[element](planted(build(3), fault)))).not.toBe(sound);
  });
  it.each([0, 1])('the checker finds a slice that overwrites (%s: planted)', (fault) => {
    const sound = elements.registerSlice();
    const design = watched(fault === 0 ? sound : planted(sound, faults.registerSlice[0]!));
    const engine = createSimulator(design.module);
    reset(engine);
    const agent = driveStream(engine, 'in', records(20));
    engine.poke('out_ready', 0);
    let cycles = 8;
    runUntil(engine, [agent], { limit: 10, until: () => cycles-- === 0 });
    engine.eval();
    expect(engine.peek('error')).toBe(BigInt(fault));
    const broken = new Set(engine.violations().map((v) => v.name));
    expect([...broken]).toEqual(fault === 0 ? [] : ['check_out.payload_stays']);
    engine.close();
  });
});

describe('printed Verilog', () => {
  const designs: readonly Design[] = [
    ...(Object.values(elements) as ((depth: number) => Design)[]).map((build) => build(3)),
    ...depths.map((depth) => fifo(sint(9), { depth, style: 'block' })),
    registerSlice(uint(1)),
    skidBuffer(sint(7)),
    fork(uint(1), ['only']),
    join({ only: uint(1) }),
    streamChecker(record),
    streamChecker(sint(4)),
  ];
  it.each(designs.map((d, i) => [`${i} ${d.module.name}`, d] as const))('%s passes the linter', async (_n, design) => {
    const { files, top, generatedNames } = printVerilog(design);
    const sources = Object.fromEntries(files.map((f) => [f.name, f.text]));
    const variants = design.module.properties.length > 0 ? [[], [assertionsDefine]] : [[]];
    for (const defines of variants) expect(await lint(sources, top, { defines })).toEqual({ ok: true, log: '' });
    expect(generatedNames).toBe(0);
  });
});

describe('data sheets', () => {
  const two = uint(2);
  const outputs = ['out_valid', 'out_data', 'in_ready'];
  it.each([
    ['register slice', registerSlice(two), 3, [[], [], ['out_ready']]],
    ['skid buffer', skidBuffer(two), 6, [[], [], []]],
    ['FIFO', fifo(two, { depth: 5 }), 3 + 2 + 2 + 1, [[], [], []]],
    ['widener', widen({ unit: 2, ratio: 3 }), 6 + 2 + 2 + 2, [[], [], ['out_ready']]],
  ] as const)('%s: flip-flops and combinational paths', (_name, design: Design, bits, reached) => {
    expect(flipFlops(design.module)).toBe(bits);
    const found = paths(design.module);
    expect(outputs.map((port) => found[port])).toEqual(reached);
  });
  it.each([
    ['fork', fork(two, ['a', 'b']), 2],
    ['join', join({ a: two, b: two }), 0],
    ['arbiter', arbiter(two, ['a', 'b', 'c']), 4],
    ['narrower', narrow({ unit: 2, ratio: 3 }), 2],
    ['checker', streamChecker(two), 4],
    ['to AXI4-Stream', toAxiStream(sample, fields), 0],
    ['from AXI4-Stream', fromAxiStream(sample, fields), 0],
    ['words to AXI4-Stream', wordsToAxiStream(units), 0],
    ['words from AXI4-Stream', wordsFromAxiStream(units), 0],
  ] as const)('%s: flip-flops; valid does not wait for ready', (_name, design: Design, bits) => {
    expect(flipFlops(design.module)).toBe(bits);
    const valids = Object.entries(paths(design.module)).filter(([port]) => /_t?valid$/.test(port));
    for (const [, inputs] of valids) expect(inputs.filter((i) => /_t?ready$/.test(i))).toEqual([]);
  });
});

describe('parameters are checked', () => {
  it.each([
    () => fifo(uint(1), { depth: 0 }),
    () => fifo(uint(1), { depth: 1.5 }),
    () => fork(uint(1), ['in']),
    () => fork(uint(1), ['x', 'x']),
    () => join({}),
    () => arbiter({ data: uint(2) }, ['a', 'b'], { until: 'last' }),
    () => arbiter({ last: uint(2) }, ['a', 'b'], { until: 'last' }),
    () => toAxiStream({ data: uint(8), end: uint(2) }, { last: 'end' }),
    () => toAxiStream({ data: uint(12), keep: uint(1) }, { keep: 'keep' }),
    () => toAxiStream({ data: uint(8), tag: uint(2) }, { id: 'tag', dest: 'tag' }),
    () => fromAxiStream({ last: bit }, { last: 'last' }),
    () => fromAxiStream({ data: uint(8) }, { last: 'end' as never }),
    () => wordsToAxiStream({ unit: 4, ratio: 2 }),
    () => wordsFromAxiStream({ unit: 8, ratio: 1 }),
  ])('%#', (build) => {
    expect(build).toThrow(/cannot be built with this/);
  });
  it('points at the caller', () => {
    expect(() => fifo(uint(1), { depth: 0 })).toThrow(
      /stream-use\.test\.ts[\s\S]*expected: a whole number of 1 or more\n {2}found: {4}0/,
    );
  });
});
