/** Random modules in every engine that is here, and proof that a fault of printer or simulator does not go unseen. */
import { describe, expect, it } from 'vitest';
import type { Module, Node } from '../../gen/ir.ts';
import { type Replacement, rewriteModule } from '../../gen/passes/rewrite.ts';
import { createIcarus, findIcarus } from '../icarus.ts';
import { createSimulator } from '../simulator.ts';
import { bundleOf, stimulusOf } from './bundle.ts';
import { edits } from './edits.ts';
import { engineNames, type FuzzEngine, findEngine, verilogOf } from './engines.ts';
import { randomCase } from './generate.ts';
import { type FuzzOptions, fuzz } from './run.ts';
import { costOf, shrink } from './shrink.ts';

const found = await Promise.all(engineNames.map(findEngine));
const engines = found.flatMap((f) => ('engine' in f ? [f.engine] : []));
const named = (...names: readonly string[]): FuzzEngine[] => engines.filter((e) => names.includes(e.name));
const icarus = await findIcarus();

const options = (engines: readonly FuzzEngine[], more: Partial<FuzzOptions> = {}): FuzzOptions => ({
  ...{ seed: 1, first: 0, modules: 200, cycles: 60, bundle: 50, engines, ...more },
});
const say = (result: Awaited<ReturnType<typeof fuzz>>) =>
  result.failures.map(({ case: { index }, ...rest }) => ({ ...rest, index, case: undefined }));

describe('200 random modules are equal', () => {
  it.each(['verilator', 'icarus', 'firtool'])('in %s', async (name) => {
    const run = named('sim', name);
    if (run.length < 2) return;
    const result = await fuzz(options(run));
    expect(say(result)).toEqual([]);
    expect(result.modules).toBe(200);
    expect(result.taken.get(name)).toBeGreaterThan(name === 'firtool' ? 90 : 199);
  });

  it('in cxxrtl, 30 of them', async () => {
    expect(say(await fuzz(options(named('sim', 'cxxrtl'), { modules: 30, bundle: 15 })))).toEqual([]);
  });
});

describe('module i of a seed', () => {
  it('and its inputs do not depend on what else is drawn', () => {
    const alone = randomCase(3, 17);
    const many = Array.from({ length: 20 }, (_, i) => randomCase(3, i));
    expect(verilogOf(many[17]!.module).files).toEqual(verilogOf(alone.module).files);
    const inputsOf = (cases: readonly ReturnType<typeof randomCase>[]) => {
      const top = bundleOf(cases);
      const sim = createSimulator(top);
      const { rows, clocks, cycles } = stimulusOf(3, cases, top, 50);
      const outputs = sim.replay(rows, cycles, clocks);
      return { clocks, outputs, last: sim.ports.filter((p) => p.name.startsWith('m17_')).map((p) => sim.peek(p.name)) };
    };
    expect(inputsOf(many).clocks).toEqual(inputsOf([alone]).clocks);
    expect(inputsOf(many).last).toEqual(inputsOf([alone]).last);
  });

  it('draws every primitive', () => {
    const cases = Array.from({ length: 200 }, (_, i) => randomCase(1, i));
    const modules = cases.flatMap((c) => [c.module, ...c.module.instances.map((i) => i.module)]);
    const tags = new Set(modules.flatMap((m) => m.nodes.map((n) => n.tag)));
    expect(tags.size).toBe(24);
    expect(Math.max(...modules.flatMap((m) => m.nodes.map((n) => n.width)))).toBeGreaterThanOrEqual(200);
  });
});

/** Faults of the printer, made in its text. */
const printerFaults: Readonly<Record<string, (text: string) => string>> = {
  'lost parentheses': (t) => t.replace(/^(.* (?:=|<=) .*)\((\w+(?:\[[\d:]+\])? [-+&|^] [^()]*)\)/gm, '$1$2'),
  'a dropped sign extension': (t) => t.replace(/\{(\d+)\{\w+\[\d+\]\}\}/g, "{$1{1'd0}}"),
  'swapped arms of a mux': (t) => t.replace(/\? ([^?:;]+) : ([^?:;]+);/g, '? $2 : $1;'),
  'a wrong slice': (t) =>
    t.replace(/(\w)\[(\d+):([1-9]\d*)\]/g, (_, name, high, low) => `${name}[${high - 1}:${low - 1}]`),
  'a wrong reset value': (t) => t.replace(/(<= \d+'s?[dh])\w+;/g, '$10;'),
  'a missing enable': (t) => t.replace(/end else if \([^()]*\) /g, 'end else '),
  'a signed comparison as unsigned': (t) => t.replace(/\$signed\(/g, '$unsigned(').replace(/ signed \[/g, ' ['),
  'an arithmetic shift as logical': (t) => t.replaceAll('>>>', '>>'),
  'a shift amount cut short': (t) => t.replace(/(<<|>>>?) (\w+)\[\d+:0\]/g, '$1 $2[0]'),
  'a lost inversion': (t) => t.replace(/~(\w)/g, '$1'),
  'a difference as a sum': (t) => t.replaceAll(' - ', ' + '),
  'an asynchronous reset as synchronous': (t) => t.replace(/ or posedge \w+/g, ''),
  'a write without its mask': (t) => t.replace(/if \(\w+\[\d+\]\) (\w+\[[^=]*\]\[\d+:\d+\] <=)/g, '$1'),
  'a reduction of the wrong kind': (t) => t.replace(/= \^/g, '= |'),
};

describe.skipIf(icarus === undefined)('the fuzzer sees a printer with', () => {
  it.each(Object.entries(printerFaults))('%s', async (_, fault) => {
    const faulty: FuzzEngine = {
      name: 'faulty',
      takes: () => true,
      create: (top) => {
        const printed = verilogOf(top);
        const files = Object.entries(printed.files).map(([name, text]) => [name, fault(text)] as const);
        return createIcarus({ ...printed, files: Object.fromEntries(files) });
      },
    };
    const { failures } = await fuzz(options([...named('sim'), faulty]));
    expect(failures.some((f) => f.kind !== 'refused')).toBe(true);
  });
});

/** `of` gives what is seen instead of a node. */
function mutated(module: Module, of: Replacement): Module {
  const values = new Map(module.nodes.map((n) => [n, of]));
  const modules = new Map(module.instances.map((i) => [i, mutated(i.module, of)]));
  return rewriteModule(module, { values, modules });
}
const unsigned = (n: Node, create: Parameters<Replacement>[1]): Node =>
  create({ tag: 'resize', width: n.width, signed: false, a: n });

/** Faults of the simulator, made in what it compiles. */
const simulatorFaults: Readonly<Record<string, Replacement>> = {
  'swapped arms of a mux': (n, create) => (n.tag === 'mux' ? create({ ...n, a: n.b, b: n.a }) : n),
  'a comparison without signs': (n, create) =>
    n.tag === 'lt' && n.a.signed ? create({ ...n, a: unsigned(n.a, create), b: unsigned(n.b, create) }) : n,
  'an extension without sign': (n, create) =>
    n.tag === 'resize' && n.a.signed && n.width > n.a.width ? create({ ...n, a: unsigned(n.a, create) }) : n,
  'a slice one too low': (n, create) => (n.tag === 'slice' && n.low > 0 ? create({ ...n, low: n.low - 1 }) : n),
  'a parity of ones': (n, create) => (n.tag === 'parity' ? create({ ...n, tag: 'any' }) : n),
  'a sum with a carry too many': (n, create) => {
    if (n.tag !== 'add') return n;
    const one = create({ tag: 'const', width: n.width, signed: n.signed, value: n.signed && n.width === 1 ? -1n : 1n });
    const sum = create({ tag: 'add', width: n.width + 1, signed: n.signed, a: n, b: one });
    return create({ tag: 'resize', width: n.width, signed: n.signed, a: sum });
  },
  'parts joined in the wrong order': (n, create) =>
    n.tag === 'cat' ? create({ ...n, parts: n.parts.toReversed() }) : n,
};

describe('the fuzzer sees a simulator with', () => {
  it.each(Object.entries(simulatorFaults))('%s', async (_, fault) => {
    const faulty: FuzzEngine = {
      name: 'faulty',
      takes: () => true,
      create: async (top) => createSimulator(mutated(top, fault)),
    };
    const run = options([...named('sim'), faulty]);
    const { failures } = await fuzz(run);
    expect(failures.some((f) => f.kind === 'mismatch')).toBe(true);
  });
});

describe('a failing module', () => {
  it('is shrunk to little more than the primitive at fault, the same every time', async () => {
    const fault: Replacement = (n, create) =>
      n.tag === 'mul' ? create({ tag: 'not', width: n.width, signed: n.signed, a: n }) : n;
    const faulty: FuzzEngine = {
      name: 'faulty',
      takes: () => true,
      create: async (top) => createSimulator(mutated(top, fault)),
    };
    const run = options([...named('sim'), faulty]);
    const first = (await fuzz(run)).failures[0]!;
    const small = await shrink(first, run);
    expect(costOf(small.case.module)).toBeLessThan(costOf(first.case.module));
    expect(small.case.module.nodes.map((n) => n.tag)).toContain('mul');
    expect(small.case.module.nodes.length).toBeLessThanOrEqual(6);
    expect(verilogOf((await shrink(first, run)).case.module)).toEqual({
      ...verilogOf(small.case.module),
      module: expect.anything(),
    });
  });

  it('is found alone where an engine refuses the whole bundle', async () => {
    const choosy: FuzzEngine = {
      name: 'choosy',
      takes: () => true,
      create: async (top) => {
        if (top.instances.some((i) => i.module.name === 'case_5')) throw new Error('no');
        return createSimulator(top);
      },
    };
    const { failures } = await fuzz(options([...named('sim'), choosy], { modules: 20 }));
    expect(say({ modules: 0, taken: new Map(), failures, crashes: [] })).toEqual([
      { engine: 'choosy', kind: 'refused', message: 'no', index: 5, case: undefined },
    ]);
  });

  it('is left out and named where a tool ends with an internal error', async () => {
    const broken: FuzzEngine = {
      name: 'broken',
      takes: () => true,
      create: async (top) => {
        if (top.instances.some((i) => i.module.name === 'case_5')) throw new Error('Internal Error: no consumer');
        return createSimulator(top);
      },
    };
    const { failures, crashes, taken } = await fuzz(options([...named('sim'), broken], { modules: 20 }));
    expect(failures).toEqual([]);
    expect(crashes.map((c) => [c.engine, c.case.index])).toEqual([['broken', 5]]);
    expect(taken.get('broken')).toBe(19);
  });

  it('has edits that are all smaller or equal, and valid', () => {
    for (let i = 0; i < 30; i++) {
      const { module } = randomCase(9, i);
      for (const edit of edits(module)) expect(() => createSimulator(edit)).not.toThrow();
    }
  });
});
