/** The version that `fetchFirtool` fetches; others that are found are used too. */
export const FIRTOOL_VERSION = '1.62.1';

/** The Maven artifact with a firtool for each platform. */
export const FIRTOOL_ARTIFACT = `org.chipsalliance:llvm-firtool:${FIRTOOL_VERSION}`;
