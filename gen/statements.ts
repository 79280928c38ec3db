/**
 * Conditional assignments: `when` and `switch` bodies leave a tree of statements, which becomes one driver per target,
 * made of muxes. Within one list of statements the last assignment to a target wins over branches before it; a target is
 * assigned plainly at most once per list.
 */

import type { NodeFactory } from './factory.ts';
import type { Node } from './ir.ts';
import type { Location } from './location.ts';
import { bit } from './shape.ts';

export interface Assignment {
  readonly kind: 'assignment';
  readonly target: Node;
  readonly value: Node;
  readonly location: Location;
}
export interface Branch {
  readonly kind: 'branch';
  readonly condition: Node;
  readonly yes: Statement[];
  readonly no: Statement[];
  readonly location: Location;
}
export type Statement = Assignment | Branch;

type Assigned = Node | undefined;
/** The value that a list makes of a target; asks for that of each list inside it. */
type Evaluation = Generator<Evaluation, Assigned, Assigned>;

/** What a list of statements makes of a target whose value was `before`; undefined: no value on some path. */
export function assignedValue(
  target: Node,
  body: readonly Statement[],
  before: Node | undefined,
  module: NodeFactory,
): Node | undefined {
  const last = body.at(-1);
  if (last?.kind === 'assignment' && last.target === target) return last.value; // as nearly all are
  const branches = branchesTo(target, body);
  const evaluate = function* (list: readonly Statement[], start: Assigned): Evaluation {
    let value = start;
    for (const s of list) {
      if (s.kind === 'assignment') {
        if (s.target === target) value = s.value;
        continue;
      }
      if (!branches.has(s)) continue;
      const yes: Assigned = yield evaluate(s.yes, value);
      const no: Assigned = yield evaluate(s.no, value);
      if (yes === undefined || no === undefined) return undefined;
      value = yes === no ? yes : choose(module, s.condition, yes, no, s.location);
    }
    return value;
  };
  const open = [evaluate(body, before)];
  let answer: Assigned;
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const step = top.next(answer);
    if (step.done === true) open.pop();
    else open.push(step.value);
    answer = step.done === true ? step.value : undefined;
  }
  return answer;
}

/** The branches that assign `target` on some path. */
function branchesTo(target: Node, body: readonly Statement[]): Set<Branch> {
  const found = new Set<Branch>();
  const outer = new Map<Statement, Branch>();
  const work = [...body];
  for (let s = work.pop(); s !== undefined; s = work.pop()) {
    if (s.kind === 'branch') {
      for (const inner of [...s.yes, ...s.no]) {
        outer.set(inner, s);
        work.push(inner);
      }
    } else if (s.target === target) {
      for (let at = outer.get(s); at !== undefined && !found.has(at); at = outer.get(at)) found.add(at);
    }
  }
  return found;
}

/** A list of statements that is being written, and what it assigns on some path. */
export interface Body {
  readonly statements: Statement[];
  readonly targets: Set<Node>;
  /** The body that this one is a branch of. */
  readonly outer: Body | undefined;
}

export const openBody = (outer?: Body, statements: Statement[] = []): Body => ({
  statements,
  targets: new Set(),
  outer,
});

/** Adds an assignment; false when the body has already assigned the target, plainly or in a branch. */
export function addAssignment(body: Body, assignment: Assignment): boolean {
  const fresh = !body.targets.has(assignment.target);
  body.statements.push(assignment);
  for (let at: Body | undefined = body; at !== undefined; at = at.outer) at.targets.add(assignment.target);
  return fresh;
}

/** For every target, the statements that assign it on some path, in order. */
export function byTarget(statements: readonly Statement[]): Map<Node, Statement[]> {
  const found = new Map<Node, Statement[]>();
  const note = (target: Node, s: Statement): void => {
    const list = found.get(target);
    if (list === undefined) found.set(target, [s]);
    else list.push(s);
  };
  for (const s of statements) {
    if (s.kind === 'assignment') note(s.target, s);
    else for (const target of targetsOf(s)) note(target, s);
  }
  return found;
}

function targetsOf(s: Branch): Set<Node> {
  const targets = new Set<Node>();
  const work: Statement[] = [s];
  for (let at = work.pop(); at !== undefined; at = work.pop()) {
    if (at.kind === 'assignment') targets.add(at.target);
    else work.push(...at.yes, ...at.no);
  }
  return targets;
}

/** A one-bit choice between two constants is the condition itself, or its inverse. */
function choose(module: NodeFactory, select: Node, a: Node, b: Node, at: Location): Node {
  const isBit = (n: Node, value: bigint): boolean =>
    n.tag === 'const' && n.width === 1 && !n.signed && n.value === value;
  if (isBit(a, 1n) && isBit(b, 0n)) return select;
  if (isBit(a, 0n) && isBit(b, 1n)) return invertNode(module, select, at);
  return module.create({ tag: 'mux', width: a.width, signed: a.signed, select, a, b }, at);
}

const invertNode = (module: NodeFactory, a: Node, at: Location): Node =>
  module.create({ tag: 'not', width: bit.width, signed: bit.signed, a }, at);

/** A register's next value and enable: a value that is kept on one side of the outermost choice becomes an enable. */
export function registerInput(
  register: Node,
  next: Node,
  enable: Node | undefined,
  module: NodeFactory,
): { next: Node; enable: Node | undefined } {
  if (enable !== undefined || next.tag !== 'mux') return { next, enable };
  if (next.b === register) return { next: next.a, enable: next.select };
  if (next.a === register) return { next: next.b, enable: invertNode(module, next.select, next.location) };
  return { next, enable };
}
