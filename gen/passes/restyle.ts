/** A module with other reset styles: an instance is reset in the style of the domain that it stands in. */
import type { Clock, Instance, Memory, Module } from '../ir.ts';

type Style = Clock['resetStyle'];

/** By module, then by the styles of its clocks in their order. */
const known = new WeakMap<Module, Map<string, Module>>();

/**
 * `module` with the reset styles that `styleOf` gives its clocks, those of the modules below it included; the module itself
 * where they are its own. The same module for the same styles, so that equal instances stay one module. Black boxes keep theirs.
 */
export function restyled(module: Module, styleOf: (clock: Clock) => Style): Module {
  const styles = module.clocks.map(styleOf);
  if (module.blackBox !== undefined || module.clocks.every((c, i) => c.resetStyle === styles[i])) return module;
  const made = known.get(module) ?? new Map<string, Module>();
  known.set(module, made);
  const key = styles.join();
  const result = made.get(key) ?? withStyles(module, new Map(module.clocks.map((c, i) => [pair(c), styles[i]!])));
  made.set(key, result);
  return result;
}

/** A clock is its two ports: objects of the same ports denote the same clock. */
const pair = ({ clock, reset }: { readonly clock: string; readonly reset: string }): string => `${clock} ${reset}`;

function withStyles(module: Module, styles: ReadonlyMap<string, Style>): Module {
  const placed = <C extends Clock>(c: C): C => ({ ...c, resetStyle: styles.get(pair(c)) ?? c.resetStyle });
  const clocked = <T extends { readonly clock: Clock }>(of: T): T => ({ ...of, clock: placed(of.clock) });
  const memory = (m: Memory): Memory => ({ ...m, reads: m.reads.map(clocked), writes: m.writes.map(clocked) });
  const instance = (i: Instance): Instance => {
    const outer = (c: Clock): Style =>
      styles.get(pair({ clock: i.clocks.get(c.clock)!, reset: i.clocks.get(c.reset)! })) ?? c.resetStyle;
    return { ...i, module: restyled(i.module, outer) };
  };
  return {
    ...module,
    clocks: module.clocks.map(placed),
    ports: module.ports.map((p) =>
      p.domain === undefined || p.domain === 'asynchronous' ? p : { ...p, domain: placed(p.domain) },
    ),
    registers: module.registers.map(clocked),
    memories: module.memories.map(memory),
    properties: module.properties.map(clocked),
    instances: module.instances.map(instance),
  };
}
