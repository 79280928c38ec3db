/** Files that come with popscan. */
import { fileURLToPath } from 'node:url';

/** The path of a file named from the root of the package. */
export const bundled = (path: string): string => fileURLToPath(new URL(`../${path}`, import.meta.url));
