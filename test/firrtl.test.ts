/** FIRRTL -> firtool -> Verilog -> Verilator, in lock step with the simulator: the same vectors, the same cycles. */
import { findFirtool, runFirtool } from 'firtool';
import { describe, expect, it } from 'vitest';
import { firrtlRefusals, printFirrtl } from '../gen/firrtl/index.ts';
import { bit, bundle, type Design, defineModule, input, type Module, output, sint, uint } from '../gen/index.ts';
import { defaultNumerics } from '../golden/fixed/index.ts';
import { matmulArray, scanUnit } from '../hw/index.ts';
import { createHistory, createRandom, createSimulator, createVerilator, type Engine, lockStep } from '../sim/index.ts';
import { sketch, u } from '../sim/testing/ir.ts';
import { matmulBench } from '../verify/bench-matmul.ts';
import { scanBench } from '../verify/bench-scan.ts';
import { cornerMatmulJobs } from '../verify/jobs-corner.ts';
import { cornerScanJobs } from '../verify/jobs-corner-scan.ts';
import { run } from '../verify/run.ts';
import type { UnitBench } from '../verify/unit-bench.ts';
import { stateDesign } from './firrtl-state.ts';

const missing = findFirtool() === undefined;

/** Optimised, firtool gives a register that only ever gets one value that value from power-up on; else all start at 0. */
type Optimisation = 'optimised' | 'as printed';

async function compiled(text: string, how: Optimisation): Promise<string> {
  const plain = ['--format=fir', '--strip-debug-info', '--disable-all-randomization'];
  const { status, stdout, stderr } = await runFirtool(how === 'optimised' ? plain : [...plain, '--disable-opt'], text);
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return stdout;
}

/** firtool's Verilog of `module` in Verilator; `fault` changes the FIRRTL on its way. */
async function throughFirtool(
  module: Module,
  how: Optimisation,
  fault: (text: string) => string = (text) => text,
): Promise<Engine> {
  const { text, top } = printFirrtl({ module });
  const files = { [`${top}.sv`]: await compiled(fault(text), how) };
  return createVerilator({ files, top, module, how: 'auto', name: 'firtool' });
}

/** Random inputs, now and then all ones or zeros; resets are rare, but the first cycle has them all. */
function randomInputs(engine: Engine, cycles: number, clocks: readonly number[] = [1]): void {
  const random = createRandom(7);
  for (let cycle = 0; cycle < cycles; cycle++) {
    for (const { name, width, direction, reset } of engine.ports) {
      if (direction === 'output') continue;
      const extreme = random.chance(0.2) ? -BigInt(random.below(2)) : random.bits(width);
      engine.poke(name, reset === true ? BigInt(cycle === 0 || random.chance(0.05)) : extreme);
    }
    engine.tick(clocks[cycle % clocks.length]);
  }
}

async function expectEqual(
  module: Module,
  how: Optimisation,
  cycles: number,
  clocks?: readonly number[],
): Promise<void> {
  const follower = await throughFirtool(module, how);
  const result = lockStep({ leader: createSimulator(module), followers: [follower] }, (engine) =>
    randomInputs(engine, cycles, clocks),
  );
  follower.close();
  const outputs = module.ports.filter((p) => p.direction === 'output').length;
  expect(result).toEqual({ cycles, compared: cycles * outputs, mismatch: undefined });
}

const counter = (): Design =>
  defineModule(
    {
      name: 'counter',
      doc: 'Counts the ones that come in, less an offset.',
      ports: {
        word: input(uint(3), 'ones to count'),
        take: input(bit, ''),
        less: input(sint(4), ''),
        total: output(sint(9), ''),
      },
    },
    (m, { word, take, less, total }) => {
      m.comment('Never negative.');
      const sum = m.register('sum', uint(8), { reset: 200, enable: take });
      sum.next(sum.add(word.popcount().named('ones')).trunc(8));
      total.drive(sum.asSigned().sub(less));
      m.assert('bounded', sum.lt(250), 'at most 100% of "250"');
    },
  );

describe('FIRRTL', () => {
  it('reads like this, and firtool takes it', async ({ skip }) => {
    const { text } = printFirrtl({ module: counter().module });
    expect(text).toMatchInlineSnapshot(`
      "FIRRTL version 4.0.0
      circuit counter :
        ; Number of ones among 3 bits.
        module popcount_3 :
          input x : UInt<3>
          output count : UInt<2>

          node s1_0 = add(bits(x, 0, 0), bits(x, 1, 1))
          node s2_0 = add(s1_0, bits(x, 2, 2))
          connect count, bits(s2_0, 1, 0)

        ; Counts the ones that come in, less an offset.
        public module counter :
          input clk : Clock
          input rst : UInt<1>
          input word : UInt<3>
          input take : UInt<1>
          input less : SInt<4>
          output total : SInt<9>

          ; Never negative.
          regreset sum : UInt<8>, clk, rst, UInt<8>(200)
          inst count_ones of popcount_3
          connect count_ones.x, word
          node ones = count_ones.count

          connect total, asSInt(bits(add(add(asUInt(pad(asSInt(sum), 9)), not(asUInt(pad(less, 9)))), UInt<1>(1)), 8, 0))

          when take :
            connect sum, bits(add(sum, ones), 7, 0)

          assert(clk, lt(sum, UInt<8>(250)), not(rst), "at most 100%% of \\"250\\"") : bounded
      "
    `);
    skip(missing, 'firtool was not found');
    expect(await compiled(text, 'optimised')).toContain('else $error("at most 100%% of \\"250\\"")');
  });

  it('is the same for the same design, and gives two bodies of one name two names', () => {
    const add = (n: number): Design =>
      defineModule({ name: 'add', doc: '', ports: { a: input(uint(8), ''), y: output(uint(9), '') } }, (_m, io) =>
        io.y.drive(io.a.add(n).ext(9)),
      );
    const top = () => printFirrtl({ module: bundle('top', { one: add(1), other: add(1), two: add(2) }).module }).text;
    expect(top()).toBe(top());
    expect(top().match(/(public )?module \w+|inst \w+ of \w+/g)).toEqual([
      'module add',
      'module add_1',
      'public module top',
      'inst one of add',
      'inst other of add',
      'inst two of add_1',
    ]);
  });

  it('has source locators only by option, with relative paths', () => {
    const design = counter();
    expect(printFirrtl({ module: design.module }).text).not.toContain('@[');
    const { text } = printFirrtl(design, { locators: { relativeTo: import.meta.dirname } });
    expect(text).toMatch(/^ {4}regreset sum : .* @\[firrtl\.test\.ts \d+:\d+\]$/m);
    expect(text).not.toContain(import.meta.dirname);
  });

  it('quotes ports whose names are types of FIRRTL, and leaves them as they are', async ({ skip }) => {
    const sk = sketch('words');
    const ports = ['is', 'UInt', 'mem', 'node', 'clk'];
    const joined = sk.node({ tag: 'cat', ...u(5), parts: ports.map((name) => sk.input(name, u(1))) });
    sk.names.set(joined, 'SInt');
    sk.output('Clock', joined);
    const { text } = printFirrtl({ module: sk.finish([]) });
    expect(text.match(/input \S+/g)).toEqual(['input `is`', 'input `UInt`', 'input mem', 'input node', 'input clk']);
    expect(text).toContain('node SInt_ = ');
    skip(missing, 'firtool was not found');
    expect(await compiled(text, 'optimised')).toContain('assign Clock = {is, UInt, mem, node, clk};');
  });
});

describe('what FIRRTL cannot say', () => {
  const ports = { x: input(uint(4), ''), y: output(uint(4), '') };
  const design = (): Module =>
    defineModule({ name: 'unsayable', doc: '', ports }, (m, { x, y }) => {
      const words = m.memory('words', { depth: 16, shape: uint(4), init: [1, 2, 3], style: 'block' });
      y.drive(m.delay('held', words.read('word', x), { init: 5, reset: 5 }));
    }).module;

  it('is refused by name, beforehand', () => {
    const found = firrtlRefusals(design());
    expect(found.map((p) => [p.id, p.what, p.expected, p.found, p.remedy])).toMatchInlineSnapshot(`
      [
        [
          "firrtl-register-init",
          "register held of module unsayable has a value at power-up",
          "no init: FIRRTL knows reset values only",
          "init 5",
          "give the register a reset value and no init, or use the Verilog output",
        ],
        [
          "firrtl-memory-init",
          "memory words of module unsayable has contents at power-up",
          "no init: the contents of a FIRRTL memory are unknown until they are written",
          "init of 3 words",
          "write the contents after reset, or use the Verilog output",
        ],
      ]
    `);
    expect(found.every((p) => /firrtl\.test\.ts:\d+:\d+$/.test(`${p.location}`))).toBe(true);
    expect(() => printFirrtl({ module: design() })).toThrow(/2 errors in module unsayable\n.*firrtl\.test\.ts:/);
    expect(firrtlRefusals(bundle('top', { inner: { module: design(), ports } }).module)).toHaveLength(2);
    expect(firrtlRefusals(counter().module)).toEqual([]);
  });

  it('is told afterwards where it changes no behaviour', () => {
    const m = scanUnit(scan).module;
    const out = printFirrtl({ module: m });
    const omitted = new Set(out.omitted.map((p) => `${p.id}: ${p.found}`));
    expect([...omitted].sort()).toEqual(['firrtl-memory-style: style block', 'firrtl-memory-style: style distributed']);
  });
});

const matmul = {
  ...{ lanes: 3, columns: 4, segment: 2, tokens: 1, drain: 1, planes: 2, maxShift: 5, maxRows: 12, maxColumns: 16 },
  numerics: defaultNumerics.matmul,
};
const scan = {
  ...{ lanes: 4, maxHeads: 4, maxHeadDim: 3, maxState: 10, maxGroups: 2, stateWords: 72 },
  ...{ rows: 2, rowWords: 24, numerics: defaultNumerics.scan, state: defaultNumerics.state },
};
const units: readonly (readonly [string, Design, UnitBench])[] = [
  ['matmul', matmulArray(matmul), matmulBench(cornerMatmulJobs(matmul, createRandom(5), 20), matmul, false)],
  ['scan', scanUnit(scan), scanBench(cornerScanJobs(scan, createRandom(9), 8), scan)],
];

describe.skipIf(missing)('through firtool and Verilator', () => {
  it.each(units)('the %s unit equals the simulator in every cycle, with stalls', async (unit, design, bench) => {
    const top = bundle('top', { [unit]: design }).module;
    const engines = [createSimulator(top), await throughFirtool(top, 'optimised')];
    const opened = { top, engines, tools: {}, history: createHistory(), close: () => undefined };
    const result = run(opened, [bench], { stall: 0.3, seed: 4, wave: undefined, progress: () => undefined });
    for (const engine of engines) engine.close();
    expect([result.mismatch, result.stuck]).toEqual([undefined, undefined]);
    expect(result.verdicts.filter((v) => v.mismatch !== undefined)).toEqual([]);
    expect(result.cycles).toBeGreaterThan(200);
  });

  it.each(['as printed', 'optimised'] as const)('every kind of memory port, reset and clock does, %s', async (how) => {
    await expectEqual(stateDesign(), how, 4000, [1, 2, 1, 1, 2]);
  });

  it.each([
    ['a lost sign', (text: string) => text.replace(/asSInt\(sub\((.*?), (.*)\)\)$/m, 'asSInt(sub($2, $1))')],
    ['a swapped mux', (text: string) => text.replace(/mux\((\w+), (\w+), (\w+)\)/, 'mux($1, $3, $2)')],
    [
      'a forgotten order of writes',
      (text: string) => text.replace(/(connect \S+\.w0\.en, ).*not\(.*$/m, '$1UInt<1>(1)'),
    ],
  ])('finds %s', async (_fault, fault) => {
    const module = faultyDesign();
    expect(fault(printFirrtl({ module }).text)).not.toBe(printFirrtl({ module }).text);
    const follower = await throughFirtool(module, 'as printed', fault);
    const { mismatch } = lockStep({ leader: createSimulator(module), followers: [follower] }, (engine) =>
      randomInputs(engine, 200),
    );
    follower.close();
    expect(mismatch?.port).toBe('y');
  });
});

/** A difference, a choice and two writes to one word: something to break for each fault. */
function faultyDesign(): Module {
  const ports = { a: input(uint(2), ''), b: input(uint(2), ''), t: input(bit, ''), y: output(sint(3), '') };
  return defineModule({ name: 'breakable', doc: '', ports }, (m, { a, b, t, y }) => {
    const words = m.memory('words', { depth: 4, shape: uint(2) });
    words.write({ address: a, data: b, enable: t });
    words.write({ address: b, data: a.not(), enable: a.any() });
    y.drive(t.mux(words.readNow('word', a), b).named('chosen').sub(a));
  }).module;
}
