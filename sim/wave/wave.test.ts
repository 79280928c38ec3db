import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bit, defineModule, increment, input, output, sfixed, sint, uint } from '../../gen/index.ts';
import { createSimulator } from '../simulator.ts';
import { openVcd } from '../vcd.ts';
import { probesOf, readVcd, recordTrace, showValue, type Trace, waveJson, waveSvg, waveText } from './index.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wave-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const trace: Trace = {
  start: 8,
  cycles: 5,
  rows: [
    { signal: { path: 'top.go', width: 1 }, values: [0n, 1n, 1n, 0n, 'x'] },
    { signal: { path: 'top.fifo.out_valid', width: 1 }, values: [1n, 1n, 1n, 1n, 1n] },
    { signal: { path: 'top.fifo.out_data', width: 12 }, values: [10n, 10n, 11n, 'xx10xx10xx10', 5n] },
  ],
};

describe('values', () => {
  it.each([
    [10n, { width: 9 }, '00a'],
    [10n, { width: 9, signed: true }, '10'],
    [-3n, { width: 9, signed: true }, '-3'],
    [509n, { width: 9, signed: true }, '-3'],
    [-5n, { width: 8, signed: true, display: { kind: 'fixed', fraction: 3 } }, '-0.625'],
    [40n, { width: 8, display: { kind: 'fixed', fraction: 3 } }, '5'],
    [3n, { width: 8, display: { kind: 'fixed', fraction: -2 } }, '12'],
    [
      1n,
      {
        width: 1,
        display: {
          kind: 'enumeration',
          name: 'mode',
          states: [
            ['0', 'idle'],
            ['1', 'run'],
          ],
        },
      },
      'run',
    ],
    [2n, { width: 2, display: { kind: 'enumeration', name: 'mode', states: [['0', 'idle']] } }, 'mode 2?'],
    ['10xx0000zzzz', { width: 12 }, 'x0z'],
    ['x', { width: 1 }, 'x'],
  ] as const)('%s as %j: %s', (value, type, text) => expect(showValue(value, { path: 'v', ...type })).toBe(text));

  it('in the radix asked for', () => {
    expect(showValue(-3n, { path: 'v', width: 4, signed: true }, 'binary')).toBe('1101');
    expect(showValue(-3n, { path: 'v', width: 4, signed: true }, 'hex')).toBe('d');
    expect(showValue(13n, { path: 'v', width: 4 }, 'decimal')).toBe('13');
  });
});

describe('pictures', () => {
  it('text: levels, values, unknown bits, streams', () => {
    expect(`\n${waveText(trace, { mark: 10 })}\n`).toMatchInlineSnapshot(`
      "
      cycle     8    9   ▼10   11   12
                    ┌─────────┐    ┌────
      go       ─────┘         └────┤x
      fifo.out
               ─────────────────────────
        valid
               ──────────┬────┬────┬────
        data    00a      │00b │xxx │005
      "
    `);
  });

  it('text: further blocks where the line is full; long values keep their last digits', () => {
    const wide = { ...trace, rows: [{ signal: { path: 'w', width: 80 }, values: [1n, 2n, 3n, 4n, 2n ** 79n + 5n] }] };
    expect(`\n${waveText(wide, { width: 40 })}\n`).toMatchInlineSnapshot(`
      "
      cycle  8             9
            ──────────────┬─────────────
      w      …00000000001 │…00000000002

      cycle  10            11
            ──────────────┬─────────────
      w      …00000000003 │…00000000004

      cycle  12
            ──────────────
      w      …00000000005
      "
    `);
  });

  it('WaveJSON', () => {
    expect(waveJson(trace)).toEqual({
      signal: [
        { name: 'go', wave: '01.0x' },
        [
          'fifo.out',
          { name: 'valid', wave: '1....' },
          { name: 'data', wave: '=.===', data: ['00a', '00b', 'xxx', '005'] },
        ],
      ],
      head: { tick: 8 },
    });
  });

  it('SVG: escaped, with every value', () => {
    const svg = waveSvg({
      ...trace,
      rows: [...trace.rows, { signal: { path: 'top.a<b&"c', width: 1 }, values: [0n] }],
    });
    expect(svg).toContain('a&lt;b&amp;&quot;c');
    for (const text of ['00a', '00b', '005', 'fifo.out', 'valid']) expect(svg).toContain(`>${text}</text>`);
    expect(svg.match(/<path class="x"/g)).toHaveLength(1);
  });
});

describe('VCD files', () => {
  const read = (text: string, window: Parameters<typeof readVcd>[1] = {}) => {
    const path = join(folder, 'some.vcd');
    writeFileSync(path, text);
    return readVcd(path, window);
  };
  /** As Icarus writes it: several declarations a line, a clock that rises at 5, 15, ..., inputs that change in between. */
  const foreign = `$date today $end $timescale 1s $end
    $scope module tb $end $var reg 1 ! clk $end $var wire 4 " n [3:0] $end $var real 64 r ratio $end
    $scope module dut $end $var wire 4 " alias [3:0] $end $var reg 1 # go $end $upscope $end $upscope $end
    $enddefinitions $end
    $comment b1111 " $end
    #0 $dumpvars 0! bx " 0# r0.5 r $end
    #5 1! b0 " #10 0! 1#
    #15 1! b1 "  #20 0! 0# #25 1! bz1 " #30 0! #35 1!`;

  it('of another tool: a column is what had settled before the next edge', () => {
    expect(read(foreign)).toEqual({
      start: 0,
      cycles: 4,
      rows: [
        { signal: { path: 'tb.n', width: 4 }, values: [0n, 1n, 'zzz1', 'zzz1'] },
        { signal: { path: 'tb.dut.alias', width: 4 }, values: [0n, 1n, 'zzz1', 'zzz1'] },
        { signal: { path: 'tb.dut.go', width: 1 }, values: [1n, 0n, 0n, 0n] },
      ],
    });
  });
  it('a window of chosen signals', () => {
    expect(read(foreign, { signals: ['dut.*o', 'tb.n'], from: 1, to: 2 })).toMatchObject({
      start: 1,
      cycles: 2,
      rows: [{ signal: { path: 'tb.dut.go' } }, { signal: { path: 'tb.n' }, values: [1n, 'zzz1'] }],
    });
    expect(() => read(foreign, { from: 9 })).toThrow(/cycles from \d+ to \d+\s+found: +cycles from 9/);
  });
  it('refused by name', () => {
    expect(() => read('hello world')).toThrow(/not a value change dump/);
    expect(() => read('$var wire 1 ! x $end')).toThrow(/not a value change dump/);
    expect(() => read(foreign, { signals: ['nothing'] })).toThrow(/no signal matches nothing/);
    expect(() => read(foreign, { clock: 'clock9' })).toThrow(/no signal matches clock9/);
    expect(() => read('$var wire 1 ! x $end $enddefinitions $end')).toThrow(/no clock was found/);
    const many = Array.from({ length: 201 }, (_, i) => `$var wire 1 s${i} s${i} $end`).join(' ');
    expect(() => read(`$var wire 1 ! clk $end ${many} $enddefinitions $end`)).toThrow(/201 signals are more/);
  });

  it('of our own keep numbers and states; the same trace comes from the simulation', () => {
    const design = defineModule(
      {
        name: 'demo',
        doc: '',
        ports: { go: input(bit, ''), x: input(sfixed(2, 2), ''), n: output(uint(3), ''), y: output(sint(5), '') },
      },
      (m, io) => {
        const state = m.states('state', ['idle', 'run']);
        m.when(io.go, () => state.next('run'));
        const n = m.register('n_q', uint(3), { reset: 0, enable: state.is('run') });
        n.next(increment(n));
        io.n.drive(n);
        io.y.drive(io.x.raw.ext(5));
      },
    );
    const simulator = createSimulator(design.module, { visibility: 'named' });
    const probes = probesOf(simulator, ['go', 'x', 'state', 'n', 'y']);
    const recorder = recordTrace(probes);
    const path = join(folder, 'own.vcd');
    const vcd = openVcd(path, probes as never);
    for (let cycle = 0; cycle < 6; cycle++) {
      simulator.poke('go', cycle === 2 ? 1 : 0);
      simulator.poke('x', cycle - 4);
      simulator.eval();
      recorder.sample();
      vcd.sample(cycle);
      simulator.tick();
    }
    vcd.close();
    const shown = waveText(recorder.trace());
    expect(waveText(readVcd(path, { signals: ['go', 'x', 'state', 'n', 'y'] }))).toBe(shown);
    expect(`\n${shown}\n`).toMatchInlineSnapshot(`
      "
      cycle  0      1      2      3      4      5
                          ┌──────┐
      go    ──────────────┘      └────────────────────
            ───────┬──────┬──────┬──────┬──────┬──────
      x      -1    │-0.75 │-0.5  │-0.25 │0     │0.25
            ─────────────────────┬────────────────────
      state  idle                │run
            ────────────────────────────┬──────┬──────
      n      0                          │1     │2
            ───────┬──────┬──────┬──────┬──────┬──────
      y      -4    │-3    │-2    │-1    │0     │1
      "
    `);
  });
});
