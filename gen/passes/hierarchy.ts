/** The modules of a hierarchy. */
import type { Module } from '../ir.ts';

/** Every module at or below `top` once, children before parents, in order of first use; `closed` ones without those below. */
export function hierarchy(top: Module, closed: (m: Module) => boolean = () => false): Module[] {
  const order: Module[] = [];
  const seen = new Set([top]);
  const work: { readonly module: Module; next: number }[] = [{ module: top, next: 0 }];
  for (let at = work.at(-1); at !== undefined; at = work.at(-1)) {
    const child = closed(at.module) ? undefined : at.module.instances[at.next++]?.module;
    if (child === undefined) {
      order.push(at.module);
      work.pop();
    } else if (!seen.has(child)) {
      seen.add(child);
      work.push({ module: child, next: 0 });
    }
  }
  return order;
}

/** For hierarchies of what is printed. */
export const isBlackBox = (m: Module): boolean => m.blackBox !== undefined;
