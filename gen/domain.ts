/**
 * Clock domains. A domain is a value; a module lists those it has, its ports and its state belong to one each. The default
 * is one domain with the ports `clk` and `rst`. A module with one domain takes that of the place where it stands.
 */

import type { NodeFactory } from './factory.ts';
import type { FlatPort, Interface, PortSpec } from './interface.ts';
import type { Clock, Module } from './ir.ts';
import { Location } from './location.ts';
import { clockBinding } from './mistakes-clock.ts';

/** When a reset acts: at the rising edge of the clock, or at once. */
export type ResetStyle = Clock['resetStyle'];

export interface ClockDomain<N extends string = string> extends Clock {
  readonly name: N;
  readonly location: Location;
}

export interface DomainOptions {
  /** Default synchronous. Registers without a reset value have none in any style. */
  readonly reset?: ResetStyle;
  /** Name of the clock port; default `<name>_clk`. */
  readonly clockPort?: string;
  /** Name of the reset port, which domains may share; default `<name>_rst`. */
  readonly resetPort?: string;
  /** Of the clock, in ns; only the constraints of a top module look at it. */
  readonly period?: number;
}

/** A clock with its reset. Rising edges count; the reset is active high, and has an effect on registers with a reset value. */
export function clockDomain<const N extends string>(name: N, options: DomainOptions = {}): ClockDomain<N> {
  const { reset = 'synchronous', clockPort = `${name}_clk`, resetPort = `${name}_rst`, period } = options;
  const clock = { clock: clockPort, reset: resetPort, resetStyle: reset };
  return { name, ...clock, location: Location.capture(clockDomain), ...(period === undefined ? {} : { period }) };
}

/** `asynchronous`: of no clock that the module has, such as a button or the input of a synchroniser. */
export type PortDomain = ClockDomain | 'asynchronous';

/** The ports, placed in a domain; those that are not placed belong to the first domain of their module. */
export function inDomain<I extends Interface>(domain: PortDomain, ports: I): I {
  const placed = Object.entries(ports).map(([name, port]): [string, PortSpec] => [name, { ...port, domain }]);
  return Object.fromEntries(placed) as Interface as I;
}

/** A design with what its instances need to know of its domains. */
interface Bindable {
  readonly module: Module;
  readonly domains?: readonly ClockDomain[];
}

export interface Binding {
  /** Clock and reset ports of the instance: those of the module around it. */
  readonly ports: ReadonlyMap<string, string>;
  /** Domains around it whose clock the instance really has a port for. */
  readonly used: readonly ClockDomain[];
  /** How a clock of the instance is reset: as the domain around it. */
  readonly styleOf: (clock: Clock) => ResetStyle;
}

/** Which clocks an instance gets: those given by name, or for a module of one domain that of the place. */
export function bindClocks(
  name: string,
  { module, domains }: Bindable,
  given: Readonly<Record<string, ClockDomain>> | undefined,
  surrounding: ClockDomain,
  builder: NodeFactory,
  location: Location,
): Binding {
  const own = domains ?? module.clocks.map((c) => ({ ...c, name: c.clock, location: module.location }));
  const wanted = own.map((d) => d.name).join(', ');
  const found = Object.keys(given ?? {});
  const complete = given !== undefined && found.length === own.length && own.every((d) => Object.hasOwn(given, d.name));
  if (!complete && (given !== undefined || own.length > 1))
    builder.report(clockBinding(name, wanted, found.join(', ') || 'none', location));
  const ports = new Map<string, string>();
  const used: ClockDomain[] = [];
  const outerOf = (d: ClockDomain): ClockDomain => given?.[d.name] ?? surrounding;
  for (const d of own) {
    const outer = outerOf(d);
    for (const [port, to] of [
      [d.clock, outer.clock],
      [d.reset, outer.reset],
    ] as const) {
      const before = ports.get(port) ?? to;
      if (before !== to) builder.report(clockBinding(name, `one net for ${port}`, `${before} and ${to}`, location));
      ports.set(port, to);
    }
    if (module.clocks.some((c) => c.clock === d.clock)) used.push(outer);
  }
  const styleOf = (clock: Clock): ResetStyle => {
    const inner = own.find((d) => d.clock === clock.clock && d.reset === clock.reset);
    return inner === undefined ? clock.resetStyle : outerOf(inner).resetStyle;
  };
  return { ports, used, styleOf };
}

/** The domain of a port of a module whose first domain is `first`. */
export const domainOf = (port: FlatPort, first: ClockDomain): PortDomain => port.domain ?? first;
