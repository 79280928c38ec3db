/** Whether a module looks at values that are unknown, as far as our simulator can tell. */
import type { Module } from '../../gen/ir.ts';
import { createSimulator } from '../simulator.ts';
import type { FuzzEngine } from './engines.ts';

/** The module with other unknown values: ones instead of zeros at power-up, the new word where a read is undefined. */
function otherwise(module: Module): Module {
  const parts = new Map(module.instances.map((i) => [i.module, otherwise(i.module)]));
  return {
    ...module,
    registers: module.registers.map((r) =>
      r.init === undefined ? { ...r, init: r.node.signed ? -1n : (1n << BigInt(r.node.width)) - 1n } : r,
    ),
    memories: module.memories.map((m) => ({
      ...m,
      init: m.init ?? Array.from({ length: m.depth }, () => (1n << BigInt(m.width)) - 1n),
      reads: m.reads.map((r) => (r.underWrite === 'undefined' ? { ...r, underWrite: 'new' as const } : r)),
    })),
    instances: module.instances.map((i) => ({ ...i, module: parts.get(i.module)! })),
  };
}

/** Differs from the simulator where unknown values show. */
export const otherUnknowns: FuzzEngine = {
  name: 'sim, other unknown values',
  takes: () => true,
  create: async (top) => createSimulator(otherwise(top)),
};
