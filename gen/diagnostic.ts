/** Mistakes in a design: collected while it is elaborated, shown together, each pointing at the user's line. */
import { readFileSync } from 'node:fs';
import { Problem } from 'popscan-problem';
import type { DiagnosticId } from './diagnostic-ids.ts';
import type { Location } from './location.ts';

export interface Diagnostic {
  /** Stable; docs/diagnostics/ has a page for it. */
  readonly id: DiagnosticId;
  readonly what: string;
  readonly location: Location;
  readonly expected: string;
  readonly found: string;
  readonly remedy: string;
}

function sourceLine(location: Location): string | undefined {
  const at = location.resolve();
  if (at === undefined) return undefined;
  try {
    return readFileSync(at.file, 'utf8').split('\n')[at.line - 1]?.trim();
  } catch {
    return undefined; // the position is still worth showing when its file cannot be read
  }
}

export function formatDiagnostic(d: Diagnostic): string {
  const line = sourceLine(d.location);
  return [
    `${d.location}: error[${d.id}]: ${d.what}`,
    ...(line === undefined ? [] : [`    ${line}`]),
    `  expected: ${d.expected}`,
    `  found:    ${d.found}`,
    `  to fix:   ${d.remedy}`,
  ].join('\n');
}

/** All that is wrong with one module, or with one call that makes no part of a module; its facts are those of the first mistake. */
export class DesignError extends Problem {
  declare readonly id: DiagnosticId;
  readonly diagnostics: readonly Diagnostic[];

  constructor(subject: string, diagnostics: readonly Diagnostic[]) {
    const count = diagnostics.length === 1 ? '1 error' : `${diagnostics.length} errors`;
    const text = `${count} in ${subject}\n${diagnostics.map(formatDiagnostic).join('\n')}`;
    const first = diagnostics[0]!;
    super({ ...first, where: `${first.location}` }, { text });
    this.diagnostics = diagnostics;
    // the message says it all: Node prints whatever can be enumerated after it
    for (const field of Object.keys(this)) Object.defineProperty(this, field, { enumerable: false });
  }
}
