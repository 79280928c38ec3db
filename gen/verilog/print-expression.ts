/** Verilog text of expressions: operator precedence lives here and nowhere else. */
import type { BinaryOp, Expr } from './ast.ts';

/** IEEE 1364-2005, table 5-4; a higher number binds tighter. */
const precedence: { readonly [O in BinaryOp]: number } = {
  '*': 10,
  '+': 9,
  '-': 9,
  '<<': 8,
  '>>': 8,
  '>>>': 8,
  '<': 7,
  '<=': 7,
  '>': 7,
  '>=': 7,
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
  // within bitwise operators and shifts: say it
  const mixed = e.kind === 'binary' && e.op !== op && (own <= precedence['&'] || own === precedence['<<']);
  const same = e.kind === 'binary' && e.op === op && associative.has(op);
  return operand(e, mixed ? primary : right && !same ? own + 1 : own);
}

function literal(width: number, value: bigint, signed: boolean): string {
  if (signed && width === 1) return `1'sb${value}`; // 1 is -1, which decimal cannot say
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
