/** Verilog text from its syntax tree, line by line, each line with the place in the design that it comes from. */
import type { Location } from '../location.ts';
import type { Declared, Item, PortDecl, Statement, VerilogModule } from './ast.ts';
import { printExpr } from './print-expression.ts';

export interface Line {
  readonly text: string;
  readonly origin: Location | undefined;
}

const lineWidth = 110;

const plain = (text: string): Line => ({ text, origin: undefined });
const range = (width: number): string => (width === 1 ? '' : ` [${width - 1}:0]`);
const declaration = (d: Declared): string => `${d.signed ? ' signed' : ''}${range(d.width)}`;

/** `text` at `indent`, broken at its last spaces before a line gets too long. */
function wrap(text: string, indent: string, origin: Location | undefined): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (let margin = indent; ; margin = `${indent}    `) {
    const room = lineWidth - margin.length;
    const at = text.length - start <= room ? -1 : text.lastIndexOf(' ', start + room);
    if (at <= start + 4) return [...lines, { text: margin + text.slice(start), origin }];
    lines.push({ text: margin + text.slice(start, at), origin });
    start = at + 1;
  }
}

function commentLines(text: string, indent: string): Line[] {
  return text.split('\n').map((l) => plain(`${indent}// ${l}`.trimEnd()));
}

function printIf(s: Extract<Statement, { kind: 'if' }>, indent: string): Line[] {
  const head = `if (${printExpr(s.test)})`;
  const only = s.yes[0];
  if (s.no.length === 0 && s.yes.length === 1 && only?.kind === 'set') {
    return wrap(`${head} ${printExpr(only.target)} <= ${printExpr(only.value)};`, indent, only.origin);
  }
  const lines = [plain(`${indent}${head} begin`), ...printStatements(s.yes, `${indent}  `)];
  if (s.no.length === 0) return [...lines, plain(`${indent}end`)];
  const next = s.no[0];
  if (s.no.length === 1 && next?.kind === 'if') {
    const [first, ...rest] = printIf(next, indent);
    return [...lines, { ...first!, text: `${indent}end else ${first!.text.trimStart()}` }, ...rest];
  }
  return [...lines, plain(`${indent}end else begin`), ...printStatements(s.no, `${indent}  `), plain(`${indent}end`)];
}

function printStatement(s: Statement, indent: string): Line[] {
  switch (s.kind) {
    case 'if':
      return printIf(s, indent);
    case 'set':
      return wrap(`${printExpr(s.target)} <= ${printExpr(s.value)};`, indent, s.origin);
    case 'comment':
      return commentLines(s.text, indent);
    case 'check':
      return wrap(`${s.name}: ${s.check} (${printExpr(s.condition)});`, indent, s.origin);
  }
}

const printStatements = (body: readonly Statement[], indent: string): Line[] =>
  body.flatMap((s) => printStatement(s, indent));

/** The words given, then a loop over the rest. */
function printFill(item: Extract<Item, { kind: 'fill' }>, indent: string): Line[] {
  const { name, words, depth, origin } = item;
  const index = `${name}_index`;
  const loop = `for (${index} = ${words.length}; ${index} < ${depth}; ${index} = ${index} + 1) ${name}[${index}] = ${printExpr(item.rest)};`;
  const more = words.length < depth;
  return [
    ...(more ? [plain(`${indent}integer ${index};`)] : []),
    plain(`${indent}initial begin`),
    ...words.map((w, i): Line => ({ text: `${indent}  ${name}[${i}] = ${printExpr(w)};`, origin })),
    ...(more ? [{ text: `${indent}  ${loop}`, origin }] : []),
    plain(`${indent}end`),
  ];
}

function printItem(item: Item, indent: string): Line[] {
  switch (item.kind) {
    case 'comment':
      return commentLines(item.text, indent);
    case 'blank':
      return [plain('')];
    case 'wire': {
      const head = `wire${declaration(item)} ${item.name}`;
      return wrap(item.value === undefined ? `${head};` : `${head} = ${printExpr(item.value)};`, indent, item.origin);
    }
    case 'reg': {
      const depth = item.depth === undefined ? '' : ` [0:${item.depth - 1}]`;
      const attribute = item.attribute === undefined ? '' : `(* ${item.attribute} *) `;
      const init = item.init === undefined ? '' : ` = ${printExpr(item.init)}`;
      const text = `${indent}${attribute}reg${declaration(item)} ${item.name}${depth}${init};`;
      return [{ text, origin: item.origin }];
    }
    case 'assign':
      return wrap(`assign ${item.target} = ${printExpr(item.value)};`, indent, item.origin);
    case 'always': {
      const reset = item.reset === undefined ? '' : ` or posedge ${item.reset}`;
      const head = `${indent}always @(posedge ${item.clock}${reset}) begin`;
      return [plain(head), ...printStatements(item.body, `${indent}  `), plain(`${indent}end`)];
    }
    case 'fill':
      return printFill(item, indent);
    case 'instance': {
      const { origin, connections } = item;
      const last = connections.length - 1;
      const pins = connections.map((c, i) => `${indent}  .${c.port}(${printExpr(c.value)})${i === last ? '' : ','}`);
      return [`${indent}${item.module} ${item.name} (`, ...pins, `${indent});`].map((text) => ({ text, origin }));
    }
    case 'ifdef':
      return [
        plain(`\`ifdef ${item.define}`),
        ...item.yes.flatMap((i) => printItem(i, indent)),
        ...(item.no.length === 0 ? [] : [plain('`else'), ...item.no.flatMap((i) => printItem(i, indent))]),
        plain('`endif'),
      ];
  }
}

function printPort(p: PortDecl, last: boolean): Line[] {
  const text = `  ${p.direction} wire${declaration(p)} ${p.name}${last ? '' : ','}`;
  const line = (t: string): Line => ({ text: t, origin: p.origin });
  if (p.doc === '') return [line(text)];
  const beside = `${text.padEnd(44)}  // ${p.doc}`;
  const above = p.doc.includes('\n') || beside.length > lineWidth;
  return above ? [...commentLines(p.doc, '  '), line(text)] : [line(beside)];
}

/** The lines of a module; joined by newlines they are its file. */
export function printModule(m: VerilogModule): Line[] {
  const ports = m.ports.flatMap((p, i) => printPort(p, i === m.ports.length - 1));
  const body = m.items.flatMap((i) => printItem(i, '  '));
  const head = { text: `module ${m.name} (`, origin: m.origin };
  return [...commentLines(m.doc, ''), head, ...ports, plain(');'), ...body, plain('endmodule')];
}
