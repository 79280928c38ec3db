import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import {
  bit,
  type Design,
  defineModule,
  type Interface,
  input,
  output,
  printVerilog,
  type Shape,
  sink,
  sint,
  source,
  uint,
} from '../gen/index.ts';
import {
  connect,
  fifo,
  fork,
  join,
  keep,
  registerSlice,
  type Stage,
  skidBuffer,
  streamChecker,
  through,
  watch,
} from '../gen/stream/index.ts';
import {
  type Beat,
  createRandom,
  createSimulator,
  driveStream,
  type Monitor,
  monitorStream,
  reset,
  runUntil,
  type Simulator,
} from '../sim/index.ts';
import { consumers, elements, faults, planted, record, widths } from './stream-elements.ts';

type Fields = Readonly<Record<string, bigint>>;
type Streams = Readonly<Record<string, readonly Beat[]>>;

interface Wanted {
  readonly limit?: number;
  readonly seed?: number;
  /** Probability of a stall, for every stream. */
  readonly stall: number;
}

/** Feeds every input, takes `counts` beats from every output, and returns what came out and in how many cycles. */
function run(design: Design, inputs: Streams, counts: Readonly<Record<string, number>>, wanted: Wanted) {
  const engine = createSimulator(design.module);
  reset(engine);
  const { stall, seed = 1, limit = 20_000 } = wanted;
  const drivers = Object.entries(inputs).map(([name, beats], i) =>
    driveStream(engine, name, beats, { stall, seed: seed + i }),
  );
  const outputs = Object.entries(counts).map(([name, count], i): [string, Monitor] => [
    name,
    monitorStream(engine, name, { stall, seed: seed + 50 + i, count }),
  ]);
  const agents = [...drivers, ...outputs.map(([, m]) => m)];
  const cycles = runUntil(engine, agents, { limit });
  // What comes too much would come now.
  const extra = outputs.map(([name]) => monitorStream(engine, name));
  const idle = Object.keys(inputs).map((name) => driveStream(engine, name, []));
  let more = 12;
  runUntil(engine, [...idle, ...extra], { limit: 20, until: () => more-- === 0 });
  const beats = Object.fromEntries(outputs.map(([name, m], i) => [name, [...m.beats, ...extra[i]!.beats]]));
  engine.close();
  return { cycles, beats: beats as Readonly<Record<string, readonly Fields[]>> };
}

const records = (count: number): Fields[] =>
  Array.from({ length: count }, (_, i) => ({ value: BigInt(((i * 5) % 8) - 4), last: BigInt(i % 3 === 2 ? 1 : 0) }));

const depths = [1, 2, 3, 5, 8];
const stages: readonly (readonly [name: string, build: () => Design, latency: number, rate: number, places: number])[] =
  [
    ['register slice', elements.registerSlice, 1, 1, 1],
    ['skid buffer', elements.skidBuffer, 1, 1, 2],
    ...depths.map((depth) => [`FIFO ${depth}`, () => elements.fifo(depth), 2, Math.min(1, depth / 3), depth] as const),
  ];

describe.each(stages)('%s', (_name, build, latency, rate, places) => {
  const beats = records(300);

  it.each([0.2, 0.5, 0.8])('keeps order and content, stalls %s', (stall) => {
    expect(run(build(), { in: beats }, { out: beats.length }, { stall }).beats['out']).toEqual(beats);
  });

  it('has the latency and the throughput of its data sheet', () => {
    expect(run(build(), { in: [beats[0]!] }, { out: 1 }, { stall: 0 }).cycles).toBe(latency + 1);
    const { cycles } = run(build(), { in: beats }, { out: beats.length }, { stall: 0 });
    const others = beats.length - 1; // bursts of as many beats as there are places
    const burst = rate === 1 ? others : (latency + 1) * Math.floor(others / places) + (others % places);
    expect(cycles).toBe(latency + 1 + burst);
  });

  it('takes as many beats as it has places', () => {
    const engine = createSimulator(build().module);
    reset(engine);
    const driver = driveStream(engine, 'in', beats);
    let cycles = 20;
    runUntil(engine, [driver], { limit: 30, until: () => cycles-- === 0 });
    expect(driver.moved).toBe(places);
    engine.close();
  });

  it('does so for every pattern of stalls over six cycles', () => {
    const engine = createSimulator(build().module);
    for (let pattern = 0; pattern < 4 ** 6; pattern++) expect(patternHolds(engine, pattern, 6)).toBe(true);
    engine.close();
  });
});

/** Bits of `pattern`: valid and ready of the first `cycles` cycles; then the input rests and the output is drained. */
function patternHolds(engine: Simulator, pattern: number, cycles: number): boolean {
  reset(engine, 1);
  const beats = records(cycles);
  const taken: Fields[] = [];
  let given = 0;
  let offered = false;
  for (let cycle = 0; cycle < cycles + 24; cycle++) {
    const early = cycle < cycles;
    offered ||= early && ((pattern >> (2 * cycle)) & 1) === 1;
    const ready = !early || ((pattern >> (2 * cycle + 1)) & 1) === 1;
    engine.poke('in_valid', offered ? 1 : 0);
    engine.poke('out_ready', ready ? 1 : 0);
    for (const [field, value] of Object.entries(beats[given] ?? {})) engine.poke(`in_${field}`, value);
    engine.eval();
    if (ready && engine.peek('out_valid') === 1n)
      taken.push({ value: engine.peek('out_value'), last: engine.peek('out_last') });
    if (offered && engine.peek('in_ready') === 1n) {
      given++;
      offered = false;
    }
    engine.tick();
  }
  return (
    taken.length === given &&
    taken.every((b, i) => b['value'] === beats[i]!['value'] && b['last'] === beats[i]!['last'])
  );
}

it('FIFO: counts its beats', () => {
  const engine = createSimulator(elements.fifo(5).module);
  reset(engine);
  const driver = driveStream(engine, 'in', records(200), { stall: 0.4 });
  const monitor = monitorStream(engine, 'out', { stall: 0.5, count: 200 });
  const seen = new Set<bigint>();
  const before = { given: 0, taken: 0 };
  runUntil(engine, [driver, monitor], {
    limit: 2000,
    onCycle: () => {
      expect(engine.peek('count')).toBe(BigInt(before.given - before.taken));
      seen.add(engine.peek('count'));
      Object.assign(before, { given: driver.moved, taken: monitor.moved });
    },
  });
  expect([...seen].sort()).toEqual([0n, 1n, 2n, 3n, 4n, 5n]);
  engine.close();
});

describe('fork', () => {
  const beats = records(200);
  const counts = { a: 200, b: 200, c: 200 };
  it.each([0.2, 0.7])('delivers every beat once to each, stalls %s', (stall) => {
    const out = run(elements.fork(), { in: beats }, counts, { stall }).beats;
    expect(out).toEqual({ a: beats, b: beats, c: beats });
  });
  it('moves a beat per cycle', () => {
    expect(run(elements.fork(), { in: beats }, counts, { stall: 0 }).cycles).toBe(beats.length);
  });
});

describe('join', () => {
  const a = Array.from({ length: 200 }, (_, i) => BigInt(i % 4));
  const b = records(200);
  const c = a.map((x) => 1n - x / 2n);
  const expected = b.map(({ value, last }, i) => ({ a: a[i], b_value: value, b_last: last, c: c[i] }));
  it.each([0, 0.2, 0.7])('puts the parts together in order, stalls %s', (stall) => {
    const { beats, cycles } = run(elements.join(), { a, b, c }, { out: 200 }, { stall });
    expect(beats['out']).toEqual(expected);
    if (stall === 0) expect(cycles).toBe(200);
  });
});

/** Beats whose value says from whom they are: 0, 1, 2; packets of 1 to 4 beats. */
const tagged = (tag: number, count: number): Fields[] => {
  const random = createRandom(tag + 7);
  return Array.from({ length: count }, (_, i) => ({
    value: BigInt(tag),
    last: BigInt(i === count - 1 || random.chance(0.4) ? 1 : 0),
  }));
};

describe('arbiter', () => {
  const inputs = { a: tagged(0, 150), b: tagged(1, 150), c: tagged(2, 150) };
  it.each([0, 0.2, 0.7])('serves each input in order, stalls %s', (stall) => {
    const { beats, cycles } = run(elements.arbiter(), inputs, { out: 450 }, { stall });
    for (const [i, name] of consumers.entries())
      expect(beats['out']!.filter((b) => b['value'] === BigInt(i))).toEqual(inputs[name]);
    if (stall > 0) return;
    expect(cycles).toBe(450);
    expect(beats['out']!.map((b) => b['value'])).toEqual(Array.from({ length: 450 }, (_, i) => BigInt(i % 3)));
  });

  it.each([0, 0.2, 0.7])('keeps packets together, stalls %s', (stall) => {
    const out = run(elements.packetArbiter(), inputs, { out: 450 }, { stall }).beats['out']!;
    for (const [i, name] of consumers.entries())
      expect(out.filter((b) => b['value'] === BigInt(i))).toEqual(inputs[name]);
    const changes = out.filter((b, i) => i > 0 && b['value'] !== out[i - 1]!['value'] && out[i - 1]!['last'] === 0n);
    expect(changes).toEqual([]);
  });

  it('says whose beat it is', () => {
    const engine = createSimulator(elements.arbiter().module);
    reset(engine);
    const drivers = consumers.map((name) => driveStream(engine, name, inputs[name], { stall: 0.5 }));
    const monitor = monitorStream(engine, 'out', { stall: 0.3, count: 450 });
    runUntil(engine, [...drivers, monitor], {
      limit: 3000,
      onCycle: () => {
        if (engine.peek('out_valid') === 1n) expect(engine.peek('from')).toBe(engine.peek('out_value'));
      },
    });
    engine.close();
  });
});

/** Packets of 1 to 7 units of two bits, and the same as words of three units. */
const packets = Array.from({ length: 60 }, (_, p) => Array.from({ length: 1 + (p % 7) }, (_u, i) => (p + 3 * i) % 4));
const asUnits = packets.flatMap((packet) =>
  packet.map((data, i) => ({ data: BigInt(data), last: i === packet.length - 1 ? 1n : 0n })),
);
const asWords = packets.flatMap((packet) =>
  Array.from({ length: Math.ceil(packet.length / 3) }, (_, w) => {
    const part = packet.slice(3 * w, 3 * w + 3);
    const data = part.reduce((word, unit, i) => word | (BigInt(unit) << BigInt(2 * i)), 0n);
    return { data, count: BigInt(part.length), last: 3 * w + 3 >= packet.length ? 1n : 0n };
  }),
);

describe('width converters', () => {
  it.each([0, 0.2, 0.7])('widen, stalls %s', (stall) => {
    const { beats, cycles } = run(elements.widen(), { in: asUnits }, { out: asWords.length }, { stall });
    expect(beats['out']).toEqual(asWords);
    if (stall === 0) expect(cycles).toBe(asUnits.length + 1);
  });
  it.each([0, 0.2, 0.7])('narrow, stalls %s', (stall) => {
    const { beats, cycles } = run(elements.narrow(), { in: asWords }, { out: asUnits.length }, { stall });
    expect(beats['out']).toEqual(asUnits);
    if (stall === 0) expect(cycles).toBe(asUnits.length);
  });
  it('keep: a one for every unit that counts', () => {
    const design = defineModule(
      { name: 'keep', doc: '', ports: { count: input(uint(2), ''), keep: output(uint(3), '') } },
      (_m, io) => io.keep.drive(keep(io.count, widths.ratio)),
    );
    const engine = createSimulator(design.module);
    const seen = [0, 1, 2, 3].map((count) => {
      engine.poke('count', count);
      engine.eval();
      return engine.peek('keep');
    });
    expect(seen).toEqual([0b000n, 0b001n, 0b011n, 0b111n]);
  });
});

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
    const result = await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top);
    expect(result.log).toBe('');
    expect(result.ok).toBe(true);
    expect(generatedNames).toBe(0);
  });
});

describe('parameters are checked', () => {
  it.each([
    () => fifo(uint(1), { depth: 0 }),
    () => fifo(uint(1), { depth: 1.5 }),
    () => fork(uint(1), ['in']),
    () => fork(uint(1), ['x', 'x']),
    () => join({}),
  ])('%#', (build) => {
    expect(build).toThrow(/cannot be built with this/);
  });
  it('points at the caller', () => {
    expect(() => fifo(uint(1), { depth: 0 })).toThrow(
      /stream\.test\.ts[\s\S]*expected: a whole number of 1 or more\n {2}found: {4}0/,
    );
  });
});
