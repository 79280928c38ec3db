/** Whether a cell of the flat design has its name in the printed Verilog too, where other tools look for it. */
import { controlPorts, type Module } from '../ir.ts';
import { identifier } from '../verilog/names.ts';

/** Names that the printer keeps as they are: identifiers that nothing else in the module wants. */
function keptNames(module: Module): ReadonlySet<string> {
  const wishes = [
    ...controlPorts(module.clocks),
    ...module.ports.filter((p) => p.direction === 'input').map((p) => p.name),
    ...[...module.names.values()],
    ...module.memories.map((m) => m.name),
    ...module.instances.map((i) => i.name),
  ];
  const seen = new Set<string>();
  const twice = new Set<string>();
  for (const wish of wishes) (seen.has(wish) ? twice : seen).add(wish);
  return new Set([...seen].filter((name) => !twice.has(name) && identifier(name) === name));
}

/** Tells of a path from `top` on, with dots, whether the printed Verilog has it. */
export function cellNames(top: Module): (path: string) => boolean {
  const kept = new Map<Module, ReadonlySet<string>>();
  return (path) => {
    const steps = path.split('.');
    const name = steps.pop()!;
    let module: Module | undefined = top;
    for (const step of steps) module = module?.instances.find((i) => i.name === step)?.module;
    if (module === undefined || module.blackBox !== undefined) return false;
    const names = kept.get(module) ?? keptNames(module);
    kept.set(module, names);
    return names.has(name);
  };
}
