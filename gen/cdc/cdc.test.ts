import { describe, expect, it } from 'vitest';
import {
  bit,
  clockDomain,
  type Design,
  type DesignError,
  defineModule,
  inDomain,
  input,
  type ModuleBuilder,
  output,
  printVerilog,
  sink,
  source,
  type UInt,
  uint,
} from '../index.ts';
import { connect } from '../stream/index.ts';
import { asyncFifo, constraints, crossings, handshake, pulse, synchroniser } from './index.ts';

const pixel = clockDomain('pixel', { period: 6.734 });
const system = clockDomain('system', { period: 10 });

/** Ports of both domains and of none; `body` makes what `y` (of `system`) and `z` (of `pixel`) are. */
const two = (body: (m: ModuleBuilder, a: UInt, b: UInt, key: UInt) => { y?: UInt; z?: UInt }): Design =>
  defineModule(
    {
      name: 'two',
      doc: '',
      domains: [pixel, system],
      ports: {
        ...inDomain(pixel, { a: input(bit, ''), z: output(bit, '') }),
        ...inDomain(system, { b: input(bit, ''), y: output(bit, '') }),
        ...inDomain('asynchronous', { key: input(bit, '') }),
      },
    },
    (m, io) => {
      m.unused(io.a, io.b, io.key);
      const { y = io.b, z = io.a } = body(m, io.a, io.b, io.key);
      io.y.drive(y);
      io.z.drive(z);
    },
  );

/** What a design is told: identifier, place and what was found, without paths. */
function told(build: () => unknown): string[] {
  try {
    build();
  } catch (error) {
    return (error as DesignError).diagnostics.map((d) =>
      `${d.id}: ${d.what}; ${d.found}`.replace(/\/[^ ()]*\/([\w.]+):\d+:\d+/g, '$1'),
    );
  }
  return [];
}

describe('domains', () => {
  const file = 'cdc.test.ts';
  const a = `a (${file}) of domain pixel (${file})`;
  const b = `b (${file}) of domain system (${file})`;

  it('are kept by registers, logic, memories and instances', () => {
    const inverter = defineModule(
      { name: 'inverter', doc: '', ports: { x: input(bit, ''), y: output(bit, '') } },
      (_m, io) => io.y.drive(io.x.not()),
    );
    const build = () =>
      two((m, x, y) => {
        const inner = m.instance('inner', inverter);
        inner.x.drive(y);
        const table = m.memory('table', { depth: 2, shape: bit, init: [1] });
        return {
          y: m.domain(system, () => m.delay('held', inner.y.xor(table.readNow('word', y)))),
          z: m.delay('own', x.and(m.constant(bit, 1))),
        };
      });
    expect(told(build)).toEqual([]);
  });

  it('do not meet in logic, and one mistake is told once', () => {
    expect(told(() => two((_m, x, y) => ({ y: x.and(y).not().xor(y), z: x })))).toEqual([
      `domain-crossing: values of two clock domains meet; ${a}\n        and ${b}`,
    ]);
    expect(told(() => two((_m, _x, y, key) => ({ y: y.or(key) })))).toEqual([
      `domain-crossing: values of two clock domains meet; ${b}\n        and key (${file}) of no domain (asynchronous)`,
    ]);
  });

  it.each([
    ['register later', (m: ModuleBuilder, x: UInt) => ({ y: m.domain(system, () => m.delay('later', x)) })],
    [
      'register later',
      (m: ModuleBuilder, x: UInt, y: UInt) => ({ y: m.domain(system, () => m.delay('later', y, { enable: x })) }),
    ],
    ['output y', (_m: ModuleBuilder, x: UInt) => ({ y: x })],
    [
      'assert claim',
      (m: ModuleBuilder, x: UInt) => {
        m.domain(system, () => m.assert('claim', x, ''));
        return {};
      },
    ],
    [
      'memory words',
      (m: ModuleBuilder, x: UInt, y: UInt) =>
        m.domain(system, () => {
          const words = m.memory('words', { depth: 2, shape: bit });
          words.write({ address: y, data: x, enable: y });
          return { y: words.read('word', y) };
        }),
    ],
    [
      'input run of instance inner',
      (m: ModuleBuilder, x: UInt) => {
        const held = defineModule(
          { name: 'hold', doc: '', ports: { run: input(bit, ''), held: output(bit, '') } },
          (n, io) => io.held.drive(n.delay('held_q', io.run)),
        );
        const inner = m.domain(system, () => m.instance('inner', held));
        inner.run.drive(x);
        return { y: inner.held };
      },
    ],
  ])('are not left through %s', (what, body) => {
    expect(told(() => two(body))).toEqual([`domain-crossing: ${what} takes a value of another clock domain; ${a}`]);
  });

  it('of a memory are those of its writes, unless it is marked', () => {
    const words = (crossing: 'held' | undefined, kind: 'read' | 'readNow') => () =>
      two((m, x, y) => {
        const memory = m.memory('words', { depth: 2, shape: bit, ...(crossing === undefined ? {} : { crossing }) });
        memory.write({ address: x, data: x, enable: x });
        return { y: m.domain(system, () => memory[kind]('word', y)) };
      });
    const mistake = `domain-crossing: memory words takes a value of another clock domain; words (${file}) of domain pixel (${file})`;
    expect(told(words(undefined, 'read'))).toEqual([mistake]);
    expect(told(words('held', 'readNow'))).toEqual([mistake]);
    expect(told(words('held', 'read'))).toEqual([]);
  });
});

describe('crossings', () => {
  const crossing = (body: (m: ModuleBuilder, x: UInt) => UInt) => () =>
    two((m, x) => ({ y: m.domain(system, () => body(m, x)) }));
  const wide = (m: ModuleBuilder, gray: boolean) =>
    m.domain(pixel, () => {
      const count = m.register('count', uint(2), { reset: 0 });
      const next = count.add(1).trunc(2);
      count.next(next);
      return m.delay('code', gray ? next.xor(next.shr(1).ext(2)) : next, { reset: 0 });
    });

  it('settle in a second register before anything looks at them', () => {
    const one = crossing((m, x) => m.delay('meta', x, { crossing: 'bit' }));
    expect(told(one)).toEqual(['crossing-unsettled: register meta is looked at before it has settled; another use']);
    const logic = crossing((m, x) =>
      m.delay('sync', m.delay('meta', x, { crossing: 'bit' }).not(), { crossing: 'settle' }),
    );
    expect(told(logic)).toHaveLength(1);
    const good = crossing((m, x) => m.delay('sync', m.delay('meta', x, { crossing: 'bit' }), { crossing: 'settle' }));
    expect(told(good)).toEqual([]);
  });

  it('have the form of their kind', () => {
    const word = (gray: boolean, kind: 'bit' | 'gray') =>
      crossing((m) =>
        m.delay('sync', m.delay('meta', wide(m, gray), { crossing: kind }), { crossing: 'settle' }).parity(),
      );
    expect(told(word(true, 'gray'))).toEqual([]);
    expect(told(word(false, 'gray'))).toEqual([
      'crossing-form: register meta cannot be a crossing of kind gray; a value that is no register of a Gray code',
    ]);
    expect(told(word(true, 'bit'))).toEqual(['crossing-form: register meta cannot be a crossing of kind bit; 2 bits']);
    const glitch = crossing((m, x) =>
      m.delay('sync', m.delay('meta', x.not(), { crossing: 'bit' }), { crossing: 'settle' }),
    );
    expect(told(glitch)).toEqual([
      'crossing-form: register meta cannot be a crossing of kind bit; a value that is computed (not)',
    ]);
    expect(told(crossing((m, x) => m.delay('taken', x, { crossing: 'held' })))).toEqual([
      'crossing-form: register taken cannot be a crossing of kind held; no enable',
    ]);
  });
});

describe('elements', () => {
  const beat = { value: uint(8), last: bit };

  it('refuse parameters that they cannot have', () => {
    expect(told(() => synchroniser({ flops: 1 }))[0]).toContain('stream-parameter');
    expect(told(() => asyncFifo(bit, { depth: 6 }))[0]).toContain('depth; 6');
  });

  it('mark the registers that let a bit settle', () => {
    const text = printVerilog(pulse({ flops: 3 })).files[0]!.text;
    expect(text.match(/\(\* .*/g)).toEqual([
      '(* ASYNC_REG = "TRUE" *) reg seen_meta;',
      '(* ASYNC_REG = "TRUE" *) reg seen_sync_1;',
      '(* ASYNC_REG = "TRUE" *) reg seen_sync_2;',
      '(* ASYNC_REG = "TRUE" *) reg toggle_meta;',
      '(* ASYNC_REG = "TRUE" *) reg toggle_sync_1;',
      '(* ASYNC_REG = "TRUE" *) reg toggle_sync_2;',
    ]);
  });

  /** A stream from `pixel` to `system` through a FIFO and a handshake, and a key. */
  const bridge = defineModule(
    {
      name: 'bridge',
      doc: '',
      domains: [pixel, system],
      ports: {
        ...inDomain(pixel, { a: sink(beat, ''), c: sink(bit, '') }),
        ...inDomain(system, { b: source(beat, ''), d: source(bit, ''), pressed: output(bit, '') }),
        ...inDomain('asynchronous', { key: input(bit, '') }),
      },
    },
    (m, io) => {
      const clocks = { from: pixel, to: system };
      const queue = m.instance('queue', asyncFifo(beat, { depth: 8 }), { clocks });
      connect(queue.in, io.a);
      connect(io.b, queue.out);
      const hand = m.instance('hand', handshake(bit), { clocks });
      connect(hand.in, io.c);
      connect(io.d, hand.out);
      const button = m.domain(system, () => m.instance('button', synchroniser()));
      button.d.drive(io.key);
      io.pressed.drive(button.q);
    },
  );

  it('are listed once per crossing', () => {
    const marked = (design: Design): number => crossings(design).length;
    expect([synchroniser(), pulse(), handshake(beat), asyncFifo(beat, { depth: 4 })].map(marked)).toEqual([1, 2, 4, 3]);
    expect(
      crossings(bridge).map((c) => `${c.kind} ${c.from.map((f) => f.name)} -> ${c.to.name}`),
    ).toMatchInlineSnapshot(`
      [
        "held hand.held -> hand.out_payload",
        "gray queue.head_pointer_gray -> queue.head_meta",
        "gray queue.tail_pointer_gray -> queue.tail_meta",
        "bit hand.toggle_taken -> hand.seen_meta",
        "bit hand.toggle -> hand.toggle_meta",
        "bit key -> button.d_meta",
        "memory queue.words -> queue.front",
      ]
    `);
  });

  it('have constraints, XDC and SDC', () => {
    expect(constraints(bridge, 'xdc')).toMatchInlineSnapshot(`
      "# Clock domain crossings of bridge.
      create_clock -name pixel_clk -period 6.734 [get_ports pixel_clk]
      create_clock -name system_clk -period 10 [get_ports system_clk]

      # held: hand.held -> hand.out_payload (system_clk)
      set_max_delay -datapath_only 10 -from [get_cells hand/held_reg] -to [get_cells hand/out_payload_reg]

      # gray: queue.head_pointer_gray -> queue.head_meta (pixel_clk)
      set_max_delay -datapath_only 6.734 -from [get_cells {queue/head_pointer_gray_reg[*]}] -to [get_cells {queue/head_meta_reg[*]}]
      set_bus_skew 6.734 -from [get_cells {queue/head_pointer_gray_reg[*]}] -to [get_cells {queue/head_meta_reg[*]}]

      # gray: queue.tail_pointer_gray -> queue.tail_meta (system_clk)
      set_max_delay -datapath_only 6.734 -from [get_cells {queue/tail_pointer_gray_reg[*]}] -to [get_cells {queue/tail_meta_reg[*]}]
      set_bus_skew 6.734 -from [get_cells {queue/tail_pointer_gray_reg[*]}] -to [get_cells {queue/tail_meta_reg[*]}]

      # bit: hand.toggle_taken -> hand.seen_meta (pixel_clk)
      set_false_path -from [get_cells hand/toggle_taken_reg] -to [get_cells hand/seen_meta_reg]

      # bit: hand.toggle -> hand.toggle_meta (system_clk)
      set_false_path -from [get_cells hand/toggle_reg] -to [get_cells hand/toggle_meta_reg]

      # bit: key -> button.d_meta (system_clk)
      set_false_path -from [get_ports key] -to [get_cells button/d_meta_reg]

      # memory: queue.words -> queue.front (system_clk)
      set_max_delay -datapath_only 10 -from [get_cells -quiet {queue/words_reg*}] -to [get_cells -quiet {queue/front_reg*}]
      "
    `);
    expect(constraints(bridge, 'sdc')).toMatchInlineSnapshot(`
      "# Clock domain crossings of bridge.
      create_clock -name pixel_clk -period 6.734 [get_ports pixel_clk]
      create_clock -name system_clk -period 10 [get_ports system_clk]

      # held: hand.held -> hand.out_payload (system_clk)
      set_max_delay 10 -from [get_cells hand/held_reg] -to [get_cells hand/out_payload_reg]
      set_false_path -hold -from [get_cells hand/held_reg] -to [get_cells hand/out_payload_reg]

      # gray: queue.head_pointer_gray -> queue.head_meta (pixel_clk)
      set_max_delay 6.734 -from [get_cells {queue/head_pointer_gray_reg[*]}] -to [get_cells {queue/head_meta_reg[*]}]
      set_false_path -hold -from [get_cells {queue/head_pointer_gray_reg[*]}] -to [get_cells {queue/head_meta_reg[*]}]

      # gray: queue.tail_pointer_gray -> queue.tail_meta (system_clk)
      set_max_delay 6.734 -from [get_cells {queue/tail_pointer_gray_reg[*]}] -to [get_cells {queue/tail_meta_reg[*]}]
      set_false_path -hold -from [get_cells {queue/tail_pointer_gray_reg[*]}] -to [get_cells {queue/tail_meta_reg[*]}]

      # bit: hand.toggle_taken -> hand.seen_meta (pixel_clk)
      set_false_path -from [get_cells hand/toggle_taken_reg] -to [get_cells hand/seen_meta_reg]

      # bit: hand.toggle -> hand.toggle_meta (system_clk)
      set_false_path -from [get_cells hand/toggle_reg] -to [get_cells hand/toggle_meta_reg]

      # bit: key -> button.d_meta (system_clk)
      set_false_path -from [get_ports key] -to [get_cells button/d_meta_reg]

      # memory: queue.words -> queue.front (system_clk)
      set_max_delay 10 -from [get_cells -quiet {queue/words_reg*}] -to [get_cells -quiet {queue/front_reg*}]
      set_false_path -hold -from [get_cells -quiet {queue/words_reg*}] -to [get_cells -quiet {queue/front_reg*}]
      "
    `);
  });

  it('need periods where a delay is limited, and none where nothing crosses', () => {
    expect(told(() => constraints(asyncFifo(beat, { depth: 4 }), 'xdc'))).toEqual([
      'constraint-period: the period of to_clk is not known; none',
      'constraint-period: the period of from_clk is not known; none',
    ]);
    expect(constraints(pulse(), 'xdc')).not.toContain('create_clock');
    expect(
      constraints(
        two(() => ({})),
        'xdc',
      ),
    ).toBe('');
  });
});
