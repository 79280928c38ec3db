/**
 * Builds flat nodes on demand, operands first: depth-first with an explicit stack. A combinational read port is computed
 * from its address, which it therefore follows.
 */
import { type Node, type NodeOf, operandsOf, withOperands } from '../ir.ts';
import { driverOf, type Place, type Scope } from './scopes.ts';

interface Frame extends Place {
  /** All operands live in one scope: the node's own, or that of its driver. */
  readonly from: Scope;
  readonly operands: readonly Node[];
  next: number;
}

/** A register or read port that turned up: what feeds it is built afterwards. */
export interface Found extends Place {
  readonly flat: NodeOf<'reg' | 'read'>;
}

/** What `node` is computed from in the same cycle, in its own scope. */
function operandsIn(scope: Scope, node: Node): readonly Node[] {
  const read = node.tag === 'read' ? scope.tables.reads.get(node)?.read : undefined;
  return read?.kind === 'combinational' ? [read.address] : operandsOf(node);
}

/** Builds flat nodes on demand, operands first, and notes the state it meets in `found`. */
export function nodeBuilder(inputs: ReadonlyMap<string, Node>, nodes: Node[], found: Found[]): (root: Place) => Node {
  const append = (node: Node, operands: readonly Node[]): Node => {
    const leaf = operands.length === 0 || node.tag === 'read';
    const flat = { ...(leaf ? node : withOperands(node, operands)), id: nodes.length };
    nodes.push(flat);
    return flat;
  };
  const typed = (value: Node, { width, signed, location }: Node): Node =>
    value.width === width && value.signed === signed
      ? value
      : append({ tag: 'resize', width, signed, location, id: 0, a: value }, [value]);
  const finish = ({ scope, node, from, operands }: Frame): Node => {
    const values = operands.map((o) => from.flat[o.id]!);
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
  const stack: Frame[] = [];
  const visit = (scope: Scope, node: Node) => {
    if (scope.flat[node.id] !== undefined) return;
    if (scope.module.nodes[node.id] !== node) {
      throw new Error(`${node.tag} (${node.location}) is used in ${scope.module.name} but belongs to another module`);
    }
    const driver = driverOf({ scope, node });
    const operands = driver === undefined ? operandsIn(scope, node) : [driver.node];
    stack.push({ scope, node, from: driver?.scope ?? scope, operands, next: 0 });
  };
  return (root) => {
    visit(root.scope, root.node);
    while (stack.length > 0) {
      const frame = stack[stack.length - 1]!;
      if (frame.next < frame.operands.length) {
        visit(frame.from, frame.operands[frame.next++]!);
      } else {
        frame.scope.flat[frame.node.id] = finish(frame);
        stack.pop();
      }
    }
    return root.scope.flat[root.node.id]!;
  };
}
