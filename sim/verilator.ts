/** Emitted Verilog in Verilator, behind the same interface as the simulator. */
import { type BuildRequest, buildModel, type VerilatedModel } from 'verilator-wasm';
import type { Module } from '../gen/ir.ts';
import {
  clockNames,
  type Engine,
  type EnginePort,
  enginePorts,
  type PortHandle,
  type RowField,
  readField,
  rowLayout,
  SimProblem,
  unknownPort,
  writeField,
} from './engine.ts';

export interface VerilatorOptions
  extends Partial<
    Pick<BuildRequest, 'how' | 'effort' | 'keep' | 'defines' | 'tools' | 'compilerFlags' | 'onProgress'>
  > {
  /** Verilog text by file name, as gen prints it. */
  readonly files: Readonly<Record<string, string>>;
  /** Name of the top module in the text. */
  readonly top: string;
  /** The module printed: its ports and clocks. */
  readonly module: Module;
  /** The engine's name in reports; default `verilator`. */
  readonly name?: string;
}

export interface VerilatorEngine extends Engine {
  readonly version: string;
  readonly how: 'wasm' | 'native';
}

/** Verilates and compiles the files (cached by content), and starts the model with all state zero. */
export async function createVerilator(options: VerilatorOptions): Promise<VerilatorEngine> {
  const { module, how = 'auto' } = options;
  const ports = enginePorts(module);
  const model = await buildModel({
    ...options,
    ports: ports.map(({ name, width, direction }) => ({ name, width, direction })),
    clocks: clockNames(module.clocks),
    how,
  });
  return adaptModel(options.name ?? 'verilator', ports, model);
}

/** A verilated model as an engine. */
export function adaptModel(name: string, ports: readonly EnginePort[], model: VerilatedModel): VerilatorEngine {
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
    version: model.version,
    how: model.how,
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
    close: () => model.close(),
  };
}
