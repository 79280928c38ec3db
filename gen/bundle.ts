/** Several designs side by side in one module, every port prefixed by the instance's name: one build for all. */
import { type Interface, membersOf } from './interface.ts';
import { type Design, defineModule } from './module.ts';

interface Target {
  drive(value: unknown): void;
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
      for (const { path, direction } of membersOf(design.ports)) {
        const outside = at(io, [`${unit}_${path[0]}`, ...path.slice(1)]);
        const inside = at(inner, path);
        if (direction === 'input') inside.drive(outside);
        else outside.drive(inside);
      }
    }
  });
}
