/** The nonlinear units against golden's functions: every argument of narrow ones, corners and random ones of wide ones. */
import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import { type Design, printVerilog } from '../gen/index.ts';
import { exp2Fixed, rsqrtFixed, siluFixed, softplusFixed } from '../golden/fixed/index.ts';
import { exp2Unit, rsqrtUnit, siluUnit, sizedTable, softplusUnit } from '../hw/index.ts';
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

describe('sized from an error bound', () => {
  const reals = {
    softplus: {
      real: (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))),
      fixed: softplusFixed,
      fraction: 20,
    },
    silu: { real: (x: number) => x / (1 + Math.exp(-x)), fixed: siluFixed, fraction: 16 },
    exp2: { real: (x: number) => 2 ** -x, fixed: exp2Fixed, fraction: 16 },
  };
  const units = { softplus: softplusUnit, silu: siluUnit, exp2: exp2Unit };

  it.each([
    ['softplus', 2 ** -12, 256],
    ['silu', 2 ** -12, 512],
    ['exp2', 2 ** -12, 16],
  ] as const)(
    '%s within %s: %s segments, each error below the bound, half as many above it',
    (name, bound, segments) => {
      const { table, error } = sizedTable(name, bound);
      expect(table.values.length - 1).toBe(segments);
      expect(error).toBeLessThanOrEqual(bound);
      const { real, fixed, fraction } = reals[name];
      const worst = (of: typeof table): number => {
        let most = 0;
        for (let x = 0; x < 2 ** 20; x++)
          most = Math.max(most, Math.abs(fixed(x, of) / 2 ** fraction - real(x / 2 ** 16)));
        return most;
      };
      expect(worst(table)).toBeLessThanOrEqual(bound);
      const half = { values: table.values.filter((_, i) => i % 2 === 0), stepBits: table.stepBits + 1 };
      expect(worst(half)).toBeGreaterThan(bound);
      const [low, latency] = name === 'exp2' ? [0, 4] : [-(2 ** 17), 5];
      const at = (i: number) => low + i;
      const expected = (i: number) => fixed(at(i), table);
      expect(firstDifference(units[name](20, bound), latency, 2 ** 18, at, expected, data)).toBe(undefined);
    },
  );

  it('rsqrt, relative', () => {
    const { table, error } = sizedTable('rsqrt', 2 ** -14);
    expect([table.values.length - 1, error <= 2 ** -14]).toEqual([192, true]);
    const sums = Array.from({ length: 20_000 }, (_, i) => (1n << BigInt(i % 64)) + BigInt(i) * 7n);
    for (const x of sums) {
      const { mantissa, exponent } = rsqrtFixed(x, table);
      expect(Math.abs(mantissa * 2 ** (-16 - exponent) * Math.sqrt(Number(x)) - 1)).toBeLessThanOrEqual(2 ** -14);
    }
    const read = (port: (name: string) => PortHandle) => {
      const y = port('y_mantissa');
      return () => y.getNumber();
    };
    const golden = (i: number) => rsqrtFixed(sums[i]!, table).mantissa;
    expect(firstDifference(rsqrtUnit(2 ** -14), 8, sums.length, (i) => sums[i]!, golden, read)).toBe(undefined);
  });

  it("refuses what golden's table does not reach, and names what it does", () => {
    expect(() => sizedTable('silu', 1e-6)).toThrow(
      /silu cannot be built with error = 0.000001; expected at least 2\.67e-5/,
    );
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
