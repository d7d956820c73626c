/**
 * A null path can be watched, and is another than the empty one. Half of a surrogate pair stands for it, which is no
 * character and so in no path that was decoded.
 */
export const NULL_PATH = '\ud800';
