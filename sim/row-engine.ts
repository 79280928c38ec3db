/** Engines on models that take and give packed rows of all ports. */
import type { VerilatedModel } from 'verilator-wasm';
import {
  type Engine,
  type EnginePort,
  type PortHandle,
  type RowField,
  readField,
  rowLayout,
  SimProblem,
  unknownPort,
  unsaved,
  writeField,
} from './engine.ts';

/** What runs a design on packed rows of its ports. */
export interface RowModel
  extends Pick<VerilatedModel, 'inputs' | 'outputs' | 'eval' | 'tick' | 'step' | 'replay' | 'close'> {}

/** An engine of it: ports by name. */
export function rowEngine(name: string, ports: readonly EnginePort[], model: RowModel): Engine {
  const inputs = rowLayout(ports, 'input');
  const outputs = rowLayout(ports, 'output');
  let stale = true;
  const handles = new Map<string, PortHandle>();
  const define = (field: RowField, row: Uint32Array, set: PortHandle['set']) => {
    const { port, at } = field;
    const get = () => readField(row, 0, field);
    const small = !port.signed && port.width <= 53;
    const getNumber = small ? () => row[at + 1]! * 0x1_0000_0000 + row[at]! : () => Number(get());
    handles.set(port.name, { port, get, getNumber, set });
  };
  for (const field of inputs.fields) {
    const { port, at } = field;
    define(field, model.inputs, (value) => {
      if (typeof value === 'number' && port.width <= 32) {
        model.inputs[at] = (value << (32 - port.width)) >>> (32 - port.width);
      } else {
        writeField(model.inputs, 0, field, BigInt(value));
      }
      stale = true;
    });
  }
  for (const field of outputs.fields) {
    define(field, model.outputs, () => {
      const expected = inputs.fields.map((f) => f.port.name).join(', ');
      throw new SimProblem({
        id: 'not-an-input',
        what: `${field.port.name} is an output and cannot be set`,
        where: name,
        expected: `one of ${expected}`,
        found: field.port.name,
        remedy: 'poke inputs only',
      });
    });
  }
  const handle = (port: string): PortHandle => {
    const found = handles.get(port);
    if (found === undefined) throw unknownPort(name, port, ports);
    return found;
  };
  const evaluate = () => {
    if (stale) model.eval();
    stale = false;
  };
  const tick = (clocks = 1) => {
    model.tick(clocks);
    stale = false; // its tick refreshes the outputs
  };
  return {
    name,
    ports,
    handle,
    poke: (port, value) => handle(port).set(value),
    peek: (port) => handle(port).get(),
    eval: evaluate,
    tick,
    sample: (inputRows, outputRows, row) => {
      evaluate();
      inputRows.set(model.inputs, row * inputs.words);
      outputRows.set(model.outputs, row * outputs.words);
    },
    step: (cycles, clocks) => {
      model.step(cycles, clocks);
      stale = false;
    },
    replay: (rows, cycles, clocks = 1) => {
      stale = true;
      return model.replay(rows, cycles, clocks);
    },
    ...unsaved(name),
    close: () => model.close(),
  };
}
