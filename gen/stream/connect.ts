/** Elements inside a module: instances joined to streams in one call each. */
import type { Given, Outside, Taken } from '../interface.ts';
import type { Design, ModuleBuilder } from '../module.ts';
import type { Shape } from '../shape.ts';
import { type Readable, type Shaped, shapeOf } from '../value.ts';
import { streamChecker } from './checker.ts';
import type { Stage } from './stage.ts';

/** The beats of `taken` go to `given`: a stream port of this module, or one of an instance, either way. */
export function connect<T extends Shape>(given: Given<T>, taken: Taken<T>): void {
  given.valid.drive(taken.valid);
  taken.ready.drive(given.ready);
  given.payload.drive(taken.payload);
}

type Through<A extends Shape, B extends Shape> = { readonly in: Given<A>; readonly out: Taken<B> };

/** An instance of a one-in, one-out element behind `taken`; returns its output, and uses no other. Chains: `through(m, 'b', y, through(m, 'a', x, s))`. */
export function through<A extends Shape, B extends Shape>(
  m: ModuleBuilder,
  name: string,
  element: Design<Stage<A, B>>,
  taken: Taken<A>,
): Taken<B> {
  const { in: into, out, ...beside } = m.instance(name, element) as unknown as Through<A, B>;
  connect(into, taken);
  m.unused(...Object.values<Shaped<Shape>>(beside));
  return out;
}

/** An instance of the protocol checker that listens to `stream`; returns its error flags. */
export function watch<T extends Shape>(
  m: ModuleBuilder,
  name: string,
  stream: Taken<T> | Given<T>,
): Outside<ReturnType<typeof streamChecker<T>>['ports']>['error'] {
  const payload = stream.payload as Readable<T>;
  const checker = m.instance(name, streamChecker(shapeOf<T>(payload)));
  checker.valid.drive(stream.valid);
  checker.ready.drive(stream.ready);
  checker.payload.drive(payload);
  m.unused(checker.error);
  return checker.error;
}
