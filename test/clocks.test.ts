/** Several clocks: what is printed for them, and that simulator and Verilator agree, simultaneous edges included. */
import { lint } from 'verilator-wasm';
import { describe, expect, it } from 'vitest';
import { asyncFifo } from '../gen/cdc/index.ts';
import {
  bit,
  clockDomain,
  type Design,
  defineModule,
  inDomain,
  input,
  output,
  printVerilog,
  uint,
} from '../gen/index.ts';
import { hierarchy } from '../gen/passes/hierarchy.ts';
import { fifo } from '../gen/stream/index.ts';
import { clockNames, createSimulator, createVerilator, type Engine, lockStep } from '../sim/index.ts';
import { createRandom } from '../sim/random.ts';

const counter = (reset: 'synchronous' | 'asynchronous') =>
  defineModule(
    { name: `count_${reset}`, doc: '', ports: { run: input(bit, ''), count: output(uint(4), '') }, reset },
    (m, io) => {
      const count = m.register('count_q', uint(4), { reset: 3, enable: io.run, init: 1 });
      count.next(count.add(1).trunc(4));
      io.count.drive(count);
    },
  );

const fast = clockDomain('fast', { reset: 'asynchronous' });
const slow = clockDomain('slow', { resetPort: 'fast_rst', reset: 'asynchronous' });
const warm = clockDomain('warm', { clockPort: 'fast_clk' });

/** One reset for two clocks, one clock with two resets; the same modules in each domain. */
const shared = defineModule(
  {
    name: 'shared',
    doc: 'Counters in three domains.',
    domains: [fast, slow, warm],
    ports: {
      ...inDomain(fast, { a: input(bit, ''), fast_count: output(uint(4), '') }),
      ...inDomain(slow, { b: input(bit, ''), slow_count: output(uint(4), ''), slow_own: output(bit, '') }),
      ...inDomain(warm, { c: input(bit, ''), warm_count: output(uint(4), ''), warm_own: output(bit, '') }),
    },
  },
  (m, io) => {
    const place = (name: string, reset: 'synchronous' | 'asynchronous', run: typeof io.a) => {
      const at = m.instance(name, counter(reset));
      at.run.drive(run);
      return at.count;
    };
    io.fast_count.drive(place('in_fast', 'synchronous', io.a));
    m.domain(slow, () => {
      io.slow_count.drive(place('in_slow', 'asynchronous', io.b));
      io.slow_own.drive(m.delay('held', io.b, { reset: 1 }));
    });
    m.domain(warm, () => {
      io.warm_count.drive(place('in_warm', 'synchronous', io.c));
      io.warm_own.drive(m.delay('kept', io.c, { reset: 1 }));
    });
  },
);

/** Two domains of one module, bound by name. */
const pair = defineModule(
  {
    name: 'pair',
    doc: '',
    domains: [clockDomain('one'), clockDomain('two')],
    ports: { a: input(bit, ''), y: output(uint(4), '') },
  },
  (m, io) => {
    const at = m.instance('counter', counter('synchronous'));
    at.run.drive(io.a);
    io.y.drive(at.count);
  },
);

async function agree(design: Design, cycles: number): Promise<void> {
  const { files, top } = printVerilog(design);
  const { module } = design;
  const verilator = await createVerilator({
    files: Object.fromEntries(files.map((f) => [f.name, f.text])),
    top,
    module,
  });
  const masks = 2 ** clockNames(module.clocks).length;
  const drive = (engine: Engine): void => {
    const random = createRandom(3);
    for (let cycle = 0; cycle < cycles; cycle++) {
      for (const { name, width, direction, reset } of engine.ports) {
        if (direction === 'input') engine.poke(name, reset === true ? BigInt(random.chance(0.1)) : random.bits(width));
      }
      engine.tick(random.below(masks));
    }
  };
  const result = lockStep({ leader: createSimulator(module), followers: [verilator] }, drive);
  verilator.close();
  expect(result.mismatch).toBe(undefined);
  expect(result.cycles).toBe(cycles);
}

describe('several clocks', () => {
  it('print every clock and reset once, with the style of each', () => {
    const text = printVerilog(shared).files.at(-1)!.text;
    expect(text.match(/^ {2}input wire \w+(,|\s).*(clock|reset).*$/gm)).toEqual([
      '  input wire fast_clk,                        // clock, rising edge',
      '  input wire fast_rst,                        // asynchronous reset, active high',
      '  input wire slow_clk,                        // clock, rising edge',
      '  input wire warm_rst,                        // synchronous reset, active high',
    ]);
    expect(text).toContain('.clk(slow_clk),\n    .rst(fast_rst),');
    expect(text).toContain('always @(posedge slow_clk or posedge fast_rst)');
    expect(text).toMatch(/always @\(posedge fast_clk\) begin\n {4}if \(warm_rst\)/);
  });

  it('simulate as Verilator does', () => agree(shared, 2000));

  it('bind the domains of an instance by name', async () => {
    const top = defineModule(
      {
        name: 'bound',
        doc: '',
        domains: [fast, slow],
        ports: { ...inDomain(fast, { a: input(bit, '') }), ...inDomain(fast, { y: output(uint(4), '') }) },
      },
      (m, io) => {
        const at = m.instance('pair', pair, { clocks: { one: fast, two: slow } });
        at.a.drive(io.a);
        io.y.drive(at.y);
      },
    );
    expect(top.module.clocks.map((c) => c.clock)).toEqual(['fast_clk']);
    await agree(top, 500);
  });

  it('give every element of the stream library a place in any domain', () => {
    const { module } = defineModule(
      { name: 'queue', doc: '', domains: [slow], ports: fifo(uint(3), { depth: 4 }).ports },
      (m, io) => {
        const queue = m.instance('queue', fifo(uint(3), { depth: 4 }));
        queue.in.valid.drive(io.in.valid);
        queue.in.payload.drive(io.in.payload);
        io.in.ready.drive(queue.in.ready);
        io.out.valid.drive(queue.out.valid);
        io.out.payload.drive(queue.out.payload);
        queue.out.ready.drive(io.out.ready);
        io.count.drive(queue.count);
      },
    );
    expect(module.clocks.map((c) => [c.clock, c.reset])).toEqual([['slow_clk', 'fast_rst']]);
    const [file] = printVerilog({ module }).files;
    expect(file!.text).toContain('always @(posedge clk or posedge rst)');
    expect(file!.text).not.toMatch(/always @\(posedge clk\) begin\n {4}if \(rst\)/);
  });

  it('reset the instances of a domain in its style, through all levels', async () => {
    const queue = asyncFifo(uint(3), { depth: 4 });
    const top = defineModule(
      { name: 'crossing', doc: '', domains: [fast, warm], ports: { y: output(bit, '') } },
      (m, io) => {
        const at = m.instance('queue', queue, { clocks: { from: warm, to: fast } });
        at.in.valid.drive(1);
        at.in.payload.drive(5);
        at.out.ready.drive(1);
        io.y.drive(at.out.valid.and(at.out.payload.eq(5)));
        m.unused(at.in.ready);
      },
    );
    const styles = hierarchy(top.module).flatMap((m) => m.clocks.map((c) => `${m.name} ${c.reset} ${c.resetStyle}`));
    expect(new Set(styles.map((s) => s.replace(/^.* (\S+ \S+)$/, '$1')))).toEqual(
      new Set(['from_rst synchronous', 'to_rst asynchronous', 'warm_rst synchronous', 'fast_rst asynchronous']),
    );
    const { files, top: name } = printVerilog(top);
    expect((await lint(Object.fromEntries(files.map((f) => [f.name, f.text])), name)).log).toBe('');
    await agree(top, 500);
  });
});
