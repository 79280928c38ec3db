/** A design with its stimulus and the hash of its results inside, so that every simulator can run it alone for any number of cycles. */
import {
  addressWidth,
  bit,
  cat,
  type Design,
  defineModule,
  fromBits,
  leafShapes,
  type ModuleBuilder,
  output,
  type Shape,
  toBits,
  type UInt,
  uint,
  widthOf,
} from '../../gen/index.ts';
import type { Beat } from '../../sim/index.ts';

export interface Stimulus {
  /** Of every stream the design takes: its beats, over and over. Of a plain input: a value per cycle, over and over; default 0. */
  readonly feeds: Readonly<Record<string, readonly Beat[]>>;
  /** `stalling`: both sides of every stream pause at random; default: never. */
  readonly pace?: 'full' | 'stalling';
}

interface Port {
  readonly kind: 'input' | 'output' | 'sink' | 'source';
  readonly shape: Shape;
}
interface Handle {
  drive(value: unknown): void;
}
interface StreamHandle {
  readonly valid: Handle & UInt;
  readonly ready: Handle & UInt;
  readonly payload: Handle;
}

export const selfDrivenPorts = { hash: output(uint(64), 'of all results since the reset') };

/**
 * `design` between read-only memories of beats and a hash of everything that comes out: streams by the handshake, values of
 * beats that are not valid left out.
 */
export function selfDriven(design: Design, { feeds, pace = 'full' }: Stimulus): Design<typeof selfDrivenPorts> {
  const doc = `${design.module.name} with its stimulus inside.`;
  return defineModule({ name: `self_driven_${design.module.name}`, doc, ports: selfDrivenPorts }, (m, io) => {
    const inner = m.instance('dut', design) as unknown as Readonly<Record<string, Handle | StreamHandle>>;
    const pauses = pace === 'full' ? undefined : randomBits(m);
    const hash = m.register('hash_q', uint(64), { reset: 0 });
    const rotated = cat(hash.slice(62, 0), hash.bit(63));
    let folded: UInt = rotated;
    const look = (word: UInt) => {
      for (let low = 0; low < word.width; low += 64)
        folded = folded.xor(word.slice(Math.min(word.width, low + 64) - 1, low).ext(64));
    };
    const go = (i: number): UInt => pauses?.bit(i % pauses.width) ?? m.constant(bit, 1);
    for (const [i, [name, port]] of Object.entries(design.ports as Readonly<Record<string, Port>>).entries()) {
      const handle = inner[name]!;
      const beats = feeds[name] ?? [];
      if (port.kind === 'input') {
        (handle as Handle).drive(beatAt(m, name, port.shape, beats, m.constant(bit, 1)));
      } else if (port.kind === 'output') {
        look(toBits(handle as never));
      } else if (port.kind === 'sink') {
        const { valid, ready, payload } = handle as StreamHandle;
        const offered = m.register(`${name}_offered`, bit, { reset: 0 });
        const moved = offered.and(ready).named(`${name}_moved`);
        offered.next(beats.length === 0 ? m.constant(bit, 0) : offered.and(ready.not()).or(go(i)));
        valid.drive(offered);
        payload.drive(beatAt(m, name, port.shape, beats, moved));
      } else {
        const { valid, ready, payload } = handle as StreamHandle;
        ready.drive(go(i + 7));
        const word = toBits(payload as never);
        look(cat(valid, valid.and(go(i + 7)).mux(word, m.constant(uint(word.width), 0))));
      }
    }
    hash.next(folded);
    io.hash.drive(hash);
  });
}

/** The present one of `beats`, and the next after a cycle with `advance`. */
function beatAt(m: ModuleBuilder, name: string, shape: Shape, beats: readonly Beat[], advance: UInt): unknown {
  const words = beats.length === 0 ? [0n] : beats.map((b) => wordOf(shape, b));
  const at = m.register(`${name}_at`, uint(addressWidth(words.length)), { reset: 0, enable: advance });
  const next = at.add(1).trunc(at.width);
  at.next(at.eq(words.length - 1).mux(m.constant(at.type, 0), next));
  const memory = m.memory(`${name}_beats`, { depth: words.length, shape: uint(widthOf(shape)), init: words });
  return fromBits(shape, memory.readNow(`${name}_beat`, at) as UInt);
}

function wordOf(shape: Shape, beat: Beat): bigint {
  const fields: Readonly<Record<string, bigint | number>> = typeof beat === 'object' ? beat : { data: beat };
  let [word, low] = [0n, 0n];
  for (const [name, { width }] of leafShapes(shape, '')) {
    const value = fields[name === '' ? 'data' : name.replace(/^_/, '')]!;
    word |= BigInt.asUintN(width, BigInt(value)) << low;
    low += BigInt(width);
  }
  return word;
}

/** 31 bits of a shift register, x^31 + x^28 + 1: each is 1 half of the time. */
function randomBits(m: ModuleBuilder): UInt {
  const state = m.register('noise', uint(31), { reset: 1 });
  state.next(cat(state.slice(29, 0), state.bit(30).xor(state.bit(27))));
  return state;
}
