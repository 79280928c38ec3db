/**
 * Whether two versions of a design are the same machine, by Yosys: what it cannot prove within its time counts as different.
 *
 * Both are flattened and get the same inputs and the same state, register by register and word by word as they are called. Logic
 * that is the same in both is made once; for everything that either gives (outputs, next state, what memories get) and that is
 * not the same by construction, a SAT solver proves the two values equal. States that are equal then stay so. Payload of a
 * stream counts while it is valid. Of all states those count in which the assertions and assumptions of the first version hold.
 */
import { printVerilog } from '../../gen/index.ts';
import type { Module, Node, Register } from '../../gen/ir.ts';
import { type FlatDesign, flatten } from '../../gen/passes/flatten.ts';
import { sketch, u } from '../testing/ir.ts';
import { yosys } from '../yosys.ts';
import { createShared, type Shared, stateNames } from './shared.ts';

/** For each of `gates` whether it is the same machine as `gold`; `seconds` for every proof, all in one run of Yosys. */
export async function provedEquivalent(gold: Module, gates: readonly Module[], seconds = 60): Promise<boolean[]> {
  const flat = flatten(gold);
  const claims = gates.map((gate, i) => claimOf(`claim_${i}`, flat, flatten(gate)));
  const open = claims.filter((claim) => typeof claim !== 'boolean');
  const texts: Record<string, string> = {};
  const proofs = open.map((module) => {
    const { files, top } = printVerilog({ module });
    for (const { name, text } of files) texts[name] = text;
    return [
      `log ${begin(module)}`,
      `read_verilog ${files.map((f) => f.name).join(' ')}`,
      `hierarchy -top ${top}; proc; flatten; opt`,
      `sat -timeout ${seconds} -prove same 1 ${top}`,
      'design -reset',
    ].join('\n');
  });
  const run = { seconds: (proofs.length + 1) * (seconds + 30) };
  const log = proofs.length === 0 ? '' : (await yosys(proofs.join('\n'), texts, run)).log;
  return claims.map((claim) => {
    if (typeof claim === 'boolean') return claim;
    const own = log.split(`\n${begin(claim)}\n`)[1]?.split('\nbegin of ')[0];
    return own?.includes('SAT proof finished - no model found: SUCCESS!') ?? false;
  });
}

const begin = ({ name }: Module): string => `begin of ${name}`;

/** A module whose output `same` is 1 where both do the same; true or false where that is known without a proof. */
function claimOf(name: string, gold: FlatDesign, gate: FlatDesign): Module | boolean {
  if (!sameState(gold, gate)) return false;
  const sk = sketch(name);
  const shared = createShared(sk);
  const value = shared.version(gold);
  const [a, b] = [sinksOf(gold, value, shared), sinksOf(gate, shared.version(gate), shared)];
  const not = (x: Node): Node => sk.node({ tag: 'not', ...u(1), a: x });
  const or = (x: Node, y: Node): Node => sk.node({ tag: 'or', ...u(1), a: x, b: y });
  const equal = (x: Node, y: Node): Node => sk.node({ tag: 'eq', ...u(1), a: x, b: y });
  const one = shared.node({ tag: 'const', ...u(1), value: 1n });
  const claims: Node[] = [];
  for (const [name, x] of a) {
    const y = b.get(name);
    if (y === undefined) continue;
    const [p, q] = [x.when ?? one, y.when ?? one];
    if (p !== q) claims.push(equal(p, q));
    if (x.value === y.value) continue;
    const same = equal(x.value, y.value);
    claims.push(or(not(p), same));
  }
  if (claims.length === 0) return true;
  const all = (of: readonly Node[]): Node => of.reduce((p, q) => sk.node({ tag: 'and', ...u(1), a: p, b: q }));
  const held = gold.properties.filter((p) => p.kind !== 'cover');
  const reset = (p: (typeof held)[number]) => value(gold.inputs.find((i) => i.name === p.clock.reset)!.node);
  const met = held.map((p) => or(reset(p), value(p.condition)));
  sk.output('same', met.length === 0 ? all(claims) : or(not(all(met)), all(claims)));
  return sk.finish([]);
}

function registersByName(design: FlatDesign): ReadonlyMap<string, Register> {
  const names = stateNames(design);
  return new Map(design.registers.map((r) => [names.get(r.node)!, r]));
}

/** Registers of the same name start alike. One that only one version looks at may hold anything. */
function sameState(gold: FlatDesign, gate: FlatDesign): boolean {
  const known = registersByName(gold);
  const alike = ([name, s]: readonly [string, Register]) => {
    const r = known.get(name);
    return r === undefined || (s.reset === r.reset && s.init === r.init && s.node.width === r.node.width);
  };
  const writes = ({ memories }: FlatDesign) => memories.map((m) => `${m.name} ${m.writes.length} ${m.init}`).join();
  return [...registersByName(gate)].every(alike) && writes(gold) === writes(gate);
}

/** A value that a version gives; it matters where `when` is 1, or always. */
interface Sink {
  readonly value: Node;
  readonly when?: Node;
}

/** By name. */
function sinksOf(design: FlatDesign, value: (node: Node) => Node, { node }: Shared): ReadonlyMap<string, Sink> {
  const next = ({ node: state, next: a, enable }: Register): Sink => {
    if (enable === undefined) return { value: value(a) };
    const { width, signed } = state;
    return { value: node({ tag: 'mux', width, signed, select: value(enable), a: value(a), b: value(state) }) };
  };
  const when = (x: Node | undefined) => (x === undefined ? {} : { when: value(x) });
  const valids = design.outputs.filter((o) => o.name.endsWith('_valid'));
  const validOf = (port: string) =>
    valids.find((v) => v.name !== port && port.startsWith(v.name.slice(0, -'valid'.length)))?.node;
  const names = stateNames(design);
  const sinks = new Map<string, Sink>();
  for (const o of design.outputs) sinks.set(`output ${o.name}`, { value: value(o.node), ...when(validOf(o.name)) });
  for (const [name, r] of registersByName(design)) sinks.set(name, next(r));
  for (const { name, reads, writes } of design.memories) {
    for (const r of reads) sinks.set(names.get(r.node)!, { value: value(r.address), ...when(r.enable) });
    for (const [i, { address, data, enable, mask }] of writes.entries()) {
      const parts = { address, data, ...(mask === undefined ? {} : { mask }) };
      for (const [part, x] of Object.entries(parts))
        sinks.set(`write ${i} of ${name}, ${part}`, { value: value(x), ...when(enable) });
    }
  }
  return sinks;
}
