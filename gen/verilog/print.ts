/** Verilog text from its syntax tree, line by line, each line with the place in the design that it comes from. */
import type { Location } from '../location.ts';
import type { Declared, Item, PortDecl, Statement, VerilogModule } from './ast.ts';
import { printExpr } from './print-expression.ts';

export interface PrintStyle {
  /** Whether the design's documentation and comments are printed. */
  readonly comments: boolean;
  /** What is printed behind a line that comes from a place in the design. */
  readonly locate: (origin: Location) => string;
}

const lineWidth = 110;

/** Text line by line, and where in the design each line comes from; undefined for lines that only frame others. */
export class Lines {
  readonly origins: (Location | undefined)[] = [];
  readonly style: PrintStyle;
  #text = '';
  readonly #open: string[] = [];

  constructor(style: PrintStyle) {
    this.style = style;
  }

  put(line: string, origin?: Location): void {
    const moved = origin !== undefined && origin !== this.origins.at(-1);
    this.#open.push(moved ? line + this.style.locate(origin) : line);
    this.origins.push(origin);
    if (this.#open.length === 4096) this.#close();
  }

  get text(): string {
    this.#close();
    return this.#text;
  }

  /** Joins lines some at a time: a large text is neither a long chain of pieces nor an array of a million of them. */
  #close(): void {
    if (this.#open.length > 0) this.#text += `${this.#open.join('\n')}\n`;
    this.#open.length = 0;
  }
}

const range = (width: number): string => (width === 1 ? '' : ` [${width - 1}:0]`);
const declaration = (d: Declared): string => `${d.signed ? ' signed' : ''}${range(d.width)}`;

/** `text` at `indent`, broken at its last spaces before a line gets too long. */
function wrap(lines: Lines, text: string, indent: string, origin: Location | undefined): void {
  let start = 0;
  for (let margin = indent; ; margin = `${indent}    `) {
    const room = lineWidth - margin.length;
    const at = text.length - start <= room ? -1 : text.lastIndexOf(' ', start + room);
    if (at <= start + 4) {
      lines.put(margin + text.slice(start), origin);
      return;
    }
    lines.put(margin + text.slice(start, at), origin);
    start = at + 1;
  }
}

function printComment(lines: Lines, text: string, indent: string): void {
  if (lines.style.comments) for (const line of text.split('\n')) lines.put(`${indent}// ${line}`.trimEnd());
}

type Kind<T, K> = Extract<T, { readonly kind: K }>;
type Printers<T extends { readonly kind: string }> = {
  readonly [K in T['kind']]: (lines: Lines, it: Kind<T, K>, indent: string) => void;
};

/** `before` stands on the line of the test: the end of the branch that this one follows, or nothing. */
function printIf(lines: Lines, s: Kind<Statement, 'if'>, indent: string, before = ''): void {
  const head = `${before}if (${printExpr(s.test)})`;
  const only = s.yes[0];
  if (s.no.length === 0 && s.yes.length === 1 && only?.kind === 'set') {
    wrap(lines, `${head} ${printExpr(only.target)} <= ${printExpr(only.value)};`, indent, only.origin);
    return;
  }
  lines.put(`${indent}${head} begin`);
  printStatements(lines, s.yes, `${indent}  `);
  const next = s.no[0];
  if (s.no.length === 1 && next?.kind === 'if') {
    printIf(lines, next, indent, 'end else ');
    return;
  }
  if (s.no.length > 0) {
    lines.put(`${indent}end else begin`);
    printStatements(lines, s.no, `${indent}  `);
  }
  lines.put(`${indent}end`);
}

const statements: Printers<Statement> = {
  if: printIf,
  set: (lines, s, indent) => wrap(lines, `${printExpr(s.target)} <= ${printExpr(s.value)};`, indent, s.origin),
  comment: (lines, s, indent) => printComment(lines, s.text, indent),
  check: (lines, s, indent) => wrap(lines, `${s.name}: ${s.check} (${printExpr(s.condition)});`, indent, s.origin),
};

function printStatement(lines: Lines, s: Statement, indent: string): void {
  (statements[s.kind] as (lines: Lines, s: Statement, indent: string) => void)(lines, s, indent);
}

function printStatements(lines: Lines, body: readonly Statement[], indent: string): void {
  for (const s of body) printStatement(lines, s, indent);
}

/** The words given, then a loop over the rest. */
function printFill(lines: Lines, item: Kind<Item, 'fill'>, indent: string): void {
  const { name, words, depth, origin } = item;
  const index = `${name}_index`;
  const loop = `for (${index} = ${words.length}; ${index} < ${depth}; ${index} = ${index} + 1) ${name}[${index}] = ${printExpr(item.rest)};`;
  const more = words.length < depth;
  if (more) lines.put(`${indent}integer ${index};`);
  lines.put(`${indent}initial begin`);
  words.forEach((w, i) => {
    lines.put(`${indent}  ${name}[${i}] = ${printExpr(w)};`, origin);
  });
  if (more) lines.put(`${indent}  ${loop}`, origin);
  lines.put(`${indent}end`);
}

function printInstance(
  lines: Lines,
  { module, name, parameters, connections, origin }: Kind<Item, 'instance'>,
  indent: string,
): void {
  const settings = parameters.map((p) => `.${p.name}(${p.text})`);
  lines.put(`${indent}${module} ${settings.length === 0 ? '' : `#(${settings.join(', ')}) `}${name} (`, origin);
  connections.forEach(({ port, value }, i) => {
    lines.put(`${indent}  .${port}(${printExpr(value)})${i === connections.length - 1 ? '' : ','}`, origin);
  });
  lines.put(`${indent});`, origin);
}

const items: Printers<Item> = {
  comment: (lines, item, indent) => printComment(lines, item.text, indent),
  blank: (lines) => lines.put(''),
  wire: (lines, item, indent) => {
    const value = item.value === undefined ? '' : ` = ${printExpr(item.value)}`;
    wrap(lines, `wire${declaration(item)} ${item.name}${value};`, indent, item.origin);
  },
  reg: (lines, item, indent) => {
    const depth = item.depth === undefined ? '' : ` [0:${item.depth - 1}]`;
    const attribute = item.attribute === undefined ? '' : `(* ${item.attribute} *) `;
    const init = item.init === undefined ? '' : ` = ${printExpr(item.init)}`;
    lines.put(`${indent}${attribute}reg${declaration(item)} ${item.name}${depth}${init};`, item.origin);
  },
  assign: (lines, item, indent) =>
    wrap(lines, `assign ${item.target} = ${printExpr(item.value)};`, indent, item.origin),
  always: (lines, item, indent) => {
    const reset = item.reset === undefined ? '' : ` or posedge ${item.reset}`;
    lines.put(`${indent}always @(posedge ${item.clock}${reset}) begin`);
    printStatements(lines, item.body, `${indent}  `);
    lines.put(`${indent}end`);
  },
  fill: printFill,
  instance: printInstance,
  ifdef: (lines, item, indent) => {
    lines.put(`\`ifdef ${item.define}`);
    for (const i of item.yes) printItem(lines, i, indent);
    if (item.no !== undefined) lines.put('`else');
    for (const i of item.no ?? []) printItem(lines, i, indent);
    lines.put('`endif');
  },
};

function printItem(lines: Lines, item: Item, indent: string): void {
  (items[item.kind] as (lines: Lines, item: Item, indent: string) => void)(lines, item, indent);
}

function printPort(lines: Lines, p: PortDecl, last: boolean): void {
  const text = `  ${p.direction} wire${declaration(p)} ${p.name}${last ? '' : ','}`;
  const beside = p.doc === '' || !lines.style.comments ? text : `${text.padEnd(44)}  // ${p.doc}`;
  const above = beside.includes('\n') || beside.length > lineWidth;
  if (above) printComment(lines, p.doc, '  ');
  lines.put(above ? text : beside, p.origin);
}

/** The lines of a module up to its ports: what depends on its name. */
export function printHead(m: VerilogModule, name: string, style: PrintStyle): Lines {
  const lines = new Lines(style);
  printComment(lines, m.doc, '');
  lines.put(`module ${name} (`, m.origin);
  return lines;
}

/** The rest of its lines. */
export function printBody(m: VerilogModule, style: PrintStyle): Lines {
  const lines = new Lines(style);
  m.ports.forEach((p, i) => {
    printPort(lines, p, i === m.ports.length - 1);
  });
  lines.put(');');
  for (const item of m.items) printItem(lines, item, '  ');
  lines.put('endmodule');
  return lines;
}
