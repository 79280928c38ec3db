/**
 * Whether two versions of a module are the same machine, by Yosys: what it cannot prove within its time counts as different.
 *
 * Both versions get the same state, inputs and results of instances. Logic that is the same in both is made once; for
 * everything that either gives (outputs, next state, what memories and instances get) and that is not the same by
 * construction, a SAT solver proves the two values equal, for all states. States that are equal then stay so.
 */
import { printVerilog } from '../../gen/index.ts';
import type { Module, Node, Register } from '../../gen/ir.ts';
import { sketch, u } from '../testing/ir.ts';
import { yosys } from '../yosys.ts';
import { createShared, type Shared } from './shared.ts';

export async function provedEquivalent(gold: Module, gate: Module, seconds = 60): Promise<boolean> {
  const claim = claimOf(gold, gate);
  if (typeof claim === 'boolean') return claim;
  const { files, top } = printVerilog({ module: claim });
  const script = [
    `read_verilog ${files.map((f) => f.name).join(' ')}`,
    `hierarchy -top ${top}; proc; flatten; opt`,
    `sat -verify -prove same 1 ${top}`,
  ];
  const texts = Object.fromEntries(files.map((f) => [f.name, f.text]));
  return (await yosys(script.join('\n'), texts, { seconds })).status === 0;
}

/** A module whose output `same` is 1 where both do the same; true or false where that is known without a proof. */
function claimOf(gold: Module, gate: Module): Module | boolean {
  if (!sameState(gold, gate)) return false;
  const sk = sketch('same_machine');
  const shared = createShared(sk);
  const [a, b] = [sinksOf(gold, shared), sinksOf(gate, shared)];
  const not = (x: Node): Node => sk.node({ tag: 'not', ...u(1), a: x });
  const equal = (x: Node, y: Node): Node => sk.node({ tag: 'eq', ...u(1), a: x, b: y });
  const claims: Node[] = [];
  for (const [i, x] of a.entries()) {
    const y = b[i]!;
    if (x.when !== undefined && x.when !== y.when) claims.push(equal(x.when, y.when!));
    if (x.value === y.value) continue;
    const same = equal(x.value, y.value);
    claims.push(x.when === undefined ? same : sk.node({ tag: 'or', ...u(1), a: not(x.when), b: same }));
  }
  if (claims.length === 0) return true;
  const all = claims.reduce((p, q) => sk.node({ tag: 'and', ...u(1), a: p, b: q }));
  sk.output('same', all);
  return sk.finish([]);
}

/** As many registers, memories and instances, which start alike; enables where the other has them. */
function sameState(gold: Module, gate: Module): boolean {
  const registers = (r: Register, s: Register | undefined) =>
    s !== undefined && r.reset === s.reset && r.init === s.init && r.node.width === s.node.width;
  return (
    gold.registers.length === gate.registers.length &&
    gold.registers.every((r, i) => registers(r, gate.registers[i])) &&
    gold.instances.every((x, i) => x.module === gate.instances[i]?.module)
  );
}

/** A value that a version gives; it matters where `when` is 1, or always. */
interface Sink {
  readonly value: Node;
  readonly when?: Node;
}

/** In the same order for every version. */
function sinksOf(module: Module, { node, version }: Shared): Sink[] {
  const value = version(module);
  const sink = (x: Node, enable?: Node): Sink =>
    enable === undefined ? { value: value(x) } : { value: value(x), when: value(enable) };
  const next = ({ node: state, next: a, enable }: Register): Sink => {
    if (enable === undefined) return sink(a);
    const { width, signed } = state;
    return { value: node({ tag: 'mux', width, signed, select: value(enable), a: value(a), b: value(state) }) };
  };
  return [
    ...[...module.outputs.values()].map((x) => sink(x)),
    ...module.registers.map(next),
    ...module.memories.flatMap(({ reads, writes }) => [
      ...reads.map((r) => sink(r.address, r.enable)),
      ...writes.flatMap(({ address, data, enable, mask }) =>
        [address, data, ...(mask === undefined ? [] : [mask])].map((x) => sink(x, enable)),
      ),
    ]),
    ...module.instances.flatMap(({ inputs }) => [...inputs.values()].map((x) => sink(x))),
  ];
}
