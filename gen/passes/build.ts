/**
 * Builds flat nodes on demand, operands first: depth-first with an explicit stack. A combinational read port is computed
 * from its address, which it therefore follows.
 */
import { type Node, type NodeOf, operandsOf, withOperands } from '../ir.ts';
import { driverOf, type Place, type Scope } from './scopes.ts';

/** A register or read port that turned up: what feeds it is built afterwards. */
export interface Found extends Place {
  readonly flat: NodeOf<'reg' | 'read'>;
}

/** What `node` is computed from in the same cycle, in its own scope. */
function operandsIn(scope: Scope, node: Node): readonly Node[] {
  const read = node.tag === 'read' ? scope.tables.reads.get(node)?.read : undefined;
  return read?.kind === 'combinational' ? [read.address] : operandsOf(node);
}

const none: readonly Node[] = [];

/** Builds flat nodes on demand, operands first, and notes the state it meets in `found`. */
export function nodeBuilder(inputs: ReadonlyMap<string, Node>, nodes: Node[], found: Found[]): (root: Place) => Node {
  const append = (node: Node, operands: readonly Node[]): Node => {
    const leaf = operands.length === 0 || node.tag === 'read';
    // A copy of our own, so that its number may be set; nothing has seen it yet.
    const flat = (leaf ? { ...node } : withOperands(node, operands)) as Node & { id: number };
    flat.id = nodes.length;
    nodes.push(flat);
    return flat;
  };
  const typed = (value: Node, { width, signed, location }: Node): Node =>
    value.width === width && value.signed === signed
      ? value
      : append({ tag: 'resize', width, signed, location, id: 0, a: value }, [value]);
  const finish = (scope: Scope, node: Node, values: readonly Node[]): Node => {
    if (node.tag === 'wire' || node.tag === 'result') return typed(values[0]!, node);
    if (node.tag !== 'input') {
      const flat = append(node, values);
      if (flat.tag === 'reg' || flat.tag === 'read') found.push({ scope, node, flat });
      return flat;
    }
    if (values.length > 0) return typed(values[0]!, node);
    const port = inputs.get(node.port);
    if (port === undefined) throw new Error(`input ${scope.prefix}${node.port} is not connected (${node.location})`);
    return port;
  };
  // The stack, one array for each thing that a frame has: millions of objects would be a second of work.
  const scopes: Scope[] = [];
  const frames: Node[] = [];
  /** Whose operands they are: all live in one scope, the node's own, or that of its driver. */
  const from: Scope[] = [];
  const operands: (readonly Node[])[] = [];
  const next: number[] = [];
  const visit = (scope: Scope, node: Node) => {
    if (scope.flat[node.id] !== undefined) return;
    if (scope.module.nodes[node.id] !== node) {
      throw new Error(`${node.tag} (${node.location}) is used in ${scope.module.name} but belongs to another module`);
    }
    if (node.tag === 'const' || node.tag === 'reg') {
      scope.flat[node.id] = finish(scope, node, none);
      return;
    }
    const driven = node.tag === 'wire' || node.tag === 'result' || node.tag === 'input';
    const driver = driven ? driverOf({ scope, node }) : undefined;
    scopes.push(scope);
    frames.push(node);
    from.push(driver?.scope ?? scope);
    operands.push(driver === undefined ? operandsIn(scope, node) : [driver.node]);
    next.push(0);
  };
  return (root) => {
    visit(root.scope, root.node);
    while (frames.length > 0) {
      const top = frames.length - 1;
      const list = operands[top]!;
      const source = from[top]!;
      if (next[top]! < list.length) {
        visit(source, list[next[top]!++]!);
      } else {
        const [scope, node] = [scopes.pop()!, frames.pop()!];
        from.pop();
        operands.pop();
        next.pop();
        const values = list.length === 0 ? none : list.map((o) => source.flat[o.id]!);
        scope.flat[node.id] = finish(scope, node, values);
      }
    }
    return root.scope.flat[root.node.id]!;
  };
}
