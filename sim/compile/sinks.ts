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

/** Sinks by the gate they are behind (0: none), and of every node those that have all their operands once it is computed. */
export type Sinks = ReadonlyMap<number, ReadonlyMap<number, readonly Sink[]>>;

export function sinksOf(layout: Layout, gates: Gates, first: Int32Array): Sinks {
  const sinks = new Map<number, Map<number, Sink[]>>();
  const attach = (gate: number, operands: readonly (Node | undefined)[], sink: Sink) => {
    // What is computed in every cycle is there before anything behind a gate.
    const ids = operands.flatMap((n) => (n === undefined ? [] : [first[n.id]!]));
    const last = Math.max(-1, ...ids.filter((id) => gates.servedBy[id] === gate));
    const ofGate = sinks.get(gate) ?? new Map<number, Sink[]>();
    sinks.set(gate, ofGate);
    const list = ofGate.get(last);
    if (list === undefined) ofGate.set(last, [sink]);
    else list.push(sink);
  };
  for (const { port, address } of layout.outputs) {
    attach(0, [port.node], (e, value) => storeWords(e, resizeWords(e, value(port.node), port.node, port), address));
  }
  for (const [i, enable] of gates.enables.entries())
    attach(0, [enable], (e, value) => e.store(value(enable)[0]!, layout.gates[i]!));
  for (const slot of layout.state) {
    const { from } = slot;
    if (from.kind === 'next') {
      attach(slot.gate, stateOperands(slot), (e, value) =>
        storeWords(e, nextState(e, value, slot), from.address, storeOf(slot.bytes)),
      );
    } else if (from.kind === 'memory') {
      attach(slot.gate, [from.read.address], (e, value) => e.store(pointerOf(e, value, from), from.pointer));
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
  return sinks;
}

function stateOperands(slot: StateSlot): readonly (Node | undefined)[] {
  return slot.kind === 'read' ? readOperands(slot) : [slot.register.next, slot.register.enable];
}

/** Behind a gate the enable is 1. Resets are the edge's. */
function nextState(e: Emitter, value: ValueOf, slot: StateSlot): Words {
  if (slot.kind === 'read') return nextRead(e, value, slot);
  const { next, enable } = slot.register;
  const words = resizeWords(e, value(next), next, slot.node);
  return slot.gate > 0 || enable === undefined ? words : selectWords(e, value(enable)[0]!, words, value(slot.node));
}
