/** Recognises a Gray code: x ^ (x >> 1) of some x, as `toGray` writes it. */
import type { Node } from '../ir.ts';

/** `driver` follows nets to what drives them. */
export function isGray(node: Node, driver: (n: Node) => Node): boolean {
  const code = plain(node, driver);
  if (code.tag !== 'xor') return false;
  return half(code.a, code.b, driver) || half(code.b, code.a, driver);
}

/** Through nets and changes of signedness. */
function plain(node: Node, driver: (n: Node) => Node): Node {
  let at = driver(node);
  while (at.tag === 'resize' && at.a.width === at.width) at = driver(at.a);
  return at;
}

/** `b` is `a` >> 1. */
function half(a: Node, b: Node, driver: (n: Node) => Node): boolean {
  const wide = driver(b);
  if (wide.tag !== 'resize' || wide.a.signed || wide.width !== a.width) return false;
  const high = plain(wide.a, driver);
  return (
    high.tag === 'slice' && high.low === 1 && high.width === a.width - 1 && plain(high.a, driver) === plain(a, driver)
  );
}
