/** Flat design -> WebAssembly binary: lays out memory, lowers node after node, cuts the stream into functions. */
import type { Node } from '../../gen/ir.ts';
import type { FlatDesign } from '../../gen/passes/flatten.ts';
import { assemble, type WasmFunction } from '../wasm/module.ts';
import { type } from '../wasm/op.ts';
import { Emitter } from './emitter.ts';
import { entryPoints, type Part } from './entry.ts';
import { findFetches } from './fetches.ts';
import { findGates, type Gates } from './gates.ts';
import { type Layout, layOut } from './layout.ts';
import { lowerNode } from './lower.ts';
import { readNow } from './memory.ts';
import { shareNodes } from './share.ts';
import { type Sink, sinksOf } from './sinks.ts';
import { fewestBytes, loadOf, wholeWords } from './space.ts';
import { storeWords, type Words, wordsFor } from './wide.ts';

export interface CompileOptions {
  /** What can be peeked at: the ports (fastest), or every named net. The design must have been flattened to keep them. */
  readonly visibility: 'ports' | 'named';
  /** Bytes of code after which a function ends. */
  readonly functionBytes: number;
  /** Whether `run` and `replay` end before the edge of a cycle with a violated property. */
  readonly stopAtViolation: boolean;
}

export interface Compiled {
  readonly binary: Uint8Array<ArrayBuffer>;
  readonly layout: Layout;
  /** Address of every named net, where visibility is `named`. */
  readonly visible: ReadonlyMap<Node, number>;
  /** Where rows of ports are handed over, and how many bytes there are. */
  readonly rows: { readonly address: number; readonly bytes: number };
  /** How many functions compute the design. */
  readonly functions: number;
}

const minimumRowBytes = 1 << 18;

export function compile(design: FlatDesign, options: CompileOptions): Compiled {
  const named = options.visibility === 'named' ? [...new Set(design.names.values())] : [];
  const first = shareNodes(design.nodes);
  const fetches = findFetches(design, first);
  const gates = findGates(design, first, fetches, named);
  const layout = layOut(design, { gates, first, fetches }, named.length > 0 ? wholeWords : fewestBytes);
  const visible = new Map<Node, number>();
  let end = layout.end;
  if (options.visibility === 'named') {
    for (const slot of [...layout.inputs, ...layout.state])
      visible.set('port' in slot ? slot.port.node : slot.node, slot.address);
    for (const node of named) {
      if (visible.has(node)) continue;
      visible.set(node, end);
      end += 8 * wordsFor(node.width);
    }
  }

  const e = new Emitter(end);
  const words = new Array<Words>(design.nodes.length);
  const value = (node: Node): Words => words[first[node.id]!]!;
  const resident = (node: Node, address: number, bytes: number) => {
    const load = loadOf(bytes, node.signed);
    words[node.id] = Array.from({ length: wordsFor(node.width) }, (_, i) => e.resident(address + 8 * i, load));
  };
  for (const { port, address } of layout.inputs) resident(port.node, address, wholeWords(port));
  for (const { node, address, bytes } of layout.state) resident(node, address, bytes);

  const sinks = sinksOf(layout, gates, first);
  /** The code of nodes that serve one gate, and of what they are for. */
  const emit = (gate: number, nodes: readonly Node[]): Part => {
    const own = sinks.get(gate);
    const from = e.bodies.length - 1;
    for (const sink of own?.get(-1) ?? noSinks) sink(e, value);
    for (const node of nodes) {
      if (words[node.id] === undefined) {
        const read = layout.combinationalReads.get(node);
        if (first[node.id] === node.id)
          words[node.id] = read === undefined ? lowerNode(e, node, value) : readNow(e, value, read);
        const address = visible.get(node);
        if (address !== undefined) storeWords(e, value(node), address);
      }
      for (const sink of own?.get(node.id) ?? noSinks) sink(e, value);
      if (e.size > options.functionBytes) e.cut();
    }
    e.cut();
    return { gate, from, to: e.bodies.length - 1 };
  };
  const parts = nodesByGate(design, gates).map((nodes, gate) => emit(gate, nodes));
  e.bodies.pop();

  const rowWords = Math.max(
    ...[layout.inputs, layout.outputs].map((p) => p.reduce((n, s) => n + wordsFor(s.port.width), 0)),
  );
  const rows = { address: e.memoryEnd, bytes: Math.max(minimumRowBytes, 16 * rowWords) };
  const bodies = e.bodies.map(
    ({ code, locals }): WasmFunction => ({
      parameters: [],
      locals: locals === 0 ? [] : [{ count: locals, type: type.i64 }],
      code: code.view(),
    }),
  );
  const functions = [...bodies, ...entryPoints(layout, parts, options.stopAtViolation)];
  return {
    binary: assemble(functions, rows.address + rows.bytes),
    layout,
    visible,
    rows,
    functions: bodies.length,
  };
}

/** The nodes that serve every gate, those of every cycle first. */
function nodesByGate({ nodes }: FlatDesign, { enables, servedBy }: Gates): Node[][] {
  const lists = Array.from({ length: enables.length + 1 }, (): Node[] => []);
  for (const node of nodes) lists[servedBy[node.id]!]?.push(node);
  return lists;
}

const noSinks: readonly Sink[] = [];
