/** The part of Verilog-2005 that the printer writes, as data. */
import type { Location } from '../location.ts';

export type UnaryOp = '~' | '|' | '^' | '&';
export type BinaryOp = '+' | '-' | '*' | '&' | '|' | '^' | '==' | '!=' | '<' | '<=' | '>' | '>=' | '<<' | '>>' | '>>>';

export type Expr =
  | { readonly kind: 'name'; readonly name: string; readonly signed: boolean }
  /** A sized literal; `value` is the bit pattern, never negative. */
  | { readonly kind: 'literal'; readonly width: number; readonly value: bigint; readonly signed: boolean }
  | { readonly kind: 'unary'; readonly op: UnaryOp; readonly a: Expr }
  | { readonly kind: 'binary'; readonly op: BinaryOp; readonly a: Expr; readonly b: Expr }
  | { readonly kind: 'conditional'; readonly test: Expr; readonly yes: Expr; readonly no: Expr }
  | { readonly kind: 'concat'; readonly parts: readonly Expr[] }
  | { readonly kind: 'repeat'; readonly count: number; readonly a: Expr }
  | { readonly kind: 'select'; readonly name: string; readonly high: number; readonly low: number }
  /** A word of a memory, or bits of it. */
  | {
      readonly kind: 'index';
      readonly name: string;
      readonly index: Expr;
      readonly bits: { readonly high: number; readonly low: number } | undefined;
    }
  /** A system function or a size cast, such as `$signed(a)` or `9'(a)`. */
  | { readonly kind: 'call'; readonly name: string; readonly a: Expr };

/** Where in the design something comes from. */
export interface Placed {
  readonly origin: Location | undefined;
}

export interface Comment {
  readonly kind: 'comment';
  readonly text: string;
}

export type Statement =
  | Comment
  | ({ kind: 'check'; check: 'assert' | 'assume' | 'cover'; name: string; condition: Expr } & Placed)
  | ({ kind: 'set'; target: Expr; value: Expr } & Placed)
  | { kind: 'if'; test: Expr; yes: readonly Statement[]; no: readonly Statement[] };

export interface Declared extends Placed {
  readonly name: string;
  readonly width: number;
  readonly signed: boolean;
}

export type Item =
  | Comment
  | { kind: 'blank' }
  | ({ kind: 'wire'; value: Expr | undefined } & Declared)
  /** `attribute`: what stands between `(*` and `*)`. */
  | ({ kind: 'reg'; attribute: string | undefined; depth: number | undefined; init: Expr | undefined } & Declared)
  | ({ kind: 'assign'; target: string; value: Expr } & Placed)
  | { kind: 'always'; clock: string; reset: string | undefined; body: readonly Statement[] }
  /** Contents of a memory at power-up, from word 0 on; words beyond are `rest`. */
  | ({ kind: 'fill'; name: string; words: readonly Expr[]; depth: number; rest: Expr } & Placed)
  | ({
      kind: 'instance';
      module: string;
      name: string;
      parameters: readonly { readonly name: string; readonly text: string }[];
      connections: readonly Connection[];
    } & Placed)
  | { kind: 'ifdef'; define: string; yes: Iterable<Item>; no: Iterable<Item> | undefined };

export interface Connection {
  readonly port: string;
  readonly value: Expr;
}

export interface PortDecl extends Declared {
  readonly direction: 'input' | 'output';
  readonly doc: string;
}

/** A module without its name, which is known when its text is. */
export interface VerilogModule extends Placed {
  readonly doc: string;
  readonly ports: readonly PortDecl[];
  readonly items: Iterable<Item>;
}

export const name = (n: string, signed = false): Expr => ({ kind: 'name', name: n, signed });
export const unary = (op: UnaryOp, a: Expr): Expr => ({ kind: 'unary', op, a });
export const binary = (op: BinaryOp, a: Expr, b: Expr): Expr => ({ kind: 'binary', op, a, b });

const comparisons: ReadonlySet<BinaryOp> = new Set(['==', '!=', '<', '<=', '>', '>=']);
const shifts: ReadonlySet<BinaryOp> = new Set(['<<', '>>', '>>>']);

/** Whether Verilog takes an expression as signed where it compares it or looks up a word with it (IEEE 1364-2005, 5.5.1). */
export function isSigned(e: Expr): boolean {
  switch (e.kind) {
    case 'name':
    case 'literal':
      return e.signed;
    case 'unary':
      return e.op === '~' && isSigned(e.a);
    case 'binary':
      return !comparisons.has(e.op) && isSigned(e.a) && (shifts.has(e.op) || isSigned(e.b));
    case 'conditional':
      return isSigned(e.yes) && isSigned(e.no);
    case 'call':
      return e.name === '$signed';
    default:
      return false;
  }
}
