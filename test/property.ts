import fc from 'fast-check';

/**
 * fast-check, whose cases are others in every run, unless PROPERTY_SEED says which: a change is judged by the same ones
 * as those before it. What fails for one seed and not for others is a fault all the same.
 */
const seed = process.env['PROPERTY_SEED'];
if (seed) fc.configureGlobal({ seed: Number(seed) });

export default fc;
