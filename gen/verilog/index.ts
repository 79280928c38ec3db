/** Verilog-2005 files of a design: the same text for the same design. */
import { bitsFor, type Module } from '../ir.ts';
import type { Location } from '../location.ts';
import type { Design } from '../module.ts';
import { hierarchy, isBlackBox } from '../passes/hierarchy.ts';
import { popcountDesign } from '../popcount.ts';
import { name, type VerilogModule } from './ast.ts';
import { emitModule, type ModuleNames } from './emit.ts';
import { styleOf, type VerilogOptions } from './options.ts';
import { type PrintStyle, printBody, printHead } from './print.ts';

export type { VerilogOptions } from './options.ts';

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
  /** Share of declared identifiers that neither the design gave nor come from one it gave, 0 to 1. */
  readonly generatedNames: number;
}

/**
 * Define that replaces the counters inside `popcount_N` by `$countones` (SystemVerilog), and the implementation of a module by the module
 * itself: both simulate much faster.
 */
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

/** The text of a module that has an implementation: either of the two bodies. */
function withImplementation(m: VerilogModule, implementation: VerilogModule): VerilogModule {
  return { ...m, items: [{ kind: 'ifdef', define: behaviouralDefine, yes: m.items, no: implementation.items }] };
}

type Printed = Omit<VerilogFile, 'name'>;

class Printer implements ModuleNames {
  /** Verilog name of every module met. */
  readonly #names = new Map<Module, string>();
  /** By name: two modules of one name and one text are one, of one name and two texts get different names; tops keep their own. */
  readonly printed = new Map<string, Printed>();
  readonly #popcounts = new Map<number, string>();
  readonly #tops: readonly Module[];
  readonly #style: PrintStyle;
  declared = 0;
  generated = 0;

  constructor(tops: readonly Module[], style: PrintStyle) {
    this.#tops = tops;
    this.#style = style;
  }

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
    const modules = printedBelow(top);
    for (const module of modules.filter(isBlackBox)) this.#names.set(module, module.name);
    const boxes = new Set(modules.filter(isBlackBox).map((m) => m.name));
    for (const module of modules) {
      if (!this.#names.has(module)) this.#printOne(module, boxes, module === top ? finish : (m) => m);
    }
    return this.of(top);
  }

  #printOne(module: Module, boxes: ReadonlySet<string>, finish: (m: VerilogModule) => VerilogModule): void {
    const base = module.name;
    const names = { of: (m: Module) => this.of(m), popcount: (w: number) => this.popcount(w) };
    const emitted = emitModule(module, names);
    const { implementation } = module;
    const tree = finish(
      implementation === undefined
        ? emitted.module
        : withImplementation(emitted.module, emitModule(implementation, names).module),
    );
    const body = printBody(tree, this.#style);
    for (let i = 0; ; i++) {
      const found = i === 0 ? base : `${base}_${i}`;
      if (boxes.has(found)) continue;
      const head = printHead(tree, found, this.#style);
      const known = this.printed.get(found);
      const text = head.text + body.text;
      if (known === undefined && this.#tops.some((top) => top !== module && top.name === found)) continue;
      if (known !== undefined && known.text !== text) continue;
      this.#names.set(module, found);
      if (known !== undefined) return;
      this.declared += emitted.count.declared;
      this.generated += emitted.count.generated;
      this.printed.set(found, { text, origins: [...head.origins, ...body.origins] });
      return;
    }
  }
}

/** The modules at or below `top` that the text needs, children before parents. */
function printedBelow(top: Module): Module[] {
  const order = new Set<Module>();
  for (const module of hierarchy(top, isBlackBox)) {
    if (module.implementation !== undefined)
      for (const below of hierarchy(module.implementation, isBlackBox))
        if (below !== module.implementation) order.add(below);
    order.add(module);
  }
  return [...order];
}

/** Prints `design` and everything below it. */
export function printVerilog(
  design: Design | { readonly module: Module },
  options: VerilogOptions = {},
): VerilogOutput {
  const { files, tops } = printDesigns([design], options);
  return { files, ...tops[0]! };
}

/**
 * Prints several designs and everything below them: a module that two of them have is printed once, and modules of one name that differ get
 * different names. `tops` are in the order of the designs; the names of a design that an earlier one has too are counted there.
 */
export function printDesigns(
  designs: readonly { readonly module: Module }[],
  options: VerilogOptions = {},
): { readonly files: readonly VerilogFile[]; readonly tops: readonly Omit<VerilogOutput, 'files'>[] } {
  const printer = new Printer(
    designs.map((d) => d.module),
    styleOf(options),
  );
  const tops = designs.map(({ module }) => {
    const { declared, generated } = printer;
    const top = printer.print(module);
    const more = printer.declared - declared;
    return { top, generatedNames: more === 0 ? 0 : (printer.generated - generated) / more };
  });
  const header = options.header?.split('\n').map((l) => `// ${l}`.trimEnd()) ?? [];
  const file = (name: string, modules: readonly Printed[]): VerilogFile => ({
    name: `${name}.v`,
    text: header.map((l) => `${l}\n`).join('') + modules.map((m) => m.text).join('\n'),
    origins: [
      ...header.map(() => undefined),
      ...modules.flatMap((m, i) => (i === 0 ? m.origins : [undefined, ...m.origins])),
    ],
  });
  const files =
    options.layout === 'single'
      ? [file(tops.at(-1)!.top, [...printer.printed.values()])]
      : [...printer.printed].map(([module, printed]) => file(module, [printed]));
  return { files, tops };
}
