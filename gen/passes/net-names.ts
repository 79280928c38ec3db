/** Hierarchical names of the nets of a flat design. */
import type { Display, Node } from '../ir.ts';
import type { Place, Scope } from './scopes.ts';

/** Named nets of one scope in a fixed order: ports, then the names asked for. */
export function* namedPlaces(scope: Scope): Generator<readonly [string, Place]> {
  for (const node of scope.tables.inputs) yield [node.port, { scope, node }];
  for (const [port, node] of scope.module.outputs) yield [port, { scope, node }];
  for (const [node, name] of scope.module.names) yield [name, { scope, node }];
}

/** Hierarchical names of the surviving nodes; a second net of the same name gets a number. */
export function nameNodes(scopes: readonly Scope[], live: number) {
  const names = new Map<string, Node>();
  const registers = new Map<Node, string>();
  const displays = new Map<string, Display>();
  for (const scope of scopes) {
    for (const [name, place] of namedPlaces(scope)) {
      const flat = scope.flat[place.node.id];
      if (flat === undefined || flat.id >= live) continue;
      let full = scope.prefix + name;
      for (let n = 1; names.has(full) && names.get(full) !== flat; n++) full = `${scope.prefix}${name}_${n}`;
      names.set(full, flat);
      const display = scope.module.displays.get(place.node);
      if (display !== undefined) displays.set(full, display);
      if (place.node.tag === 'reg') registers.set(flat, full);
    }
  }
  return { names, registers, displays };
}
