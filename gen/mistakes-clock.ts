/** Mistakes with clocks, as diagnostics. */
import type { Diagnostic } from './diagnostic.ts';
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
