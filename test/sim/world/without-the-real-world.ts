/**
 * Takes the real world away while `run` lasts. A run is one synchronous call: no promise, timer or callback of the
 * process's own event loop gets a turn in it.
 */
export function withoutTheRealWorld<T>(run: () => T): T {
  const taken: [object, string, PropertyDescriptor][] = [];
  const take = (owner: object, key: string) => {
    const descriptor = Object.getOwnPropertyDescriptor(owner, key);
    if (descriptor === undefined) return;
    taken.push([owner, key, descriptor]);
    const forbid = () => {
      throw new Error(`${key} was called`);
    };
    Object.defineProperty(owner, key, { value: forbid, configurable: true, writable: true });
  };
  for (const key of ['setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'Date', 'fetch'])
    take(globalThis, key);
  take(Math, 'random');
  take(Object.getPrototypeOf(performance), 'now');
  take(process, 'hrtime');
  take(process, 'nextTick');
  take(Promise.prototype, 'then');
  try {
    return run();
  } finally {
    for (const [owner, key, descriptor] of taken) Object.defineProperty(owner, key, descriptor);
  }
}
