import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import {
  bit,
  DesignError,
  defineModule,
  input,
  type ModuleBuilder,
  output,
  printVerilog,
  type UInt,
  uint,
} from './index.ts';

const ports = {
  a: input(bit, 'first'),
  b: input(bit, 'second'),
  x: input(uint(4), 'value'),
  y: output(uint(4), 'result'),
};
interface Io {
  readonly a: UInt;
  readonly b: UInt;
  readonly x: UInt;
  readonly y: { drive(v: UInt | number): void };
}

type Build = (m: ModuleBuilder, io: Io) => void;
const allUsed =
  (build: Build): Build =>
  (m, io) => {
    m.unused(io.a, io.b, io.x);
    build(m, io);
  };

/** The body of the printed module after its ports, which must pass lint. */
async function body(build: (m: ModuleBuilder, io: Io) => void): Promise<string> {
  const { files, top } = printVerilog(defineModule({ name: 'probe', doc: 'Probe.', ports }, allUsed(build)));
  const result = await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), top, { allow: ['UNUSED'] });
  expect(result.log).toBe('');
  return files[0]!.text.replace(/^[^;]*\);\n/, '');
}

function ids(build: (m: ModuleBuilder, io: Io) => void): string[] {
  try {
    defineModule({ name: 'probe', doc: 'Probe.', ports }, allUsed(build));
    return [];
  } catch (error) {
    if (!(error instanceof DesignError)) throw error;
    return error.diagnostics.map((d) => d.id);
  }
}

describe('branches', () => {
  it('become nested choices, the first that holds wins', async () => {
    const text = await body((m, { a, b, x, y }) => {
      m.when(a, () => y.drive(x))
        .elsewhen(b, () => y.drive(7))
        .otherwise(() => y.drive(0));
    });
    expect(text).toContain("assign y = a ? x : b ? 4'd7 : 4'd0;");
  });

  it('override a default that comes before', async () => {
    const text = await body((m, { a, x, y }) => {
      y.drive(3);
      m.when(a, () => y.drive(x));
    });
    expect(text).toContain("assign y = a ? x : 4'd3;");
  });

  it('enable a register that is kept otherwise', async () => {
    const text = await body((m, { a, b, x, y }) => {
      const r = m.register('r', uint(4), { reset: 0 });
      m.when(a, () => m.when(b, () => r.next(x)).otherwise(() => r.next(1)));
      y.drive(r);
    });
    expect(text).toContain("end else if (a) r <= b ? x : 4'd1;");
  });

  it('switch compares with every case once', async () => {
    const text = await body((m, { x, y }) => {
      m.switch(
        x,
        [
          [0, () => y.drive(5)],
          [9, () => y.drive(6)],
        ],
        () => y.drive(x),
      );
    });
    expect(text).toContain("assign y = x == 4'd0 ? 4'd5 : x == 4'd9 ? 4'd6 : x;");
  });

  it('states have names', async () => {
    const text = await body((m, { a, b, x, y }) => {
      const s = m.states('state', ['idle', 'load', 'run']);
      m.when(s.is('idle').and(a), () => s.next('load'));
      m.when(s.is('load').and(b), () => s.next('run'));
      y.drive(s.is('run').mux(x, 0));
    });
    expect(text).toContain('// state: 0 idle, 1 load, 2 run\n  reg [1:0] state;');
  });

  it('are refused where a value is missing, dead or unreachable', () => {
    expect(ids((m, { a, x, y }) => void m.when(a, () => y.drive(x)))).toEqual(['partly-driven']);
    expect(
      ids((m, { a, x, y }) => {
        m.when(a, () => y.drive(x)).otherwise(() => y.drive(1));
        y.drive(2);
      }),
    ).toEqual(['driven-twice']);
    expect(
      ids((m, { x, y }) => {
        y.drive(x);
        m.switch(x, [
          [1, () => y.drive(1)],
          [1, () => y.drive(2)],
        ]);
      }),
    ).toEqual(['switch-case']);
    expect(ids((m, { x, y }) => m.switch(x, [[16, () => y.drive(1)]], () => y.drive(0)))).toEqual(['constant-range']);
    expect(ids((m, { x, y }) => void m.when(x, () => y.drive(x)).otherwise(() => y.drive(0)))).toEqual([
      'condition-width',
    ]);
  });
});

describe('long chains', () => {
  it.each(['elsewhen', 'switch'] as const)('5000 alternatives of %s need no deep stack', (kind) => {
    const ports = { a: input(uint(13), 'value'), y: output(uint(13), 'result') };
    const design = defineModule({ name: 'chain', doc: 'Chain.', ports }, (m, { a, y }) => {
      const cases = Array.from({ length: 5000 }, (_, i) => [i, () => y.drive(i ^ 5)] as const);
      if (kind === 'switch') return m.switch(a, cases, () => y.drive(0));
      const [[first, body], ...rest] = cases as [(typeof cases)[0], ...typeof cases];
      rest
        .reduce((when, [value, then]) => when.elsewhen(a.eq(value), then), m.when(a.eq(first), body))
        .otherwise(() => y.drive(0));
    });
    expect(design.module.nodes.filter((n) => n.tag === 'mux')).toHaveLength(5000);
  });
});

describe('ports', () => {
  it('cannot be keywords, or share a name', () => {
    const refused = (names: readonly string[]): string[] => {
      try {
        const spec = { name: 'p', doc: 'P.', ports: Object.fromEntries(names.map((n) => [n, input(bit, 'bit')])) };
        defineModule(spec, () => undefined);
        return [];
      } catch (error) {
        return (error as DesignError).diagnostics.map((d) => d.what);
      }
    };
    expect(refused(['wire', 'ok', 'clk', 'a-b', 'assert', 'implies', 'nullptr'])).toEqual([
      'a port cannot be called wire',
      'a port cannot be called clk',
      'a port cannot be called a-b',
      'a port cannot be called assert',
      'a port cannot be called implies',
      'a port cannot be called nullptr',
    ]);
  });
});
