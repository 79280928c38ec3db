/** Emitted Verilog in Verilator, behind the same interface as the simulator. */
import { type BuildRequest, buildModel, type VerilatedModel } from 'verilator-wasm';
import type { Module } from '../gen/ir.ts';
import { clockNames, type Engine, type EnginePort, enginePorts } from './engine.ts';
import { rowEngine } from './row-engine.ts';

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
export const adaptModel = (name: string, ports: readonly EnginePort[], model: VerilatedModel): VerilatorEngine => ({
  ...rowEngine(name, ports, model),
  version: model.version,
  how: model.how,
});
