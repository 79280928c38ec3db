/** popscan's hardware description language. */
export { atMost, increment, lessBy, pack, repeat, roundShift, saturate, sum, unpack } from './arithmetic.ts';
export { type BlackBoxSpec, blackBox } from './black-box.ts';
export type { Otherwise } from './branches.ts';
export { bundle } from './bundle.ts';
export { DesignError, type Diagnostic } from './diagnostic.ts';
export { type DiagnosticId, diagnosticIds } from './diagnostic-ids.ts';
export {
  type ClockDomain,
  clockDomain,
  type DomainOptions,
  inDomain,
  type PortDomain,
  type ResetStyle,
} from './domain.ts';
export { EnumSignal } from './enumeration.ts';
export { firrtlOmissions, firrtlRefusals, printFirrtl } from './firrtl/index.ts';
export { FixedSignal } from './fixed.ts';
export { implementedBy } from './implementation.ts';
export type { InstanceOptions } from './instances.ts';
export * from './interface.ts';
export type * from './ir.ts';
export { addressWidth, bitsFor } from './ir.ts';
export { type Design, defineModule, type ModuleBuilder } from './module.ts';
export type { MemoryHandle, MemoryOptions, ReadOptions, RegisterOptions, WriteOptions } from './options.ts';
export { equal, fromBits, toBits } from './packing.ts';
export { type Replacement, type Rewrite, rewriteHierarchy, rewriteModule } from './passes/rewrite.ts';
export type { Pipeline, PipelineOptions } from './pipeline.ts';
export { type Overflow, type Quantization, quantize, type Rounding } from './quantize.ts';
export {
  type Bits,
  bit,
  codeOf,
  type Encoding,
  type Enumeration,
  enumeration,
  type Fixed,
  type LeafShape,
  leafShapes,
  type RecordShape,
  type Shape,
  type Sign,
  sfixed,
  showShape,
  sint,
  ufixed,
  uint,
  type Vector,
  vector,
  widthOf,
} from './shape.ts';
export { cat, type SInt, Signal, type UInt } from './signal.ts';
export type { Constant, Drivable, Readable, RegisterHandle, Value } from './value.ts';
export {
  behaviouralDefine,
  printDesigns,
  printVerilog,
  type VerilogFile,
  type VerilogOptions,
  type VerilogOutput,
} from './verilog/index.ts';
export { type Origin, originOf, sourceMap } from './verilog/source-map.ts';
