/** The units that a model can be given to. */
import { VerifyProblem } from './problem.ts';
import { type Unit, unitNames } from './units.ts';

export interface UnitChoice {
  readonly units: readonly Unit[];
  /** Those that were not asked for by name and cannot be had, and why. */
  readonly left: readonly { readonly unit: Unit; readonly why: string; readonly get: string }[];
}

/** What lies behind the array takes its results as they are, without a scale per row. */
const unscaled: readonly Unit[] = ['residual', 'mixer'];

/** The units that are `asked` for, or all that there can be; `rowScales`: projections have a scale per row. */
export function unitsFor(rowScales: boolean, asked: readonly Unit[] | undefined): UnitChoice {
  const impossible = rowScales ? unscaled : [];
  const refused = asked?.find((unit) => impossible.includes(unit));
  if (refused !== undefined)
    throw new VerifyProblem(
      'row-scales',
      `the unit ${refused} takes projections without a scale per row`,
      '--unit',
      'scaling pattern column or single',
      'pattern row',
      'leave --unit out, or name others: --unit matmul,scan,conv,norm',
    );
  return {
    units: asked ?? unitNames.filter((unit) => !impossible.includes(unit)),
    left:
      asked === undefined
        ? impossible.map((unit) => ({
            unit,
            why: 'projections have a scale per row',
            get: 'a model of pattern column or single',
          }))
        : [],
  };
}
