/**
 * Names of a FIRRTL module: those of the Verilog printer, since they come out in Verilog again. Most words of FIRRTL mean
 * something by their place only and may be names; the others are avoided, and quoted where a port has one, since ports are
 * never altered.
 */
import { Names } from '../verilog/names.ts';

/** Words that firtool does not take as the name of a value: types, and `is` of an older `x is invalid`. */
const keywords = new Set(
  'Analog AnyRef AsyncReset Bool Clock Double Fixed Integer Interval List Path Probe RWProbe Reset SInt String UInt is'.split(
    ' ',
  ),
);
const plain = /^[A-Za-z_][A-Za-z0-9_$]*$/;

/** A port's name where FIRRTL reads a name. */
export const quoted = (name: string): string => (keywords.has(name) || !plain.test(name) ? `\`${name}\`` : name);

export class FirrtlNames {
  readonly #names = new Names();

  reserve(port: string): string {
    this.#names.reserve(port);
    return quoted(port);
  }

  unique(wish: string): string {
    return this.#names.unique(keywords.has(wish) ? `${wish}_` : wish);
  }
}
