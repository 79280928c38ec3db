/** Problems with firtool. */
import { Problem } from 'popscan-problem';

/** Not found, not the program it should be, or not to be had. */
export class FirtoolProblem extends Problem {}

/** What to say when there is no firtool anywhere. */
export function firtoolMissing(): FirtoolProblem {
  return new FirtoolProblem({
    status: 3,
    id: 'firtool-missing',
    what: 'firtool, the FIRRTL compiler of CIRCT, was not found',
    where: 'firtool',
    expected: 'the program FIRTOOL_PATH names, a `firtool` on PATH, or one fetched earlier',
    found: 'none of them',
    remedy: 'fetch it with Maven (`npx firtool --popscan-fetch`), or set FIRTOOL_PATH to a firtool you have',
  });
}
