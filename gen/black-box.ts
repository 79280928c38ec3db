/** Black boxes: primitives of a vendor and cores from elsewhere, which are instantiated but not printed. */
import { DesignError } from './diagnostic.ts';
import type { ClockDomain, ResetStyle } from './domain.ts';
import type { Inside, Interface } from './interface.ts';
import type { BlackBoxParameter } from './ir.ts';
import { Location } from './location.ts';
import { blackBoxParameter } from './mistakes.ts';
import { type Design, defineModule, type ModuleBuilder } from './module.ts';
import type { Shape } from './shape.ts';
import { type Drivable, leavesOf } from './value.ts';
import { identifier } from './verilog/names.ts';

export interface BlackBoxSpec<I extends Interface, D extends string = string> {
  /** The module's name in Verilog, e.g. `LUT6_2`. */
  readonly name: string;
  readonly doc: string;
  /** Ports in the order of the instance; clocks and resets come from the domains. */
  readonly ports: I;
  readonly parameters?: Readonly<Record<string, BlackBoxParameter>>;
  /** With `none` the box has no reset pin: the reset of its domain is not connected. Default synchronous. */
  readonly reset?: ResetStyle | 'none';
  /** `clockDomain(name, { clockPort, resetPort })` names the pins. */
  readonly domains?: readonly [ClockDomain<D>, ...ClockDomain<D>[]];
}

/**
 * A module that prints as an instance with parameters and nothing else. `model` says what it does, in our terms, and is what
 * our simulator runs; a box without a model cannot be simulated there, and its outputs are taken to depend on no input within
 * a cycle. Throws a `DesignError` for what is wrong with parameters or model.
 */
export function blackBox<I extends Interface, D extends string = string>(
  spec: BlackBoxSpec<I, D>,
  model?: (m: ModuleBuilder, io: Inside<I>) => void,
): Design<I, D> {
  const { parameters = {}, reset = 'synchronous', ...rest } = spec;
  const wrong = Object.entries(parameters).filter(([name, value]) => identifier(name) !== name || !sayable(value));
  const at = Location.capture(blackBox);
  if (wrong.length > 0)
    throw new DesignError(
      `black box ${spec.name}`,
      wrong.map(([name, value]) => blackBoxParameter(name, showParameter(value), at)),
    );
  const design = defineModule({ ...rest, ...(reset === 'none' ? {} : { reset }) }, model ?? unknown<I>);
  const box = {
    parameters: new Map(Object.entries(parameters)),
    modelled: model !== undefined,
    resetPin: reset !== 'none',
  };
  return { ...design, module: { ...design.module, blackBox: box, location: at } };
}

/** The body of a box that nobody has described. */
function unknown<I extends Interface>(m: ModuleBuilder, io: Inside<I>): void {
  for (const leaf of leavesOf(io)) {
    const drive = (leaf as unknown as Partial<Drivable<Shape>>).drive as ((value: unknown) => void) | undefined;
    if (drive === undefined) m.unused(leaf);
    else drive.call(leaf, leaf.type.kind === 'enumeration' ? leaf.type.states[0] : 0);
  }
}

function sayable(value: BlackBoxParameter): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && Math.abs(value) < 2 ** 31;
  if (typeof value === 'string') return /^[ !#-[\]-~]*$/.test(value);
  return value.value >= 0n && value.value < 1n << BigInt(value.width);
}

/** As Verilog writes it. */
export function showParameter(value: BlackBoxParameter): string {
  if (typeof value === 'number') return `${value}`;
  return typeof value === 'string' ? `"${value}"` : `${value.width}'h${value.value.toString(16)}`;
}
