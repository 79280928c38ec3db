/** The stores of a scan unit, wherever its memory is: one interface to the scan, and ports of their own to the outside. */
import {
  type Design,
  type Given,
  type Interface,
  type ModuleBuilder,
  type Outside,
  type Shape,
  type SinkPort,
  type SourcePort,
  type Taken,
  widthOf,
} from '../../gen/index.ts';
import { connect } from '../../gen/stream/index.ts';
import { exponentShape, stateShape } from './interface.ts';
import { rowFormat, type ScanParameters, scanWidths } from './parameters.ts';
import type { storeInterface } from './region.ts';
import { type ChipStoreParameters, stateStore } from './store.ts';
import { memoryPorts, streamedStore } from './streamed-store.ts';
import { transferableStore, transferPorts } from './transfer.ts';

/** Of the state, and of its exponents where rows have them. */
export function storesOf(p: ScanParameters): readonly ChipStoreParameters[] {
  const w = scanWidths(p);
  const states: ChipStoreParameters = {
    name: 'states',
    width: widthOf(stateShape(p)),
    depth: p.stateWords,
    tokenWords: w.tokenWords,
    style: 'block',
  };
  if (rowFormat(p) === undefined) return [states];
  const width = widthOf(exponentShape(p));
  return [states, { name: 'exponents', width, depth: p.rowWords, tokenWords: w.tokenRows, style: 'auto' }];
}

type Outward = Readonly<Record<string, SinkPort<Shape> | SourcePort<Shape>>>;

function outwardPorts(p: ScanParameters, s: ChipStoreParameters): Outward {
  const { memory = 'chip' } = p;
  if (memory === 'chip') return {};
  return memory === 'chip-ports' ? transferPorts(s) : memoryPorts(s);
}

function storeDesign(
  { memory = 'chip' }: ScanParameters,
  s: ChipStoreParameters,
): Design<ReturnType<typeof storeInterface>> {
  if (memory === 'chip') return stateStore(s);
  return (memory === 'chip-ports' ? transferableStore(s) : streamedStore({ ...s, ...memory })) as never;
}

const outwardName = (s: ChipStoreParameters, port: string): string => `${s.name}_${port}`;

/** What the stores need of the outside, as ports of the unit: `states_fetch`, `exponents_fetch`, ... */
export const memoryInterface = (p: ScanParameters): Interface =>
  Object.fromEntries(
    storesOf(p).flatMap((s) => Object.entries(outwardPorts(p, s)).map(([port, spec]) => [outwardName(s, port), spec])),
  );

/** A store between the scan's streams and the unit's ports; the caller drives its regions. */
export function placeStore(
  m: ModuleBuilder,
  p: ScanParameters,
  s: ChipStoreParameters,
  io: Readonly<Record<string, unknown>>,
): Outside<ReturnType<typeof storeInterface>> {
  const store = m.instance(s.name, storeDesign(p, s));
  const inner = store as unknown as Readonly<Record<string, unknown>>;
  for (const [port, { kind }] of Object.entries(outwardPorts(p, s))) {
    const [to, from] =
      kind === 'sink' ? [inner[port], io[outwardName(s, port)]] : [io[outwardName(s, port)], inner[port]];
    connect(to as Given<Shape>, from as Taken<Shape>);
  }
  return store;
}
