/** The Apache ZooKeeper whose behaviour this is; tools parse it out of `srvr`, `mntr` and `envi`. */
export const COMPATIBLE_VERSION = '3.9.5';
export const OWN_VERSION = '0.1.0';
/** When this version was prepared; not the day of a build, which is the same on any day. */
const PREPARED = '2026-11-30 00:00 UTC';
/**
 * As Version.getFullVersion: release-revision, built on date. Known readers drop the whole answer of `srvr` when the
 * part with the date is missing (test/server/monitoring/known-readers.test.ts).
 */
export const FULL_VERSION = `${COMPATIBLE_VERSION}-menagerie-${OWN_VERSION}, built on ${PREPARED}`;
