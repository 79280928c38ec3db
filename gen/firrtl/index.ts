/** FIRRTL 4.0.0 text of a design: one circuit, its main module public, the same text for the same design. */
import { relative } from 'node:path';
import { DesignError, type Diagnostic } from '../diagnostic.ts';
import type { Module } from '../ir.ts';
import type { Location } from '../location.ts';

import { hierarchy, isBlackBox } from '../passes/hierarchy.ts';
import { printExternal } from './external.ts';

import { commented, type Locate, type ModuleNames, printBody } from './module.ts';
import { quoted } from './names.ts';
import { popcountBody } from './popcount.ts';
import { firrtlOmissions, firrtlRefusals } from './refusal.ts';

export { firrtlOmissions, firrtlRefusals } from './refusal.ts';

export interface FirrtlOptions {
  /**
   * Source locators `@[file line:column]` behind statements: none (default), or with paths relative to a folder, so that
   * the text does not depend on where the design lies.
   */
  readonly locators?: 'none' | { readonly relativeTo: string };
}

export interface FirrtlOutput {
  readonly text: string;
  /** Name of the main module, which is the circuit's. */
  readonly top: string;
  /** Requests that FIRRTL has no word for and that change no behaviour (memory styles). */
  readonly omitted: readonly Diagnostic[];
}

function locatorOf(options: FirrtlOptions): Locate {
  const { locators = 'none' } = options;
  if (locators === 'none') return () => '';
  return (location: Location) => {
    const at = location.resolve();
    if (at === undefined) return '';
    const file = relative(locators.relativeTo, at.file).replaceAll('\\', '/').replaceAll(']', '\\]');
    return ` @[${file} ${at.line}:${at.column}]`;
  };
}

interface Printed {
  readonly doc: readonly string[];
  readonly body: string;
  /** A black box. */
  readonly external?: boolean;
}

/** Modules by name: two of one name and one text are one, of one name and two texts get different names. */
class Circuit implements ModuleNames {
  readonly modules = new Map<string, Printed>();
  readonly #top: string;
  readonly #names = new Map<Module, string>();
  readonly #popcounts = new Map<number, string>();

  of(module: Module): string {
    const known = this.#names.get(module);
    if (known === undefined) throw new Error(`internal: module ${module.name} is not printed yet`);
    return known;
  }

  /** `top` is the name of the main module, which no other gets. */
  constructor(top: string) {
    this.#top = top;
  }

  popcount(width: number): string {
    const doc = [`; Number of ones among ${width} bits.`];
    const known = this.#popcounts.get(width) ?? this.#add(`popcount_${width}`, { doc, body: popcountBody(width) });
    this.#popcounts.set(width, known);
    return known;
  }

  print(module: Module, isTop: boolean, locate: Locate): void {
    const doc = module.doc === '' ? [] : commented(module.doc);
    const external = isBlackBox(module);
    const body = external ? printExternal(module) : printBody(module, this, locate);
    this.#names.set(module, this.#add(module.name, { doc, body, external }, isTop));
  }

  #add(base: string, printed: Printed, isTop = false): string {
    for (let i = 0; ; i++) {
      const name = i === 0 ? base : `${base}_${i}`;
      const known = this.modules.get(name);
      if (!isTop && name === this.#top) continue;
      if (known !== undefined && known.body !== printed.body) continue;
      if (known === undefined) this.modules.set(name, printed);
      return name;
    }
  }
}

/** Prints `design` and everything below it; throws a `DesignError` with all that FIRRTL cannot say of it. */
export function printFirrtl(design: { readonly module: Module }, options: FirrtlOptions = {}): FirrtlOutput {
  const refused = firrtlRefusals(design.module);
  if (refused.length > 0) throw new DesignError(`module ${design.module.name}`, refused);
  const locate = locatorOf(options);
  const circuit = new Circuit(design.module.name);
  for (const module of hierarchy(design.module, isBlackBox)) circuit.print(module, module === design.module, locate);
  const top = circuit.of(design.module);
  const modules = [...circuit.modules].map(([name, { doc, body, external = false }]) => {
    const head = `  ${name === top ? 'public ' : ''}${external ? 'extmodule' : 'module'} ${quoted(name)} :`;
    return `${doc.map((line) => `  ${line}\n`).join('')}${head}\n${body}`;
  });
  const text = `FIRRTL version 4.0.0\ncircuit ${quoted(top)} :\n${modules.join('\n')}`;
  return { text, top, omitted: firrtlOmissions(design.module) };
}
