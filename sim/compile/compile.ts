/** Flat design -> WebAssembly binary: lays out memory, lowers node after node, cuts the stream into functions. */
import type { Node } from '../../gen/ir.ts';
import type { FlatDesign } from '../../gen/passes/flatten.ts';
import { assemble, type WasmFunction } from '../wasm/module.ts';
import { Emitter, type Word } from './emitter.ts';
import { entryPoints, type Part } from './entry.ts';
import { findFetches } from './fetches.ts';
import { findGates, type Gates } from './gates.ts';
import { type Layout, layOut } from './layout.ts';
import { lowerNode } from './lower.ts';
import { readNow } from './memory.ts';
import { shareNodes } from './share.ts';
import { sinksOf } from './sinks.ts';
import { fewestBytes, loadOf, wholeWords } from './space.ts';
import { storeWords, topBits, type Words, wordsFor } from './wide.ts';

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
  const fetches = findFetches(design, first, named.length > 0);
  const gates = findGates(design, first, fetches, named);
  const layout = layOut(design, { gates, first, fetches }, named.length > 0 ? wholeWords : fewestBytes);
  const visible = new Map<Node, number>();
  let end = layout.end;
  if (options.visibility === 'named') {
    for (const { port, address } of layout.inputs) visible.set(port.node, address);
    for (const { content, address } of layout.state) visible.set(content.node, address);
    for (const node of named) {
      if (visible.has(node)) continue;
      visible.set(node, end);
      end += 8 * wordsFor(node.width);
    }
  }

  const e = new Emitter(end);
  const values = createValues(design.nodes.length);
  const value = (node: Node): Words => values.get(first[node.id]!, wordsFor(node.width));
  const resident = (node: Node, address: number, bytes: number, offset?: Word) => {
    const [load, count] = [loadOf(bytes, node.signed), wordsFor(node.width)];
    values.set(
      node.id,
      Array.from({ length: count }, (_, i) =>
        e.resident(address + 8 * i, load, node.signed || i < count - 1 ? 64 : topBits(node.width), offset),
      ),
    );
  };
  for (const { port, address } of layout.inputs) resident(port.node, address, wholeWords(port));
  for (const { content, address, bytes, held } of layout.state) {
    if (held === undefined) resident(content.node, address, bytes);
    else resident(content.node, held.memory.address, held.memory.stride, e.resident(address, loadOf(bytes, false), 32));
  }

  const sinks = sinksOf(layout, gates, first);
  /** The code of nodes that serve one gate, and of what they are for. */
  const emit = (gate: number, ids: Int32Array): Part => {
    const from = e.bodies.length - 1;
    for (const sink of sinks.atStart(gate)) sink(e, value);
    for (const id of ids) {
      if (!values.has(id)) {
        const node = design.nodes[id]!;
        if (first[id] === id) {
          const read = node.tag === 'read' ? layout.combinationalReads.get(node) : undefined;
          values.set(id, read === undefined ? lowerNode(e, node, value) : readNow(e, value, read));
        }
        const address = visible.get(node);
        if (address !== undefined) storeWords(e, value(node), address);
      }
      sinks.after(id, (sink) => sink(e, value));
      if (e.size > options.functionBytes) e.cut();
    }
    e.cut();
    return { gate, from, to: e.bodies.length - 1 };
  };
  const parts = nodesByGate(gates).map((ids, gate) => emit(gate, ids));
  e.bodies.pop();

  const rowWords = Math.max(
    ...[layout.inputs, layout.outputs].map((p) => p.reduce((n, s) => n + wordsFor(s.port.width), 0)),
  );
  const rows = { address: e.memoryEnd, bytes: Math.max(minimumRowBytes, 16 * rowWords) };
  const bodies = e.bodies.map(({ code, runs }): WasmFunction => ({ parameters: [], locals: runs, code: code.view() }));
  const functions = [...bodies, ...entryPoints(layout, parts, options.stopAtViolation)];
  return {
    binary: assemble(functions, rows.address + rows.bytes),
    layout,
    visible,
    rows,
    functions: bodies.length,
  };
}

/** The ids of the nodes that serve every gate, those of every cycle first. */
function nodesByGate({ enables, servedBy }: Gates): Int32Array[] {
  const counts = new Int32Array(enables.length + 1);
  for (const gate of servedBy) if (gate >= 0) counts[gate]!++;
  const lists = Array.from(counts, (count) => new Int32Array(count));
  counts.fill(0);
  for (const [id, gate] of servedBy.entries()) if (gate >= 0) lists[gate]![counts[gate]!++] = id;
  return lists;
}

/** The words of nodes by their ids, in one array: a million small ones would keep the garbage collector busy. */
function createValues(nodes: number) {
  const words: Word[] = [];
  const starts = new Int32Array(nodes).fill(-1);
  return {
    has: (id: number): boolean => starts[id] !== -1,
    get: (id: number, count: number): Words => {
      const start = starts[id]!;
      return count === 1 ? [words[start]!] : words.slice(start, start + count);
    },
    set: (id: number, value: Words) => {
      starts[id] = words.length;
      for (const word of value) words.push(word);
    },
  };
}
