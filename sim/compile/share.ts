/** Common subexpressions: of nodes that compute the same from the same, all stand for the first. */
import { type Node, operandsOf } from '../../gen/ir.ts';

/** By node id: the id of the node that is computed in its place, or its own. In linear time; operands precede users. */
export function shareNodes(nodes: readonly Node[]): Int32Array {
  const first = new Int32Array(nodes.length);
  const constants = new Map<string, number>();
  const slots = 2 ** Math.ceil(Math.log2(2 * nodes.length + 2));
  const table = new Int32Array(slots).fill(-1);
  const tags = new Map<string, number>();
  for (const node of nodes) {
    const { id, tag } = node;
    first[id] = id;
    if (tag === 'const') {
      const key = `${node.width} ${node.signed} ${node.value}`;
      first[id] = constants.get(key) ?? id;
      if (first[id] === id) constants.set(key, id);
      continue;
    }
    const operands = operandsOf(node);
    if (operands.length === 0) continue; // state and inputs
    const code = tags.get(tag) ?? tags.size + 1;
    tags.set(tag, code);
    let hash = Math.imul(code, 0x9e3779b1) ^ Math.imul(2 * node.width + Number(node.signed), 0x85ebca6b);
    if (tag === 'slice') hash ^= Math.imul(node.low + 1, 0xc2b2ae35);
    for (const operand of operands) hash = Math.imul(hash ^ first[operand.id]!, 0x27d4eb2f) ^ (hash >>> 15);
    for (let at = (hash ^ (hash >>> 13)) & (slots - 1); ; at = (at + 1) & (slots - 1)) {
      const other = table[at]!;
      if (other < 0) {
        table[at] = id;
        break;
      }
      if (same(nodes[other]!, node, operands, first)) {
        first[id] = other;
        break;
      }
    }
  }
  return first;
}

function same(a: Node, b: Node, operands: readonly Node[], first: Int32Array): boolean {
  if (a.tag !== b.tag || a.width !== b.width || a.signed !== b.signed) return false;
  if (a.tag === 'slice' && a.low !== (b as typeof a).low) return false;
  const others = operandsOf(a);
  return others.length === operands.length && others.every((o, i) => first[o.id] === first[operands[i]!.id]);
}
