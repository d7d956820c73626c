import fc from 'fast-check';

/** Generated properties are the same ones in every run; FAST_CHECK_SEED has others, as .ci/hunt does. */
const DEFAULT_SEED = 20_260_101;

fc.configureGlobal({ seed: Number(process.env.FAST_CHECK_SEED ?? DEFAULT_SEED) });
