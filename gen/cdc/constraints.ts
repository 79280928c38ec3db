/**
 * Timing constraints for every crossing of a design, as XDC (Vivado) or plain SDC. Names are those of the printed Verilog
 * after synthesis that keeps the hierarchy: `lane/queue/tail_meta_reg[*]`.
 *
 *     bit         no timing: the next register lets it settle
 *     gray        within a period of the faster clock, so that at most one bit is on its way
 *     held        within a period of the clock that takes it; it was stable long before
 *     memory      the same
 */
import { DesignError } from '../diagnostic.ts';
import type { Clock, Module } from '../ir.ts';
import { cellName, unknownPeriod } from '../mistakes-clock.ts';
import { cellNames } from './cell-names.ts';
import { type CrossingPath, crossings, type Endpoint } from './crossings.ts';

export type ConstraintFormat = 'xdc' | 'sdc';

/** The text of the constraints file; empty for a design without crossings. A `DesignError` where a period is needed. */
export function constraints(design: { readonly module: Module }, format: ConstraintFormat): string {
  const found = crossings(design);
  if (found.length === 0) return '';
  const { module } = design;
  checkNames(module, found);
  const periods = new Map(module.clocks.flatMap((c) => (c.period === undefined ? [] : [[c.clock, c.period] as const])));
  const unknown = [...new Set(found.filter((c) => c.kind !== 'bit').flatMap(clocksOf))].filter((c) => !periods.has(c));
  if (unknown.length > 0)
    throw new DesignError(
      `the constraints of ${module.name}`,
      unknown.map((c) => unknownPeriod(c, module.location)),
    );
  const clocks = [...periods].map(([c, period]) => `create_clock -name ${c} -period ${period} [get_ports ${c}]`);
  const lines = found.flatMap((c) => [
    '',
    `# ${title(c)}`,
    ...c.from.flatMap((from) => pathLines(c, from, periods, format)),
  ]);
  return `${[`# Clock domain crossings of ${module.name}.`, ...clocks, ...lines].join('\n')}\n`;
}

function checkNames(module: Module, found: readonly CrossingPath[]): void {
  const isKept = cellNames(module);
  const cells = found.flatMap((c) => [...c.from, c.to]).filter((end) => end.kind !== 'port');
  const lost = [...new Set(cells.map((end) => end.name))].filter((name) => !isKept(name));
  if (lost.length > 0)
    throw new DesignError(
      `the constraints of ${module.name}`,
      lost.map((name) => cellName(name, module.location)),
    );
}

const clocksOf = ({ from, to }: CrossingPath): string[] =>
  [...from, to].flatMap(({ clock }: { clock: Clock | undefined }) => clock?.clock ?? []);

const title = ({ kind, from, to }: CrossingPath): string =>
  `${kind}: ${from.map((f) => f.name).join(', ') || 'constant'} -> ${to.name} (${to.clock!.clock})`;

function pathLines(
  { kind, to }: CrossingPath,
  from: Endpoint,
  periods: ReadonlyMap<string, number>,
  format: ConstraintFormat,
): string[] {
  const path = `-from ${select(from)} -to ${select(to, kind === 'memory')}`;
  const outside = from.clock === undefined;
  if (kind === 'bit' || outside) return [`set_false_path ${path}`];
  const taking = periods.get(to.clock!.clock)!;
  const limit = kind === 'gray' ? Math.min(taking, periods.get(from.clock.clock)!) : taking;
  if (format === 'sdc') return [`set_max_delay ${limit} ${path}`, `set_false_path -hold ${path}`];
  const delay = `set_max_delay -datapath_only ${limit} ${path}`;
  return kind === 'gray' ? [delay, `set_bus_skew ${limit} ${path}`] : [delay];
}

/** The object of an end: registers have the suffix `_reg`, memories may be of any primitive, their read registers inside. */
function select({ kind, name, width }: Endpoint, inMemory = false): string {
  const path = name.replaceAll('.', '/');
  if (kind === 'port') return width === 1 ? `[get_ports ${path}]` : `[get_ports {${path}[*]}]`;
  if (kind === 'memory' || inMemory) return `[get_cells -quiet {${path}_reg*}]`;
  return width === 1 ? `[get_cells ${path}_reg]` : `[get_cells {${path}_reg[*]}]`;
}
