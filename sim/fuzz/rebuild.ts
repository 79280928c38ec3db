/** A module made anew with an edit: what nothing needs any more is gone, and operands fit again. */
import {
  type BitType,
  bitsFor,
  type Instance,
  type Memory,
  type Module,
  type Node,
  operandsOf,
  type Read,
  type Reg,
  type Result,
} from '../../gen/ir.ts';
import { type Sketch, sketch, u, usedClocks } from '../testing/ir.ts';

export interface Edit {
  /** Outputs that stay; default all. */
  readonly outputs?: readonly string[];
  /** What the users of a value see instead: zero, a new input, or another value, which comes before it. */
  readonly replace?: { readonly node: Node; readonly by: Node | 'zero' | 'input' };
  /** Widths of inputs, constants, registers, resizes, slices and shifts; other widths follow. */
  readonly width?: (width: number, node: Node) => number;
  /** A register that loses its enable. */
  readonly always?: Reg;
  /** Other modules with the same ports, or some of them. */
  readonly parts?: ReadonlyMap<Instance, Module>;
}

export function rebuild(module: Module, edit: Edit): Module {
  const sk = sketch(module.name);
  const made = new Map<Node, Node>();
  const live = liveNodes(module, edit);
  const fitted = (node: Node, type: BitType): Node => {
    const value = made.get(node)!;
    if (value.width === type.width && value.signed === type.signed) return value;
    return sk.node({ tag: 'resize', width: type.width, signed: type.signed, a: value });
  };
  const width = edit.width ?? ((w: number) => w);
  for (const node of module.nodes) {
    if (!live.has(node)) continue;
    const by = edit.replace?.node === node ? edit.replace.by : node;
    const { width: w, signed } = node;
    if (by === 'zero') made.set(node, sk.node({ tag: 'const', width: w, signed, value: 0n }));
    else if (by === 'input') made.set(node, sk.input(freeName(module), { width: w, signed }));
    else made.set(node, by === node ? copy(sk, node, made, fitted, width) : made.get(by)!);
    const name = module.names.get(node);
    if (name !== undefined && by === node) sk.names.set(made.get(node)!, name);
  }
  finishState(sk, module, edit, made, fitted);
  for (const [name, node] of module.outputs) {
    if (edit.outputs?.includes(name) ?? true) sk.output(name, made.get(module.drivers.get(node) ?? node)!);
  }
  return sk.finish(usedClocks(sk, module.clocks));
}

const freeName = (module: Module): string => {
  for (let i = 0; ; i++) if (module.ports.every((p) => p.name !== `cut${i}`)) return `cut${i}`;
};

type Fit = (node: Node, type: BitType) => Node;

function copy(
  sk: Sketch,
  node: Node,
  made: ReadonlyMap<Node, Node>,
  fitted: Fit,
  width: (width: number, node: Node) => number,
): Node {
  const of = (n: Node): Node => made.get(n)!;
  const own = { width: width(node.width, node), signed: node.signed };
  switch (node.tag) {
    case 'const': {
      const value = BigInt[node.signed ? 'asIntN' : 'asUintN'](own.width, node.value);
      return sk.node({ tag: 'const', ...own, value });
    }
    case 'input':
      return sk.input(node.port, own);
    case 'reg':
    case 'wire':
      return sk.node({ tag: node.tag, ...own });
    case 'read':
    case 'result':
      return sk.node({ tag: node.tag, width: node.width, signed: node.signed });
    case 'resize':
      return sk.node({ tag: 'resize', ...own, a: of(node.a) });
    case 'slice': {
      const a = of(node.a);
      const low = Math.min(node.low, a.width - 1);
      return sk.node({ tag: 'slice', ...u(Math.min(own.width, a.width - low)), a, low });
    }
    case 'not': {
      const a = of(node.a);
      return sk.node({ tag: 'not', width: a.width, signed: a.signed, a });
    }
    case 'popcount':
      return sk.node({ tag: 'popcount', ...u(bitsFor(BigInt(of(node.a).width))), a: of(node.a) });
    case 'any':
    case 'parity':
      return sk.node({ tag: node.tag, ...u(1), a: of(node.a) });
    case 'cat': {
      const parts = node.parts.map(of);
      return sk.node({ tag: 'cat', ...u(parts.reduce((sum, p) => sum + p.width, 0)), parts });
    }
    case 'mux': {
      const a = of(node.a);
      const type = { width: a.width, signed: a.signed };
      return sk.node({ tag: 'mux', ...type, select: fitted(node.select, u(1)), a, b: fitted(node.b, type) });
    }
    case 'shl':
    case 'shr': {
      const a = of(node.a);
      const same = node.tag === 'shr' || node.width === node.a.width;
      return sk.node({ tag: node.tag, width: same ? a.width : own.width, signed: a.signed, a, b: of(node.b) });
    }
    default: {
      const a = of(node.a);
      const arithmetic = node.tag === 'add' || node.tag === 'sub' || node.tag === 'mul';
      const b = fitted(node.b, arithmetic ? { width: of(node.b).width, signed: a.signed } : a);
      if (node.tag === 'mul') return sk.node({ tag: 'mul', width: a.width + b.width, signed: a.signed, a, b });
      if (arithmetic) {
        const signed = node.tag === 'sub' || a.signed;
        return sk.node({ tag: node.tag, width: Math.max(a.width, b.width) + 1, signed, a, b });
      }
      const type = node.tag === 'eq' || node.tag === 'lt' ? u(1) : { width: a.width, signed: a.signed };
      return sk.node({ tag: node.tag, ...type, a, b });
    }
  }
}

/** Nodes that the outputs that stay depend on. */
export function liveNodes(module: Module, { outputs, replace, always, parts }: Edit): Set<Node> {
  const registers = new Map<Node, readonly (Node | undefined)[]>(
    module.registers.map((r) => [r.node, [r.next, r.node === always ? undefined : r.enable]]),
  );
  const memories = new Map<Node, Memory>(module.memories.flatMap((m) => m.reads.map((r) => [r.node, m] as const)));
  const results = new Map<Node, Instance>(
    module.instances.flatMap((i) => [...i.results.values()].map((r) => [r, i] as const)),
  );
  const live = new Set<Node>();
  const work: (Node | undefined)[] = [];
  for (const [name, node] of module.outputs) {
    if (outputs?.includes(name) ?? true) work.push(module.drivers.get(node) ?? node);
  }
  while (work.length > 0) {
    const node = work.pop();
    if (node === undefined || live.has(node)) continue;
    live.add(node);
    if (replace?.node === node) {
      if (typeof replace.by !== 'string') work.push(replace.by);
      continue;
    }
    work.push(...operandsOf(node), ...(registers.get(node) ?? []), module.drivers.get(node));
    const memory = memories.get(node);
    for (const r of memory?.reads ?? []) work.push(r.node, r.address, r.enable);
    for (const w of memory?.writes ?? []) work.push(w.address, w.data, w.enable, w.mask);
    const instance = results.get(node);
    if (instance === undefined) continue;
    const ports = new Set((parts?.get(instance) ?? instance.module).ports.map((p) => p.name));
    for (const [port, wire] of instance.inputs) if (ports.has(port)) work.push(wire);
    work.push(...instance.results.values());
  }
  return live;
}

function finishState(sk: Sketch, module: Module, edit: Edit, made: ReadonlyMap<Node, Node>, fitted: Fit): void {
  const kept = (node: Node): boolean => made.has(node) && edit.replace?.node !== node;
  const one = (node: Node | undefined): Node | undefined => (node === undefined ? undefined : fitted(node, u(1)));
  const exact = (node: Node): Node => fitted(node, node);
  for (const r of module.registers) {
    if (!kept(r.node)) continue;
    const node = made.get(r.node) as Reg;
    const cut = (value: bigint | undefined) =>
      value === undefined ? undefined : BigInt[node.signed ? 'asIntN' : 'asUintN'](node.width, value);
    const enable = r.node === edit.always ? undefined : one(r.enable);
    sk.register({ ...r, node, next: fitted(r.next, node), enable, reset: cut(r.reset), init: cut(r.init) });
  }
  for (const [wire, driver] of module.drivers) {
    const node = made.get(wire);
    if (node !== undefined && kept(wire)) sk.drivers.set(node, fitted(driver, node));
  }
  for (const m of module.memories) {
    if (!m.reads.some((r) => kept(r.node))) continue;
    sk.memories.push({
      ...m,
      reads: m.reads.map((r) => ({
        ...r,
        node: (kept(r.node) ? made.get(r.node)! : sk.node({ tag: 'read', ...u(m.width) })) as Read,
        address: exact(r.address),
        enable: one(r.enable),
      })),
      writes: m.writes.map((w) => ({
        ...w,
        address: exact(w.address),
        data: exact(w.data),
        enable: fitted(w.enable, u(1)),
        mask: w.mask === undefined ? undefined : exact(w.mask),
      })),
    });
  }
  for (const i of module.instances) {
    const part = edit.parts?.get(i) ?? i.module;
    const all = [...i.results].filter(([port]) => part.outputs.has(port));
    if (!all.some(([, result]) => kept(result))) continue;
    const results = all.map(([port, result]): [string, Result] => [
      port,
      (kept(result)
        ? made.get(result)!
        : sk.node({ tag: 'result', width: result.width, signed: result.signed })) as Result,
    ]);
    const inputs = [...i.inputs].filter(([port]) => part.ports.some((p) => p.name === port));
    const wires = inputs.map(([port, wire]): [string, Node] => [port, made.get(wire)!]);
    sk.instances.push({ ...i, module: part, inputs: new Map(wires), results: new Map(results) });
  }
}
