/** The nonlinear units against golden's functions: every argument of narrow ones, corners and random ones of wide ones. */
import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import { type Design, printVerilog } from '../gen/index.ts';
import { exp2Fixed, rsqrtFixed, siluFixed, softplusFixed } from '../golden/fixed/index.ts';
import { exp2Unit, rsqrtUnit, siluUnit, softplusUnit } from '../hw/index.ts';
import {
  createRandom,
  createSimulator,
  driveStream,
  monitorStream,
  type PortHandle,
  reset,
  runUntil,
} from '../sim/index.ts';

/** Feeds an argument a cycle and looks at every result; gives the first that is not as expected. */
function firstDifference(
  design: Design,
  latency: number,
  count: number,
  argument: (i: number) => number | bigint,
  expected: (i: number) => number,
  result: (port: (name: string) => PortHandle) => () => number,
): string | undefined {
  const engine = createSimulator(design.module);
  reset(engine);
  engine.poke('x_valid', 1);
  engine.poke('y_ready', 1);
  const x = engine.handle('x_data');
  const read = result((name) => engine.handle(name));
  for (let i = 0; i < count + latency; i++) {
    x.set(argument(Math.min(i, count - 1)));
    engine.eval();
    if (i >= latency) {
      const [found, wanted] = [read(), expected(i - latency)];
      if (found !== wanted) return `${argument(i - latency)}: ${found}, expected ${wanted}`;
    }
    engine.tick();
  }
  return undefined;
}

const data = (port: (name: string) => PortHandle) => {
  const y = port('y_data');
  return () => y.getNumber();
};
const random = createRandom(7);
const wide = Array.from({ length: 20_000 }, (_, i) => {
  const bits = BigInt.asIntN(32, random.bits(32));
  return Number(i % 4 === 0 ? bits : bits >> BigInt(random.below(31)));
}).concat([-(2 ** 31), 2 ** 31 - 1, -1, 0, 1, 2 ** 20, -(2 ** 20), 2 ** 20 - 1, 1 - 2 ** 20]);

describe.each([
  ['softplus', softplusUnit, softplusFixed],
  ['silu', siluUnit, siluFixed],
] as const)('%s', (_name, unit, golden) => {
  it('equals golden at every 20-bit argument', () => {
    const at = (i: number) => i - 2 ** 19;
    expect(firstDifference(unit(20), 5, 2 ** 20, at, (i) => golden(at(i)), data)).toBe(undefined);
  });
  it('equals golden at 32-bit arguments, the ends of the table among them', () => {
    const at = (i: number) => wide[i]!;
    expect(firstDifference(unit(32), 5, wide.length, at, (i) => golden(at(i)), data)).toBe(undefined);
  });
  it('keeps order and values when both sides stall', () => {
    const engine = createSimulator(unit(32).module);
    reset(engine);
    const results = monitorStream(engine, 'y', { stall: 0.4, seed: 3, count: 500 });
    runUntil(engine, [driveStream(engine, 'x', wide.slice(0, 500), { stall: 0.3 }), results], { limit: 5000 });
    expect(results.beats.map((b) => b['data'])).toEqual(wide.slice(0, 500).map((x) => BigInt(golden(x))));
  });
});

describe('exp2', () => {
  it('equals golden at every 20-bit argument', () => {
    expect(firstDifference(exp2Unit(20), 4, 2 ** 20, (i) => i, exp2Fixed, data)).toBe(undefined);
  });
  it('is 0 where the whole part is large', () => {
    const at = (i: number) => i * 31 + 2 ** 20;
    expect(firstDifference(exp2Unit(26), 4, 60_000, at, (i) => exp2Fixed(at(i)), data)).toBe(undefined);
  });
});

describe('rsqrt', () => {
  const source = createRandom(9);
  const sums = Array.from({ length: 60_000 }, () => (source.bits(64) >> BigInt(source.below(64))) | 1n);
  const corners = Array.from({ length: 64 }, (_, i) => [1n << BigInt(i), (2n << BigInt(i)) - 1n]).flat();
  const all = [...corners, ...sums];
  it.each([
    ['mantissa', 'y_mantissa'],
    ['exponent', 'y_exponent'],
  ] as const)('%s equals golden', (field, name) => {
    const read = (port: (name: string) => PortHandle) => {
      const y = port(name);
      return () => y.getNumber();
    };
    const golden = (i: number) => rsqrtFixed(all[i]!)[field];
    expect(firstDifference(rsqrtUnit(), 8, all.length, (i) => all[i]!, golden, read)).toBe(undefined);
  });
});

it('a unit whose table has one wrong word is told', () => {
  const { module, ports } = siluUnit(20);
  const memories = module.memories.map((m) => ({ ...m, init: m.init!.map((w, i) => (i === 300 ? w ^ 1n : w)) }));
  const at = (i: number) => i;
  const broken = { module: { ...module, memories }, ports };
  expect(firstDifference(broken, 5, 2 ** 19, at, (i) => siluFixed(i), data)).toMatch(/^30\d{4}: /);
});

it('prints Verilog without a warning', async () => {
  for (const design of [softplusUnit(24), siluUnit(16), exp2Unit(30), rsqrtUnit()]) {
    const { files, top } = printVerilog(design);
    expect((await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top)).log).toBe('');
  }
});
