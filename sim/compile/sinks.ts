/** What happens to computed values: output ports, next state, pending writes and checks are stored for the clock edge. */
import type { Node } from '../../gen/ir.ts';
import { storeHazard, storeProperty } from './checks.ts';
import type { Emitter } from './emitter.ts';
import type { Gates } from './gates.ts';
import type { Layout } from './layout.ts';
import { resizeWords, type ValueOf } from './lower.ts';
import { nextRead, pointerOf, readOperands, storeWrite } from './memory.ts';
import type { StateSlot } from './regions.ts';
import { storeOf } from './space.ts';
import { selectWords, storeWords, type Words } from './wide.ts';

export type Sink = (e: Emitter, value: ValueOf) => void;

/** What is done with computed values, by when they are there. */
export interface Sinks {
  /** Those behind a gate (0: none) that need nothing which is computed behind it. */
  atStart(gate: number): readonly Sink[];
  /** Calls those that have all they need once the node of this id is computed. */
  after(id: number, visit: (sink: Sink) => void): void;
}

const none = -1;

export function sinksOf(layout: Layout, gates: Gates, first: Int32Array): Sinks {
  // Of every node a list through `following`: an array of arrays would be one for each of a million registers.
  const sinks: Sink[] = [];
  const following: number[] = [];
  const latest = new Int32Array(first.length).fill(none);
  const starts = new Map<number, Sink[]>();
  const attach = (gate: number, operands: readonly (Node | undefined)[], sink: Sink) => {
    // What is computed in every cycle is there before anything behind a gate.
    let last = none;
    for (const node of operands) {
      const id = node === undefined ? none : first[node.id]!;
      if (id > last && gates.servedBy[id] === gate) last = id;
    }
    if (last === none) {
      const ofGate = starts.get(gate);
      if (ofGate === undefined) starts.set(gate, [sink]);
      else ofGate.push(sink);
      return;
    }
    sinks.push(sink);
    following.push(latest[last]!);
    latest[last] = sinks.length - 1;
  };
  for (const { port, address } of layout.outputs) {
    attach(0, [port.node], (e, value) => storeWords(e, resizeWords(e, value(port.node), port.node, port), address));
  }
  for (const [i, enable] of gates.enables.entries())
    attach(0, [enable], (e, value) => e.store(value(enable)[0]!, layout.gates[i]!));
  for (const slot of layout.state) {
    const { next } = slot;
    if (typeof next === 'number') {
      attach(slot.gate, stateOperands(slot), (e, value) =>
        storeWords(e, nextState(e, value, slot), next, storeOf(slot.bytes)),
      );
    } else if (next !== undefined) {
      attach(slot.gate, [next.read.address], (e, value) => e.store(pointerOf(e, value, next), next.pointer));
    }
  }
  for (const slot of layout.writes) {
    const { address, data, enable, mask } = slot.write;
    attach(slot.gate, [address, data, enable, mask], (e, value) => storeWrite(e, value, slot));
  }
  const resets = new Map(layout.inputs.map((slot) => [slot.port.name, slot.port.node]));
  for (const slot of layout.checks?.properties ?? []) {
    const resetNode = resets.get(slot.property.clock.reset);
    attach(0, [slot.property.condition, resetNode], (e, value) => storeProperty(e, value, slot, resetNode));
  }
  for (const slot of layout.checks?.hazards ?? []) {
    attach(0, readOperands(slot, slot.writes), (e, value) => storeHazard(e, value, slot));
  }
  return {
    atStart: (gate) => starts.get(gate) ?? [],
    after: (id, visit) => {
      for (let i = latest[id]!; i !== none; i = following[i]!) visit(sinks[i]!);
    },
  };
}

function stateOperands({ content, held }: StateSlot): readonly (Node | undefined)[] {
  if (held !== undefined) return [held.read.address];
  return content.kind === 'read' ? readOperands(content.slot) : [content.register.next, content.register.enable];
}

/** Behind a gate the enable is 1. Resets are the edge's. */
function nextState(e: Emitter, value: ValueOf, { content, gate, held }: StateSlot): Words {
  if (held !== undefined) return [pointerOf(e, value, held)];
  const { node } = content;
  const [words, enable] =
    content.kind === 'read'
      ? [nextRead(e, value, content.slot), content.slot.read.enable]
      : [resizeWords(e, value(content.register.next), content.register.next, node), content.register.enable];
  return gate > 0 || enable === undefined ? words : selectWords(e, value(enable)[0]!, words, value(node));
}
