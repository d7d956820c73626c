/** The Apache ZooKeeper whose behaviour this is; tools parse it out of `srvr`, `mntr` and `envi`. */
export const COMPATIBLE_VERSION = '3.9.5';
export const OWN_VERSION = '0.1.0';
/** As Version.getFullVersion: release-revision, built on date. There is no build date: a build is the same on any day. */
export const FULL_VERSION = `${COMPATIBLE_VERSION}-menagerie-${OWN_VERSION}`;
