/** Inside out: a design with every named register as an output port, so that engines that know only ports compare them too. */
import type { Instance, Module, Node, Port, Result } from '../gen/ir.ts';

/** What exposed registers' ports begin with: no stream does, whose payload ports begin with its name. */
const mark = 'reg_';

/** A register is `reg_<register>`, of an instance `reg_<instance>_<register>`; a name that is taken gets a number. */
export function exposeRegisters(top: Module): Module {
  const known = new Map<Module, Module>();
  const work = [top];
  while (work.length > 0) {
    const module = work.at(-1)!;
    const missing = module.instances.map((i) => i.module).filter((m) => !known.has(m));
    if (missing.length > 0) work.push(...missing);
    else {
      work.pop();
      if (!known.has(module)) known.set(module, exposed(module, known));
    }
  }
  return known.get(top)!;
}

function exposed(module: Module, known: ReadonlyMap<Module, Module>): Module {
  if (module.blackBox !== undefined) return module;
  const nodes: Node[] = [...module.nodes];
  const ports: Port[] = [...module.ports];
  const outputs = new Map(module.outputs);
  const drivers = new Map(module.drivers);
  const names = new Map(module.names);
  const taken = new Set([...ports.map((p) => p.name), ...module.clocks.flatMap((c) => [c.clock, c.reset])]);
  const free = (wanted: string): string => {
    let name = wanted;
    for (let n = 1; taken.has(name); n++) name = `${wanted}_${n}`;
    taken.add(name);
    return name;
  };
  const give = (wanted: string, value: Node) => {
    const { width, signed, location } = value;
    const name = free(wanted);
    const net: Node = { tag: 'wire', id: nodes.length, width, signed, location };
    nodes.push(net);
    names.set(net, name);
    drivers.set(net, value);
    outputs.set(name, net);
    ports.push({ name, width, signed, direction: 'output', doc: '', location });
  };
  for (const { node } of module.registers) {
    const name = module.names.get(node);
    if (name !== undefined) give(`${mark}${name}`, node);
  }
  const instances = module.instances.map((instance): Instance => {
    const inner = known.get(instance.module)!;
    const results = new Map(instance.results);
    for (const { name, width, signed, direction } of inner.ports) {
      if (direction !== 'output' || instance.module.outputs.has(name)) continue;
      const result: Result = { tag: 'result', id: nodes.length, width, signed, location: instance.location };
      nodes.push(result);
      results.set(name, result);
      give(`${mark}${instance.name}_${name.slice(mark.length)}`, result);
    }
    return { ...instance, module: inner, results };
  });
  return { ...module, nodes, ports, outputs, drivers, names, instances };
}
