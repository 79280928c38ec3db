/** Mistakes with clocks, as diagnostics. */
import type { Diagnostic } from './diagnostic.ts';
import type { ClockDomain } from './domain.ts';
import type { Location } from './location.ts';

export const clockBinding = (instance: string, expected: string, found: string, location: Location): Diagnostic => ({
  id: 'clock-binding',
  what: `the clock domains of instance ${instance} are not bound`,
  location,
  expected,
  found,
  remedy: 'give every domain of the module by name: { clocks: { write: pixel, read: system } }',
});

export const unknownDomain = (what: string, known: string, found: string, location: Location): Diagnostic => ({
  id: 'unknown-domain',
  what: `${what} is in a domain that the module does not have`,
  location,
  expected: `one of ${known}`,
  found,
  remedy: 'add the domain to the `domains` of the module',
});

export const resetStyles = (first: ClockDomain, second: ClockDomain): Diagnostic => ({
  id: 'reset-style',
  what: `domains ${first.name} and ${second.name} share the reset ${first.reset}, and differ in its style`,
  location: second.location,
  expected: `${first.resetStyle}, as in domain ${first.name} (${first.location})`,
  found: second.resetStyle,
  remedy: 'give both the same style, or each its own reset',
});

/** A value, and the domain that it has; undefined: asynchronous. */
export interface DomainValue {
  readonly name: string;
  readonly location: Location;
  readonly domain: ClockDomain | undefined;
}

const showDomain = (domain: ClockDomain | undefined): string =>
  domain === undefined ? 'no domain (asynchronous)' : `domain ${domain.name} (${domain.location})`;
const showValue = ({ name, location, domain }: DomainValue): string => `${name} (${location}) of ${showDomain(domain)}`;

const bringOver =
  'bring it over: synchroniser for a level, pulse for an event, handshake or asyncFifo for words (gen/cdc)';

export const domainsMeet = (a: DomainValue, b: DomainValue, location: Location): Diagnostic => ({
  id: 'domain-crossing',
  what: 'values of two clock domains meet',
  location,
  expected: 'operands of one domain',
  found: [a, b].map(showValue).join('\n        and '),
  remedy: bringOver,
});

export const takesForeign = (
  what: string,
  domain: ClockDomain,
  value: DomainValue,
  location: Location,
): Diagnostic => ({
  id: 'domain-crossing',
  what: `${what} takes a value of another clock domain`,
  location,
  expected: `a value of ${showDomain(domain)}`,
  found: showValue(value),
  remedy: bringOver,
});

export const notSettled = (what: string, location: Location): Diagnostic => ({
  id: 'crossing-unsettled',
  what: `${what} is looked at before it has settled`,
  location,
  expected: 'a second register (crossing: settle) between it and everything else',
  found: 'another use',
  remedy: 'use the synchroniser of gen/cdc, which has two registers or more',
});

const forms = {
  bit: 'one bit that comes straight from a register or a port: logic has glitches, and bits arrive one by one',
  gray: 'a register of the other domain whose next value is toGray(...)',
  held: 'an enable that is 1 only while the value is known to be stable',
} as const;

export const wrongForm = (what: string, kind: keyof typeof forms, found: string, location: Location): Diagnostic => ({
  id: 'crossing-form',
  what: `${what} cannot be a crossing of kind ${kind}`,
  location,
  expected: forms[kind],
  found,
  remedy: 'use an element of gen/cdc, which has the form',
});

export const unknownPeriod = (clock: string, location: Location): Diagnostic => ({
  id: 'constraint-period',
  what: `the period of ${clock} is not known`,
  location,
  expected: 'a period in ns for both clocks of a Gray code or of held data: they limit its delay',
  found: 'none',
  remedy: "give it: clockDomain('pixel', { period: 6.734 })",
});

export const cellName = (name: string, location: Location): Diagnostic => ({
  id: 'constraint-name',
  what: `${name} has another name in the Verilog, so that a constraint could not find it`,
  location,
  expected: 'a register or memory at a crossing whose name is an identifier and the only one in its module',
  found: 'a name that the printer has to change, or one inside a black box',
  remedy: 'give it a name of its own',
});
