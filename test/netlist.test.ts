/** The netlist that Yosys makes of a design, in lock step with our simulator; a fault in one of its tables is caught. */
import { expect, it } from 'vitest';
import { bit, defineModule, printVerilog, sink, sint, source } from '../gen/index.ts';
import { fifo, through } from '../gen/stream/index.ts';
import {
  createNetlist,
  createSimulator,
  driveStream,
  type LockStepResult,
  lockStep,
  monitorStream,
  type NetlistEngine,
  reset,
  runUntil,
} from '../sim/index.ts';
import { faultyNetlist } from '../verify/faults.ts';

/** Of the pipeline: enough for shift registers. */
const stages = 4;
const pair = { a: sint(3), b: sint(3) };
const accumulate = defineModule(
  {
    name: 'accumulate',
    doc: 'Products added up, behind a queue; the sums leave through a pipeline that stands while none is taken.',
    ports: { in: sink(pair, 'factors'), out: source(sint(8), 'sum so far') },
  },
  (m, io) => {
    const queue = through(m, 'queue', fifo(pair, { depth: 16, style: 'distributed' }), io.in);
    const move = io.out.ready.or(io.out.valid.not()).named('move');
    queue.ready.drive(move);
    const total = m.register('total', sint(8), { reset: 0, enable: queue.valid.and(move) });
    const sum = total.add(queue.payload.a.mul(queue.payload.b)).trunc(8).named('sum');
    total.next(sum);
    const pipe = m.pipeline('out', { enable: move });
    io.out.payload.drive(pipe.at(pipe.enter(sum), stages));
    let valid = queue.valid;
    for (let stage = 1; stage <= stages; stage++) {
      const register = m.register(`valid_at_${stage}`, bit, { reset: 0, enable: move });
      register.next(valid);
      valid = register;
    }
    io.out.valid.drive(valid);
  },
);

function compare(netlist: NetlistEngine): LockStepResult {
  const beats = Array.from({ length: 300 }, (_, i) => ({ a: ((i * 3) % 8) - 4, b: ((i * 5) % 7) - 3 }));
  const result = lockStep({ leader: createSimulator(accumulate.module), followers: [netlist] }, (engine) => {
    reset(engine);
    const driver = driveStream(engine, 'in', beats, { stall: 0.2, seed: 4 });
    runUntil(engine, [driver, monitorStream(engine, 'out', { stall: 0.3, count: 300 })], { limit: 2000 });
  });
  netlist.close();
  return result;
}

const build = (change?: (netlist: string) => string): Promise<NetlistEngine> => {
  const { files, top } = printVerilog(accumulate);
  const texts = Object.fromEntries(files.map((f) => [f.name, f.text]));
  return createNetlist({ files: texts, top, module: accumulate.module, effort: 'build', ...(change && { change }) });
};

it('equals the design in every cycle, and consists of cells', async () => {
  const netlist = await build();
  expect(netlist.cells.get('RAM32M16')).toBe(1);
  expect(netlist.cells.get('SRL16E')).toBe(8);
  expect(
    [...netlist.cells.keys()].filter((cell) => !/^(LUT[1-6]|INV|FD[RS]E|CARRY4|MUXF\d|RAM32M16|SRL16E)$/.test(cell)),
  ).toEqual([]);
  const { mismatch, compared } = compare(netlist);
  expect(mismatch).toBe(undefined);
  expect(compared).toBeGreaterThan(900);
}, 120_000);

it('with one look-up table inverted differs', async () => {
  const netlist = await build((text) => faultyNetlist(text, 'netlist-table'));
  expect(compare(netlist).mismatch).not.toBe(undefined);
}, 120_000);
