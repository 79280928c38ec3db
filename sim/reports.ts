/** What a simulator has seen of a design's properties and undefined reads, decoded from its memory. */
import type { Property } from '../gen/ir.ts';
import type { Location } from '../gen/location.ts';
import { type CheckLayout, mostViolations } from './compile/checks.ts';
import { SimProblem } from './engine.ts';

/** A cycle in which an assert or an assume did not hold. */
export interface Violation {
  readonly kind: 'assert' | 'assume';
  /** Hierarchical, e.g. `fifo.no_overflow`. */
  readonly name: string;
  readonly message: string;
  /** Ticks (of whatever clocks) from the start to the state in which it was seen. */
  readonly cycle: number;
  readonly location: Location;
}

export interface Coverage {
  readonly name: string;
  readonly message: string;
  readonly location: Location;
  /** Rising edges of its clock at which it held. */
  readonly count: number;
}

export interface SimulatorStatus {
  /** Of asserts and assumes; `violations()` lists the first 1000. */
  readonly violations: number;
  /**
   * Registered reads whose data the intermediate representation leaves undefined, because an edge wrote the same word:
   * one per read port and edge (and writing clock). The simulator gave the word before the write; another engine need not.
   */
  readonly undefinedReads: number;
}

export interface Reports {
  violations(): readonly Violation[];
  covered(): readonly Coverage[];
  status(): SimulatorStatus;
  /** Throws the violation recorded since the last call, if there is one. */
  throwViolation(engine: string): void;
}

const nothing: Reports = {
  violations: () => [],
  covered: () => [],
  status: () => ({ violations: 0, undefinedReads: 0 }),
  throwViolation: () => {},
};

export function createReports(buffer: ArrayBuffer, checks: CheckLayout | undefined): Reports {
  if (checks === undefined) return nothing;
  const words = new BigUint64Array(buffer);
  const at = (address: number): number => Number(words[address / 8]!);
  const recorded = checks.properties.length === 0 ? 0 : mostViolations;
  const thrown: Violation[] = [];
  const violation = (entry: number): Violation => {
    const { kind, name, message, location } = checks.properties[at(checks.log + 16 * entry)]!.property;
    return { kind: kind as Violation['kind'], name, message, cycle: at(checks.log + 16 * entry + 8), location };
  };
  const logged = () =>
    Array.from({ length: Math.min(recorded, at(checks.violations)) }, (_, entry) => violation(entry));
  return {
    violations: () => [...thrown, ...logged()].slice(0, mostViolations),
    covered: () =>
      checks.properties.flatMap(({ property, count }) => {
        const { kind, name, message, location } = property;
        return kind === 'cover' ? [{ name, message, location, count: at(count) }] : [];
      }),
    status: () => ({
      violations: thrown.length + at(checks.violations),
      undefinedReads: at(checks.undefinedReads),
    }),
    throwViolation: (engine) => {
      const found = logged();
      if (found.length === 0) return;
      thrown.push(...found);
      words[checks.violations / 8] = 0n;
      throw problemOf(engine, found[0]!);
    },
  };
}

const blame: { readonly [K in Violation['kind']]: string } = {
  assert: 'look at the state, which is that before the edge; it is the design that breaks its promise',
  assume: 'mend the test bench, or weaken the assumption',
};

function problemOf(engine: string, { kind, name, message, cycle, location }: Violation): SimProblem {
  return new SimProblem({
    id: `${kind}-violated` satisfies `${Property['kind']}-violated`,
    what: `${kind} ${name} does not hold in cycle ${cycle}: ${message}`,
    where: `${location}, in ${engine}`,
    expected: '1',
    found: '0',
    remedy: blame[kind],
    violation: { name, cycle },
  });
}
