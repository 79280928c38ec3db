/** What FIRRTL cannot say: told by name, before anything is printed. */

import type { Diagnostic } from '../diagnostic.ts';
import type { Memory, Module, Register } from '../ir.ts';
import { hierarchy, isBlackBox } from '../passes/hierarchy.ts';

const printed = (top: Module): Module[] => hierarchy(top, isBlackBox).filter((m) => !isBlackBox(m));

/** What of `top` and the modules below it FIRRTL cannot say; empty when `printFirrtl` will print it. */
export function firrtlRefusals(top: Module): Diagnostic[] {
  return printed(top).flatMap((m) => [
    ...m.registers.filter((r) => r.init !== undefined).map((r) => initialRegister(m, r)),
    ...m.memories.filter((memory) => memory.init !== undefined).map((memory) => initialMemory(m, memory)),
  ]);
}

/** What is printed without: requests that change no behaviour. */
export function firrtlOmissions(top: Module): Diagnostic[] {
  return printed(top).flatMap((m) => [
    ...m.memories.filter((x) => x.style !== 'auto').map((x) => styled(m, x)),
    ...m.registers.filter((r) => r.crossing !== undefined).map((r) => crossing(m, r)),
  ]);
}

const initialRegister = (module: Module, r: Register): Diagnostic => ({
  id: 'firrtl-register-init',
  what: `register ${module.names.get(r.node) ?? '(unnamed)'} of module ${module.name} has a value at power-up`,
  location: r.node.location,
  expected: 'no init: FIRRTL knows reset values only',
  found: `init ${r.init}`,
  remedy: 'give the register a reset value and no init, or use the Verilog output',
});

const initialMemory = (module: Module, m: Memory): Diagnostic => ({
  id: 'firrtl-memory-init',
  what: `memory ${m.name} of module ${module.name} has contents at power-up`,
  location: m.location,
  expected: 'no init: the contents of a FIRRTL memory are unknown until they are written',
  found: `init of ${m.init!.length} words`,
  remedy: 'write the contents after reset, or use the Verilog output',
});

const styled = (module: Module, m: Memory): Diagnostic => ({
  id: 'firrtl-memory-style',
  what: `memory ${m.name} of module ${module.name} asks for a kind of memory`,
  location: m.location,
  expected: 'style auto: FIRRTL has no word for it, and firtool takes attributes of registers and wires only',
  found: `style ${m.style}`,
  remedy: 'tell the synthesis tool by a constraint, or use the Verilog output',
});

const crossing = (module: Module, r: Register): Diagnostic => ({
  id: 'firrtl-crossing',
  what: `register ${module.names.get(r.node) ?? '(unnamed)'} of module ${module.name} takes a value of another clock domain`,
  location: r.node.location,
  expected: 'no crossing: FIRRTL has no word for ASYNC_REG, and firtool moves and copies registers as it likes',
  found: `a crossing of kind ${r.crossing}`,
  remedy: 'use the Verilog output for designs of several clocks, or set ASYNC_REG by a constraint',
});
