/** Modules with a second body, for the Verilog alone. */
import type { Interface } from './interface.ts';
import type { Port } from './ir.ts';
import type { Design } from './module.ts';

/**
 * `design`, printed as `implementation` where that is another way to compute the same: a compressor of vendor primitives for a
 * sum. It is for its maker to prove the two equal, in every cycle. Throws where their ports differ.
 */
export function implementedBy<I extends Interface, D extends string>(
  design: Design<I, D>,
  implementation: Design<I, D>,
): Design<I, D> {
  const shown = ({ name, direction, width, signed }: Port): string =>
    `${direction} ${name}: ${signed ? 'sint' : 'uint'}(${width})`;
  const [expected, found] = [design, implementation].map((d) => d.module.ports.map(shown).join(', '));
  if (expected !== found)
    throw new Error(`the implementation of ${design.module.name} has the ports ${found} instead of ${expected}`);
  return { ...design, module: { ...design.module, implementation: implementation.module } };
}
