/** The branches of a body: where assignments go while it runs, and `when` and `switch`, which open further lists for them. */
import { EnumSignal } from './enumeration.ts';
import type { NodeFactory } from './factory.ts';
import type { Node } from './ir.ts';
import { literal, wholeNumber } from './literal.ts';
import type { Location } from './location.ts';
import { asyncBody, branchClosed, drivenTwice, switchCase, switchStates } from './mistakes.ts';
import { Signal, type UInt } from './signal.ts';
import { addAssignment, openBody, type Statement } from './statements.ts';
import type { Literal } from './value.ts';

/** Continues a `when`: the branches exclude each other, the first whose condition holds is taken. */
export interface Otherwise {
  elsewhen(condition: UInt, body: () => void): Otherwise;
  otherwise(body: () => void): void;
}

export class Branches {
  readonly #module: NodeFactory;
  readonly #statements: Statement[] = [];
  /** The list that assignments go to: that above, or one of a branch. */
  #body = openBody(undefined, this.#statements);

  constructor(module: NodeFactory) {
    this.#module = module;
  }

  /** Everything assigned so far. */
  get statements(): readonly Statement[] {
    return this.#statements;
  }

  /** Runs the body of the module. */
  run(body: () => void, location: Location): void {
    this.#within(this.#statements, body, location);
  }

  /** Notes an assignment; a plain one after another, or after a branch, would make that one dead. */
  assign(target: Node, value: Node, what: () => string, location: Location): void {
    const fresh = addAssignment(this.#body, { kind: 'assignment', target, value, location });
    if (!fresh) this.#module.report(drivenTwice(what(), location));
  }

  when(condition: UInt, body: () => void, location: Location): Otherwise {
    return this.#when(condition, body, this.#body.statements, location);
  }

  switch(selector: Signal | EnumSignal, cases: object, otherwise: (() => void) | undefined, at: Location): void {
    if (selector instanceof EnumSignal) this.#switchStates(selector, Object.entries(cases), otherwise, at);
    else this.#switchNumbers(selector, cases as readonly (readonly [Literal, () => void])[], otherwise, at);
  }

  #switchStates(
    selector: EnumSignal,
    cases: readonly (readonly [string, () => void])[],
    otherwise: (() => void) | undefined,
    at: Location,
  ): void {
    const { states } = selector.type;
    const missing = states.filter((state) => !cases.some(([name]) => name === state));
    if (otherwise === undefined && missing.length > 0) this.#module.report(switchStates(states, missing, at));
    const last = otherwise ?? cases.at(-1)?.[1];
    let list = this.#body.statements;
    for (const [state, body] of otherwise === undefined ? cases.slice(0, -1) : cases) {
      const hit = this.#module.located(() => selector.is(state), at);
      list = this.#branch(hit, body, list, at);
    }
    if (last !== undefined) this.#within(list, last, at);
  }

  #switchNumbers(
    selector: Signal,
    cases: readonly (readonly [Literal, () => void])[],
    otherwise: (() => void) | undefined,
    at: Location,
  ): void {
    const module = this.#module;
    const seen = new Set<bigint>();
    let list = this.#body.statements;
    for (const [value, body] of cases) {
      const wanted = wholeNumber(module, value, at);
      if (seen.has(wanted)) module.report(switchCase(`${wanted}`, 'it stands there twice', at));
      seen.add(wanted);
      const constant = literal(module, wanted, selector.node, at);
      const hit = module.create({ tag: 'eq', width: 1, signed: false, a: selector.node, b: constant }, at);
      list = this.#branch(new Signal<'unsigned'>(module, hit), body, list, at);
    }
    if (otherwise !== undefined) this.#within(list, otherwise, at);
  }

  #when(condition: UInt, body: () => void, list: Statement[], location: Location): Otherwise {
    const no = this.#branch(condition, body, list, location);
    let closed = false;
    const close = (at: Location): void => {
      if (closed) this.#module.report(branchClosed(at));
      closed = true;
    };
    const rest: Otherwise = {
      elsewhen: (next, nextBody) => {
        close(this.#module.locate(rest.elsewhen));
        return this.#when(next, nextBody, no, location);
      },
      otherwise: (last) => {
        close(this.#module.locate(rest.otherwise));
        this.#within(no, last, location);
      },
    };
    return rest;
  }

  /** Adds a branch to `list` and returns the list of what happens otherwise. */
  #branch(condition: UInt, body: () => void, list: Statement[], location: Location): Statement[] {
    this.#module.checkBit(condition, 'the condition of a branch', 'condition-width', location);
    const yes: Statement[] = [];
    const no: Statement[] = [];
    list.push({ kind: 'branch', condition: condition.node, yes, no, location });
    this.#within(yes, body, location);
    return no;
  }

  /** Runs `body`; its assignments go to `list`. */
  #within(list: Statement[], body: () => unknown, location: Location): void {
    const outer = this.#body;
    this.#body = openBody(outer, list);
    try {
      const result = body();
      if (!(result instanceof Promise)) return;
      result.catch(() => undefined);
      this.#module.report(asyncBody(location));
    } finally {
      this.#body = outer;
    }
  }
}
