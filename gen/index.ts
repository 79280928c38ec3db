/** popscan's hardware description language. */
export { atMost, increment, lessBy, pack, repeat, roundShift, saturate, sum, unpack } from './arithmetic.ts';
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
export { firrtlOmissions, firrtlRefusals, printFirrtl } from './firrtl/index.ts';
export type {
  MemoryHandle,
  MemoryOptions,
  ReadOptions,
  RegisterOptions,
  RegisterSignal,
  WriteOptions,
} from './handles.ts';
export * from './interface.ts';
export type * from './ir.ts';
export { addressWidth, bitsFor } from './ir.ts';
export { type Design, defineModule, type InstanceOptions, type ModuleBuilder, type Otherwise } from './module.ts';
export { type Replacement, type Rewrite, rewriteModule } from './passes/rewrite.ts';
export { type Bits, bit, cat, type SInt, type Sign, Signal, sint, type UInt, uint } from './signal.ts';
export { behaviouralDefine, printVerilog, type VerilogFile, type VerilogOutput } from './verilog/index.ts';
export { type Origin, originOf, sourceMap } from './verilog/source-map.ts';
