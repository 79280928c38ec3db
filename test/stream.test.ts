import { describe, expect, it } from 'vitest';
import { type Design, defineModule, input, output, uint } from '../gen/index.ts';
import { fifo, keep } from '../gen/stream/index.ts';
import { createSimulator, driveStream, monitorStream, reset, runUntil, type Simulator } from '../sim/index.ts';
import { asUnits, asWords, type Fields, records, run, tagged } from './stream/bench.ts';
import { consumers, elements, widths } from './stream/elements.ts';

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

it('FIFO whose writer counts places: always takes, and says so when a beat has no place', () => {
  const engine = createSimulator(fifo(uint(8), { depth: 3, counted: true }).module, { properties: 'throw' });
  reset(engine);
  const driver = driveStream(engine, 'in', [1, 2, 3, 4]);
  expect(() => runUntil(engine, [driver], { limit: 10 })).toThrow(/there is a place for every beat/);
  expect(driver.moved).toBe(4);
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
