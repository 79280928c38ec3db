/** Verilog-2005 files of a design: one module per file, the same text for the same design. */

import { bitsFor, type Module } from '../ir.ts';
import type { Location } from '../location.ts';
import type { Design } from '../module.ts';
import { hierarchy } from '../passes/hierarchy.ts';
import { popcountDesign } from '../popcount.ts';
import { name, type VerilogModule } from './ast.ts';
import { emitModule, type ModuleNames } from './emit.ts';
import { identifier } from './names.ts';
import { printModule } from './print.ts';

export interface VerilogFile {
  /** `<module>.v` */
  readonly name: string;
  readonly text: string;
  /** Where in the design each line comes from; undefined for lines that only frame others. */
  readonly origins: readonly (Location | undefined)[];
}

export interface VerilogOutput {
  /** Children before parents; the top module is last. */
  readonly files: readonly VerilogFile[];
  readonly top: string;
  /** Share of declared identifiers that the design did not name itself, 0 to 1. */
  readonly generatedNames: number;
}

/** Define that replaces the counters inside `popcount_N` by `$countones` (SystemVerilog), which simulates much faster. */
export const behaviouralDefine = 'POPSCAN_BEHAVIOURAL';

/** The counters of a `popcount_N`, with the behavioural twin beside them. */
function withTwin(m: VerilogModule, width: number): VerilogModule {
  const count = {
    kind: 'call',
    name: `${bitsFor(BigInt(width))}'`,
    a: { kind: 'call', name: '$countones', a: name('x') },
  } as const;
  const twin = [{ kind: 'assign', target: 'count', value: count, origin: m.origin }] as const;
  return { ...m, items: [{ kind: 'ifdef', define: behaviouralDefine, yes: twin, no: m.items }] };
}

class Printer implements ModuleNames {
  /** Verilog name of every module met. */
  readonly #names = new Map<Module, string>();
  /** Text by name: two modules of one name and one text are one, of one name and two texts get different names. */
  readonly files = new Map<string, Omit<VerilogFile, 'name'>>();
  readonly #popcounts = new Map<number, string>();
  declared = 0;
  generated = 0;

  of(module: Module): string {
    const known = this.#names.get(module);
    if (known === undefined) throw new Error(`module ${module.name} is not printed yet`);
    return known;
  }

  popcount(width: number): string {
    const known = this.#popcounts.get(width);
    if (known !== undefined) return known;
    const design = popcountDesign(width);
    const printed = this.print(design.module, (m) => withTwin(m, width));
    this.#popcounts.set(width, printed);
    return printed;
  }

  print(top: Module, finish: (m: VerilogModule) => VerilogModule = (m) => m): string {
    for (const module of hierarchy(top)) {
      if (!this.#names.has(module)) this.#printOne(module, module === top ? finish : (m) => m);
    }
    return this.of(top);
  }

  #printOne(module: Module, finish: (m: VerilogModule) => VerilogModule): void {
    const base = identifier(module.name);
    const emitted = emitModule(module, {
      of: (m) => (m === module ? base : this.of(m)),
      popcount: (w) => this.popcount(w),
    });
    for (let i = 0; ; i++) {
      const found = i === 0 ? base : `${base}_${i}`;
      const lines = printModule(finish({ ...emitted.module, name: found }));
      const text = `${lines.map((l) => l.text).join('\n')}\n`;
      if ((this.files.get(found)?.text ?? text) !== text) continue;
      if (!this.files.has(found)) {
        this.declared += emitted.declared;
        this.generated += emitted.generated;
      }
      this.files.set(found, { text, origins: lines.map((l) => l.origin) });
      this.#names.set(module, found);
      return;
    }
  }
}

/** Prints `design` and everything below it. */
export function printVerilog(design: Design | { readonly module: Module }): VerilogOutput {
  const printer = new Printer();
  const top = printer.print(design.module);
  const files = [...printer.files].map(([module, file]) => ({ name: `${module}.v`, ...file }));
  return { files, top, generatedNames: printer.declared === 0 ? 0 : printer.generated / printer.declared };
}
