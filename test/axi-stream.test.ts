/** AXI4-Stream: the names, the bytes, the rules; in our simulator and, in lock step, in Verilator on the printed Verilog. */
import { expect, it } from 'vitest';
import { bit, type Design, defineModule, printVerilog, sint, uint } from '../gen/index.ts';
import {
  axiSink,
  axiSource,
  connect,
  fifo,
  fromAxiStream,
  narrow,
  through,
  toAxiStream,
  watch,
  widen,
  wordsFromAxiStream,
  wordsToAxiStream,
} from '../gen/stream/index.ts';
import {
  type Beat,
  createSimulator,
  createVerilator,
  driveStream,
  lockStep,
  monitorStream,
  reset,
  runUntil,
} from '../sim/index.ts';
import { joinBytes, samples, samplesOnAxi, wordBeats, wordsOnAxi } from './stream/axi-beats.ts';
import { run } from './stream/bench.ts';
import { elements } from './stream/elements.ts';

const sample = { left: sint(12), right: sint(12), last: bit };
const frames = { unit: 8, ratio: 4 };

/** A unit with AXI4-Stream ports: typed streams inside, two ways through. */
const unit = defineModule(
  {
    name: 'axi_unit',
    doc: 'Two queues with AXI4-Stream ports.',
    ports: {
      s_axis: axiSink(toAxiStream(sample, { last: 'last' }).ports.m_axis.shape, 'stereo samples'),
      m_axis: axiSource({ tdata: uint(24), tlast: bit }, 'the same'),
      s_axis_bytes: axiSink({ tdata: uint(32), tkeep: uint(4), tlast: bit }, 'packets of bytes'),
      m_axis_bytes: axiSource({ tdata: uint(32), tkeep: uint(4), tlast: bit }, 'the same'),
    },
  },
  (m, io) => {
    const from = m.instance('from', fromAxiStream(sample, { last: 'last' }));
    const to = m.instance('to', toAxiStream(sample, { last: 'last' }));
    connect(from.s_axis, io.s_axis);
    connect(to.in, through(m, 'queue', fifo(sample, { depth: 4 }), from.out));
    connect(io.m_axis, to.m_axis);

    const words = m.instance('words', wordsFromAxiStream(frames));
    const packets = m.instance('packets', wordsToAxiStream(frames));
    connect(words.s_axis, io.s_axis_bytes);
    connect(packets.in, through(m, 'widen', widen(frames), through(m, 'narrow', narrow(frames), words.out)));
    connect(io.m_axis_bytes, packets.m_axis);
    watch(m, 'rules', packets.m_axis);
  },
);

const portsOf = (design: Design, file: string): string[] =>
  printVerilog(design)
    .files.find((f) => f.name === file)!
    .text.match(/^ {2}(in|out)put wire .*?\w+,?(?= *(\/\/|$))/gm)!
    .map((line) => line.replace(/,$/, '').trim());

it('the ports have the standard names', () => {
  expect(portsOf(unit, 'axi_unit.v').filter((p) => !/clk|rst|bytes/.test(p))).toEqual([
    'input wire s_axis_tvalid',
    'output wire s_axis_tready',
    'input wire [23:0] s_axis_tdata',
    'input wire s_axis_tlast',
    'output wire m_axis_tvalid',
    'input wire m_axis_tready',
    'output wire [23:0] m_axis_tdata',
    'output wire m_axis_tlast',
  ]);
  const all = { data: uint(9), tag: uint(3), port: uint(2), error: bit, end: bit, kept: uint(2), data_bytes: uint(2) };
  const every = toAxiStream(all, {
    strb: 'data_bytes',
    keep: 'kept',
    last: 'end',
    id: 'tag',
    dest: 'port',
    user: 'error',
  });
  const master = portsOf(every as Design, `${every.module.name}.v`).filter((p) => p.includes('m_axis'));
  expect(master.map((p) => p.replace(/^\w+ wire /, '')).join(', ')).toBe(
    'm_axis_tvalid, m_axis_tready, [15:0] m_axis_tdata, [1:0] m_axis_tstrb, [1:0] m_axis_tkeep, m_axis_tlast, ' +
      '[2:0] m_axis_tid, [1:0] m_axis_tdest, m_axis_tuser',
  );
});

it.each([0, 0.5])('every element gives what was packed byte by byte, stalls %s', (stall) => {
  expect(run(elements.toAxiStream(), { in: samples }, { m_axis: 100 }, { stall }).beats['m_axis']).toEqual(
    samplesOnAxi,
  );
  expect(run(elements.fromAxiStream(), { s_axis: samplesOnAxi }, { out: 100 }, { stall }).beats['out']).toEqual(
    samples,
  );
  expect(run(elements.wordsToAxiStream(), { in: wordBeats }, { m_axis: 100 }, { stall }).beats['m_axis']).toEqual(
    wordsOnAxi,
  );
  expect(run(elements.wordsFromAxiStream(), { s_axis: wordsOnAxi }, { out: 100 }, { stall }).beats['out']).toEqual(
    wordBeats,
  );
});

/** Packets of 1 to 9 bytes, four in a beat. */
const packets: Beat[] = Array.from({ length: 60 }, (_, p) =>
  Array.from({ length: 1 + (p % 9) }, (_b, i) => (p * 7 + i) % 256),
).flatMap((bytes) => {
  const beats = Math.ceil(bytes.length / 4);
  return Array.from({ length: beats }, (_, i) => {
    const part = bytes.slice(4 * i, 4 * i + 4);
    return { tdata: joinBytes(part), tkeep: BigInt(2 ** part.length - 1), tlast: BigInt(i === beats - 1) };
  });
});
const stereo: Beat[] = Array.from({ length: 100 }, (_, i) => ({
  tdata: BigInt((i * 0x10f3 + 5) % 2 ** 24),
  tlast: BigInt(i % 5 === 4),
}));

it('a unit between AXI4-Stream ports: our simulator and Verilator agree in every cycle, all bytes arrive', async () => {
  const { files, top } = printVerilog(unit);
  const sim = createSimulator(unit.module, { properties: 'throw' });
  const verilator = await createVerilator({
    files: Object.fromEntries(files.map((f) => [f.name, f.text])),
    top,
    module: unit.module,
  });
  const result = lockStep({ leader: sim, followers: [verilator] }, (engine) => {
    reset(engine);
    const monitors = [
      monitorStream(engine, 'm_axis', { stall: 0.4, seed: 1, count: stereo.length }),
      monitorStream(engine, 'm_axis_bytes', { stall: 0.2, seed: 2, count: packets.length }),
    ];
    const drivers = [
      driveStream(engine, 's_axis', stereo, { stall: 0.3, seed: 3 }),
      driveStream(engine, 's_axis_bytes', packets, { stall: 0.1, seed: 4 }),
    ];
    runUntil(engine, [...drivers, ...monitors], { limit: 5000 });
    expect(monitors.map((mon) => mon.beats)).toEqual([stereo, packets]);
  });
  expect(result.mismatch).toBe(undefined);
  verilator.close();
});

it('TKEEP with a hole breaks a property that names it', () => {
  const engine = createSimulator(wordsFromAxiStream(frames).module);
  reset(engine);
  const put = (tkeep: number, tlast: number): string[] => {
    for (const [port, value] of Object.entries({ tvalid: 1, tdata: 0, tkeep, tlast }))
      engine.poke(`s_axis_${port}`, value);
    const before = engine.violations().length;
    engine.eval();
    engine.tick();
    return engine
      .violations()
      .slice(before)
      .map((v) => v.name);
  };
  for (const [keep, last] of [
    [0b1111, 0],
    [0b1111, 1],
    [0b0111, 1],
    [0b0001, 1],
  ] as const)
    expect(put(keep, last)).toEqual([]);
  for (const [keep, last] of [
    [0b0111, 0],
    [0b1101, 1],
    [0b1110, 1],
    [0b0000, 1],
    [0b0000, 0],
  ] as const)
    expect(put(keep, last)).toEqual(['keep_is_packed']);
});
