/** What a data sheet says about a design's structure: flip-flops and combinational paths. */
import { type Module, type Node, operandsOf } from '../../gen/ir.ts';

/** Bits of the registers, without memories and their read registers. */
export const flipFlops = (module: Module): number => module.registers.reduce((sum, r) => sum + r.node.width, 0);

/** For every output port the input ports that reach it within a cycle. */
export function paths(module: Module): Record<string, string[]> {
  const reached = [...module.outputs].map(([port, node]) => [port, inputsOf(module, node)] as const);
  return Object.fromEntries(reached);
}

function inputsOf(module: Module, output: Node): string[] {
  const seen = new Set<Node>();
  const work = [output];
  for (let at = work.pop(); at !== undefined; at = work.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const driver = module.drivers.get(at);
    work.push(...operandsOf(at), ...(driver === undefined ? [] : [driver]));
  }
  return [...seen].flatMap((n) => (n.tag === 'input' ? [n.port] : [])).sort();
}
