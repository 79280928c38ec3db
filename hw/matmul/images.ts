/** A weight stream as files: bytes, hex for `$readmemh`, and a C header. */
import { type BeatStream, beatValue, type Order } from './layout.ts';

/** Where the streams of a model lie in the weight memory: one after the other, each from a page on, so that bursts begin on one. */
export const page = 4096;

export interface ImageFacts {
  /** A C identifier. */
  readonly name: string;
  readonly rows: number;
  readonly cols: number;
  readonly lanes: number;
  readonly columns: number;
  readonly order: Order;
  /** In the weight memory, in bytes. */
  readonly address: number;
}

/** One beat a line, highest bit first. */
export function hexImage(s: BeatStream, beatBits: number): string {
  const digits = Math.ceil(beatBits / 4);
  const line = (_: unknown, b: number): string => `${beatValue(s, b).toString(16).padStart(digits, '0')}\n`;
  return Array.from({ length: s.beats }, line).join('');
}

const bytesPerLine = 16;

/** Sizes as macros, and the bytes of the binary image. */
export function headerImage(s: BeatStream, { name, rows, cols, lanes, columns, order, address }: ImageFacts): string {
  const macro = name.toUpperCase();
  const hex = Buffer.from(s.bytes).toString('hex');
  const lines: string[] = [];
  for (let i = 0; i < hex.length; i += 2 * bytesPerLine)
    lines.push(`    ${hex.slice(i, i + 2 * bytesPerLine).replace(/../g, '0x$&,')}`);
  return [
    `/* Weight stream of ${name}, ${rows} x ${cols}: beats of ${lanes} rows x ${columns} columns, ${order}; 1 is +1. */`,
    `#ifndef ${macro}_H`,
    `#define ${macro}_H`,
    '#include <stdint.h>',
    '',
    `#define ${macro}_ROWS ${rows}`,
    `#define ${macro}_COLS ${cols}`,
    `#define ${macro}_BEATS ${s.beats}`,
    `#define ${macro}_BEAT_BYTES ${s.bytesPerBeat}`,
    `#define ${macro}_ADDRESS ${address}`,
    '',
    `static const uint8_t ${name}[${s.bytes.length}] = {`,
    ...lines,
    '};',
    '',
    '#endif',
    '',
  ].join('\n');
}
