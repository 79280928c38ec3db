/** Coverage in a folder: `coverage.json`, merged with what is there, and `index.html`. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SimProblem } from '../engine.ts';
import { writeText } from '../files.ts';
import { type Coverage, mergeCoverage } from './data.ts';
import { coverageHtml } from './html.ts';

/** Adds a run to a folder; returns all that is in it now. Throws a `SimProblem` where another design's coverage is there. */
export function storeCoverage(folder: string, run: Coverage): Coverage {
  const path = join(folder, 'coverage.json');
  const before = existsSync(path) ? readCoverage(path) : undefined;
  if (before !== undefined && before.design !== run.design) {
    throw new SimProblem({
      id: 'coverage-design',
      what: 'the folder holds the coverage of another design',
      where: path,
      expected: run.design,
      found: before.design,
      remedy: 'name another folder, or remove this one',
    });
  }
  const merged = before === undefined ? run : mergeCoverage(before, run);
  writeText(path, `${JSON.stringify(merged)}\n`);
  writeText(join(folder, 'index.html'), coverageHtml(merged));
  return merged;
}

function readCoverage(path: string): Coverage {
  const parts = {
    design: 'string',
    cycles: 'number',
    nets: 'object',
    registers: 'object',
    machines: 'object',
    covers: 'object',
  };
  try {
    const data = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
    const wrong = Object.entries(parts).find(([name, type]) => typeof data[name] !== type || data[name] === null);
    if (wrong === undefined) return data as unknown as Coverage;
    throw new Error(`${wrong[0]} is no ${wrong[1]}`);
  } catch (error) {
    throw new SimProblem({
      id: 'coverage-file',
      what: 'the coverage of earlier runs cannot be read',
      where: path,
      expected: 'a file that popscan wrote',
      found: error instanceof Error ? error.message : String(error),
      remedy: 'remove it, or name another folder',
    });
  }
}
