/** Source maps (version 3) of printed Verilog: from a line of it to the TypeScript that made it. */
import { relative } from 'node:path';
import { addMapping, GenMapping, toEncodedMap } from '@jridgewell/gen-mapping';
import { originalPositionFor, TraceMap } from '@jridgewell/trace-mapping';
import type { VerilogFile } from './index.ts';

/**
 * The map of one file as JSON text. Sources are named relative to `root`, with forward slashes, so that the same design
 * gives the same bytes wherever it is printed. Lines without an origin of their own belong to the line before.
 */
export function sourceMap(file: VerilogFile, root: string): string {
  const map = new GenMapping({ file: file.name });
  file.origins.forEach((origin, i) => {
    const at = origin?.resolve();
    if (at === undefined) return;
    const source = relative(root, at.file).replaceAll('\\', '/');
    const column = at.column - 1;
    addMapping(map, { generated: { line: i + 1, column: 0 }, source, original: { line: at.line, column } });
  });
  return `${JSON.stringify(toEncodedMap(map))}\n`;
}

export interface Origin {
  /** As the map names it. */
  readonly source: string;
  readonly line: number;
  readonly column: number;
  /** The line of the Verilog that carries this origin: the one asked for, or the nearest before it. */
  readonly verilogLine: number;
}

/** Where line `line` of a printed file comes from; undefined when nothing at or before it has an origin. */
export function originOf(map: string, line: number): Origin | undefined {
  const trace = new TraceMap(map);
  for (let at = line; at >= 1; at--) {
    const { source, line: row, column } = originalPositionFor(trace, { line: at, column: 0 });
    if (source !== null) return { source, line: row, column: column + 1, verilogLine: at };
  }
  return undefined;
}
