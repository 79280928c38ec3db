/** B and C of one token: every group's, L elements a word; elements beyond d_state count as zero. */
import { bitsFor, cat, type ModuleBuilder, pack, type SInt, type UInt, uint, unpack } from '../../gen/index.ts';
import type { Control } from './control.ts';
import { type ScanParameters, scanWidths } from './parameters.ts';

export interface InputWords {
  /** The word at an address, one cycle later, held while the pipeline stands. */
  read(address: UInt): { readonly b: readonly SInt[]; readonly c: readonly SInt[] };
}

export function inputBuffer(
  m: ModuleBuilder,
  beat: { readonly b: UInt; readonly c: UInt },
  p: ScanParameters,
  k: Control,
): InputWords {
  const w = scanWidths(p);
  const { inputBits } = p.numerics;
  m.comment('B and C: elements beyond d_state become zero.');
  const remaining = k.remaining.ext(Math.max(w.state, bitsFor(BigInt(p.lanes))));
  const masked = (word: UInt, name: string): UInt =>
    pack(unpack(word, inputBits).map((v, i) => remaining.gt(i).mux(v, 0).named(`${name}_${i}`))).named(
      `${name}_masked`,
    );
  const memory = m.memory('input_words', { depth: w.inputDepth, shape: uint(2 * p.lanes * inputBits) });
  const data = cat(masked(beat.c, 'c_in'), masked(beat.b, 'b_in'));
  memory.write({ address: k.loadWord, data, enable: k.load });
  return {
    read: (address) => {
      const lanes = unpack(memory.read('input_read', address, { enable: k.advance }), inputBits).map((v) =>
        v.asSigned(),
      );
      return { b: lanes.slice(0, p.lanes), c: lanes.slice(p.lanes) };
    },
  };
}
