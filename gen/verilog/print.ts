/** Verilog text from its syntax tree: layout and operator precedence live here and nowhere else. */
import type { BinaryOp, Declared, Expr, Item, PortDecl, Statement, VerilogModule } from './ast.ts';

const lineWidth = 110;

/** IEEE 1364-2005, table 5-4; a higher number binds tighter. */
const precedence: { readonly [O in BinaryOp]: number } = {
  '*': 10,
  '+': 9,
  '-': 9,
  '<<': 8,
  '>>': 8,
  '>>>': 8,
  '<': 7,
  '==': 6,
  '!=': 6,
  '&': 5,
  '^': 4,
  '|': 3,
};
const conditional = 1;
const primary = 12;
/** Operators of which `a op (b op c)` and `(a op b) op c` are the same and may go without parentheses. */
const associative: ReadonlySet<BinaryOp> = new Set(['+', '*', '&', '|', '^']);

function strength(e: Expr): number {
  if (e.kind === 'binary') return precedence[e.op];
  if (e.kind === 'conditional') return conditional;
  return e.kind === 'unary' ? primary - 1 : primary;
}

function operand(e: Expr, atLeast: number): string {
  const text = printExpr(e);
  return strength(e) < atLeast ? `(${text})` : text;
}

function binaryOperand(e: Expr, op: BinaryOp, right: boolean): string {
  const own = precedence[op];
  const mixed = e.kind === 'binary' && e.op !== op && own <= precedence['&']; // within bitwise operators: say it
  const same = e.kind === 'binary' && e.op === op && associative.has(op);
  return operand(e, mixed ? primary : right && !same ? own + 1 : own);
}

function literal(width: number, value: bigint, signed: boolean): string {
  const negative = signed && value >> BigInt(width - 1) === 1n;
  const base = width === 1 || (value < 1024n && !negative) ? 'd' : 'h';
  return `${width}'${signed ? 's' : ''}${base}${value.toString(base === 'd' ? 10 : 16)}`;
}

const bitRange = (high: number, low: number): string => (high === low ? `[${low}]` : `[${high}:${low}]`);

export function printExpr(e: Expr): string {
  switch (e.kind) {
    case 'name':
      return e.name;
    case 'literal':
      return literal(e.width, e.value, e.signed);
    case 'unary':
      return `${e.op}${operand(e.a, primary)}`;
    case 'binary':
      return `${binaryOperand(e.a, e.op, false)} ${e.op} ${binaryOperand(e.b, e.op, true)}`;
    case 'conditional':
      return `${operand(e.test, conditional + 1)} ? ${operand(e.yes, conditional + 1)} : ${operand(e.no, conditional)}`;
    case 'concat':
      return `{${e.parts.map(printExpr).join(', ')}}`;
    case 'repeat':
      return `{${e.count}{${printExpr(e.a)}}}`;
    case 'select':
      return `${e.name}${bitRange(e.high, e.low)}`;
    case 'index':
      return `${e.name}[${printExpr(e.index)}]${e.bits === undefined ? '' : bitRange(e.bits.high, e.bits.low)}`;
    case 'call':
      return `${e.name}(${printExpr(e.a)})`;
  }
}

const range = (width: number): string => (width === 1 ? '' : ` [${width - 1}:0]`);
const declaration = (d: Declared): string => `${d.signed ? ' signed' : ''}${range(d.width)}`;

/** `text` at `indent`, broken at its last spaces before the line gets too long. */
function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let rest = indent + text;
  while (rest.length > lineWidth) {
    const at = rest.lastIndexOf(' ', lineWidth);
    if (at <= indent.length + 4) break;
    lines.push(rest.slice(0, at));
    rest = `${indent}    ${rest.slice(at + 1)}`;
  }
  return [...lines, rest].join('\n');
}

function printIf(s: Extract<Statement, { kind: 'if' }>, indent: string): string[] {
  const head = `if (${printExpr(s.test)})`;
  const only = s.yes[0];
  if (s.no.length === 0 && s.yes.length === 1 && only?.kind === 'set') {
    return [wrap(`${head} ${printExpr(only.target)} <= ${printExpr(only.value)};`, indent)];
  }
  const lines = [`${indent}${head} begin`, ...printStatements(s.yes, `${indent}  `)];
  if (s.no.length === 0) return [...lines, `${indent}end`];
  const next = s.no[0];
  if (s.no.length === 1 && next?.kind === 'if') {
    const [first, ...rest] = printIf(next, indent);
    return [...lines, `${indent}end else ${first!.trimStart()}`, ...rest];
  }
  return [...lines, `${indent}end else begin`, ...printStatements(s.no, `${indent}  `), `${indent}end`];
}

function printStatement(s: Statement, indent: string): string[] {
  switch (s.kind) {
    case 'if':
      return printIf(s, indent);
    case 'set':
      return [wrap(`${printExpr(s.target)} <= ${printExpr(s.value)};`, indent)];
    case 'comment':
      return commentLines(s.text, indent);
    case 'check':
      return [wrap(`${s.name}: ${s.check} (${printExpr(s.condition)});`, indent)];
  }
}

const printStatements = (body: readonly Statement[], indent: string): string[] =>
  body.flatMap((s) => printStatement(s, indent));

function commentLines(text: string, indent: string): string[] {
  return text.split('\n').map((l) => `${indent}// ${l}`.trimEnd());
}

function printFill(item: Extract<Item, { kind: 'fill' }>, indent: string): string[] {
  const words = item.words.map((w, i) => `${indent}  ${item.name}[${i}] = ${printExpr(w)};`);
  const index = `${item.name}_index`;
  const rest = `${indent}  for (${index} = ${item.words.length}; ${index} < ${item.depth}; ${index} = ${index} + 1) ${item.name}[${index}] = ${printExpr(item.rest)};`;
  const loop = item.words.length < item.depth;
  return [
    ...(loop ? [`${indent}integer ${index};`] : []),
    `${indent}initial begin`,
    ...words,
    ...(loop ? [rest] : []),
    `${indent}end`,
  ];
}

function printItem(item: Item, indent: string): string[] {
  switch (item.kind) {
    case 'comment':
      return commentLines(item.text, indent);
    case 'blank':
      return [''];
    case 'wire': {
      const head = `wire${declaration(item)} ${item.name}`;
      return [wrap(item.value === undefined ? `${head};` : `${head} = ${printExpr(item.value)};`, indent)];
    }
    case 'reg': {
      const depth = item.depth === undefined ? '' : ` [0:${item.depth - 1}]`;
      const attribute = item.attribute === undefined ? '' : `(* ram_style = "${item.attribute}" *) `;
      const init = item.init === undefined ? '' : ` = ${printExpr(item.init)}`;
      return [`${indent}${attribute}reg${declaration(item)} ${item.name}${depth}${init};`];
    }
    case 'assign':
      return [wrap(`assign ${item.target} = ${printExpr(item.value)};`, indent)];
    case 'always':
      return [
        `${indent}always @(posedge ${item.clock}${item.reset === undefined ? '' : ` or posedge ${item.reset}`}) begin`,
        ...printStatements(item.body, `${indent}  `),
        `${indent}end`,
      ];
    case 'fill':
      return printFill(item, indent);
    case 'instance': {
      const pins = item.connections.map((c) => `${indent}  .${c.port}(${printExpr(c.value)})`);
      return [`${indent}${item.module} ${item.name} (`, pins.join(',\n'), `${indent});`];
    }
    case 'ifdef':
      return [
        `\`ifdef ${item.define}`,
        ...item.yes.flatMap((i) => printItem(i, indent)),
        ...(item.no.length === 0 ? [] : ['`else', ...item.no.flatMap((i) => printItem(i, indent))]),
        '`endif',
      ];
  }
}

function printPort(p: PortDecl, last: boolean): string[] {
  const text = `  ${p.direction} wire${declaration(p)} ${p.name}${last ? '' : ','}`;
  if (p.doc === '') return [text];
  const beside = `${text.padEnd(44)}  // ${p.doc}`;
  return p.doc.includes('\n') || beside.length > lineWidth ? [...commentLines(p.doc, '  '), text] : [beside];
}

export function printModule(m: VerilogModule): string {
  const ports = m.ports.flatMap((p, i) => printPort(p, i === m.ports.length - 1));
  const body = m.items.flatMap((i) => printItem(i, '  '));
  return `${[...commentLines(m.doc, ''), `module ${m.name} (`, ...ports, ');', ...body, 'endmodule'].join('\n')}\n`;
}
