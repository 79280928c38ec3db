/** What happens to computed values: output ports, next state, pending writes and checks are stored for the clock edge. */
import type { Node } from '../../gen/ir.ts';
import { storeHazard, storeProperty } from './checks.ts';
import type { Emitter } from './emitter.ts';
import type { Layout, StateSlot } from './layout.ts';
import { constantWords, resizeWords, type ValueOf } from './lower.ts';
import { readOperands, storeRead, storeWrite } from './memory.ts';
import { selectWords, storeWords, type Words, wordsFor } from './wide.ts';

/** A branch costs more than storing a smaller value that will not be taken over. */
const fewestConditionalWords = 4;

export type Sink = (e: Emitter, value: ValueOf) => void;

/** Of every node, the sinks that have all their operands once it is computed. */
export function sinksOf(layout: Layout): ReadonlyMap<number, readonly Sink[]> {
  const sinks = new Map<number, Sink[]>();
  const attach = (operands: readonly (Node | undefined)[], sink: Sink) => {
    const last = operands.reduce((latest, n) => Math.max(latest, n?.id ?? 0), 0);
    const list = sinks.get(last);
    if (list === undefined) sinks.set(last, [sink]);
    else list.push(sink);
  };
  const resets = new Map(layout.inputs.map((slot) => [slot.port.name, slot.port.node]));
  for (const { port, address } of layout.outputs) {
    attach([port.node], (e, value) => storeWords(e, resizeWords(e, value(port.node), port.node, port), address));
  }
  for (const slot of layout.state) {
    if (slot.kind === 'register') {
      const { next, enable, reset, clock } = slot.register;
      const resetNode = reset === undefined ? undefined : resets.get(clock.reset);
      attach([slot.node, next, enable, resetNode], (e, value) => storeRegister(e, value, slot, resetNode));
    } else {
      attach(readOperands(slot), (e, value) => storeRead(e, value, slot));
    }
  }
  for (const { gate } of layout.regions.flat()) {
    if (gate === undefined) continue;
    const resetNode = gate.reset === undefined ? undefined : resets.get(gate.reset);
    attach([gate.enable, resetNode], (e, value) => {
      e.store(e.or(value(gate.enable)[0]!, resetNode === undefined ? 0n : value(resetNode)[0]!), gate.address);
    });
  }
  for (const slot of layout.writes) {
    const { address, data, enable, mask } = slot.write;
    attach([address, data, enable, mask], (e, value) => storeWrite(e, value, slot));
  }
  for (const slot of layout.checks?.properties ?? []) {
    const resetNode = resets.get(slot.property.clock.reset);
    attach([slot.property.condition, resetNode], (e, value) => storeProperty(e, value, slot, resetNode));
  }
  for (const slot of layout.checks?.hazards ?? []) {
    attach(readOperands(slot, slot.writes), (e, value) => storeHazard(e, value, slot));
  }
  return sinks;
}

function storeRegister(
  e: Emitter,
  value: ValueOf,
  slot: Extract<StateSlot, { kind: 'register' }>,
  resetNode: Node | undefined,
): void {
  const { next, enable, reset } = slot.register;
  const resetting = reset === undefined || resetNode === undefined ? 0n : value(resetNode)[0]!;
  const enabled = enable === undefined ? 1n : value(enable)[0]!;
  const compute = (): Words => {
    let words = resizeWords(e, value(next), next, slot.node);
    if (!slot.gated) words = selectWords(e, enabled, words, value(slot.node));
    return selectWords(e, resetting, constantWords(reset ?? 0n, slot.node.width), words);
  };
  if (slot.gated && wordsFor(slot.node.width) >= fewestConditionalWords) {
    e.when(e.or(enabled, resetting), () => storeWords(e, compute(), slot.next));
  } else {
    storeWords(e, compute(), slot.next);
  }
}
