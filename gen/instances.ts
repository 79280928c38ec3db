/** The instances of a module: names, nets for their inputs, handles of their outputs, clocks bound. */
import { bindClocks, type ClockDomain } from './domain.ts';
import type { NodeFactory } from './factory.ts';
import { drivable, readable } from './handles.ts';
import { handles, type Interface, type Outside } from './interface.ts';
import type { Instance, Node, Result } from './ir.ts';
import type { Location } from './location.ts';
import { nameTrouble, wrongName } from './mistakes.ts';
import type { Design } from './module.ts';
import { checkDomain, type OpenModule, openNet } from './open-module.ts';
import { restyled } from './passes/restyle.ts';
import { identifier } from './verilog/names.ts';

export interface InstanceOptions<D extends string> {
  /** The domain here for every domain there; default, for a module of one domain: the one of the place. */
  readonly clocks?: Readonly<Record<D, ClockDomain>>;
}

type Bound = Pick<Instance, 'module' | 'clocks'>;

export class Instances {
  readonly #open: OpenModule;
  readonly #factory: NodeFactory;
  readonly #names = new Set<string>();
  #last: { readonly design: Design; readonly domain: ClockDomain; readonly bound: Bound } | undefined;

  constructor(open: OpenModule, factory: NodeFactory) {
    this.#open = open;
    this.#factory = factory;
  }

  /** An instance that stands in `domain`; what the module holds of it. */
  add<I extends Interface, D extends string>(
    name: string,
    design: Design<I, D>,
    { clocks }: InstanceOptions<D>,
    domain: ClockDomain,
    location: Location,
  ): Outside<I> {
    this.#checkName(name, location);
    const inputs = new Map<string, Node>();
    const results = new Map<string, Result>();
    const outside = handles(design.ports, ({ name: port, direction, shape }) =>
      direction === 'input'
        ? drivable(this.#factory, {
            ...{ shape, name: port, what: `instance ${name}, input `, location },
            make: (type, leaf) => {
              const net = openNet(this.#open, this.#factory, type, undefined, undefined, location);
              inputs.set(leaf, net);
              return net;
            },
          })
        : readable(this.#factory, shape, port, (type, leaf) => {
            const { width, signed } = type;
            const node = this.#factory.create({ tag: 'result', width, signed }, location) as Result;
            this.#factory.name(node, `${name}_${leaf}`, type);
            results.set(leaf, node);
            return node;
          }),
    ) as Outside<I>;
    for (const d of Object.values<ClockDomain>(clocks ?? {})) checkDomain(this.#open, d, `instance ${name}`, location);
    const bound = this.#bind(name, design, clocks, domain, location);
    this.#open.instances.push({ name, ...bound, inputs, results, location });
    return outside;
  }

  #checkName(name: string, location: Location): void {
    const taken = this.#names.has(name);
    this.#names.add(name);
    if (taken || identifier(name) !== name)
      this.#factory.report(
        wrongName('instance-name', `an instance cannot be called ${name}`, nameTrouble(taken), location),
      );
  }

  /** The module with its clocks bound; what the surroundings bind is the same for all instances of a design. */
  #bind(
    name: string,
    design: Design,
    given: InstanceOptions<string>['clocks'],
    domain: ClockDomain,
    location: Location,
  ): Bound {
    const last = this.#last;
    if (given === undefined && last?.design === design && last.domain === domain) return last.bound;
    const reported = this.#open.diagnostics.length;
    const { ports, used, styleOf } = bindClocks(name, design, given, domain, this.#factory, location);
    for (const d of used) this.#open.usedDomains.add(d);
    const bound = { module: restyled(design.module, styleOf), clocks: ports };
    if (given === undefined && this.#open.diagnostics.length === reported) this.#last = { design, domain, bound };
    return bound;
  }
}
