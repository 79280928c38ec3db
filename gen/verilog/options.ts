/** How Verilog is laid out; none of it changes what the design does. */
import { relative } from 'node:path';
import type { Location } from '../location.ts';
import type { PrintStyle } from './print.ts';

export interface VerilogOptions {
  /**
   * `files` (default): one module per file, `<module>.v`. `single`: all of them in `<top>.v`, children first, which
   * Verilator's DECLFILENAME does not like.
   */
  readonly layout?: 'files' | 'single';
  /** `all` (default): the documentation of modules and ports, and the comments of bodies. `none`: no comment but the header. */
  readonly comments?: 'all' | 'none';
  /**
   * `none` (default), or `// file:line:column` behind each line that comes from another place of the design than the line
   * before it, with paths relative to a folder, so that the text does not depend on where the design lies.
   */
  readonly locations?: 'none' | { readonly relativeTo: string };
  /** Text of a comment at the top of every file, such as a licence; default none. */
  readonly header?: string;
}

export function styleOf({ comments = 'all', locations = 'none' }: VerilogOptions): PrintStyle {
  const locate = (origin: Location): string => {
    const at = locations === 'none' ? undefined : origin.resolve();
    if (at === undefined || locations === 'none') return '';
    return `  // ${relative(locations.relativeTo, at.file).replaceAll('\\', '/')}:${at.line}:${at.column}`;
  };
  return { comments: comments === 'all', locate };
}
