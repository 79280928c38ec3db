/** Several designs side by side in one module, every port prefixed by the instance's name: one build for all. */
import { type Interface, leavesOf } from './interface.ts';
import { type Design, defineModule } from './module.ts';
import type { Operand, Sign, Signal } from './signal.ts';

interface Target extends Signal {
  drive(value: Operand<Sign>): void;
}

const at = (root: unknown, path: readonly string[]): Target =>
  path.reduce((node, step) => (node as Record<string, unknown>)[step], root) as Target;

export function bundle(name: string, units: Readonly<Record<string, Design>>): Design {
  const ports: Interface = Object.fromEntries(
    Object.entries(units).flatMap(([unit, d]) =>
      Object.entries(d.ports).map(([port, spec]) => [`${unit}_${port}`, spec]),
    ),
  );
  const doc = `Side by side: ${Object.entries(units)
    .map(([unit, d]) => `${unit} (${d.module.name})`)
    .join(', ')}.`;
  return defineModule({ name, doc, ports }, (m, io) => {
    for (const [unit, design] of Object.entries(units)) {
      const inner = m.instance(unit, design);
      for (const { path, port } of leavesOf(design.ports)) {
        const outside = at(io, [`${unit}_${path[0]}`, ...path.slice(1)]);
        const inside = at(inner, path);
        if (port.direction === 'input') inside.drive(outside);
        else outside.drive(inside);
      }
    }
  });
}
