/** A fault that is switched on. */
export interface Fault {
  /** `drop reply of create /a` */
  readonly what: string;
  /** How often it struck. */
  readonly hits: number;
  /** Resolved when it strikes for the first time; for one that is in force at once, from the beginning. */
  readonly happened: Promise<void>;
  /** Switches it off; what it holds goes on. Harmless when it is off. */
  undo(): void;
}

/** A fault that is in force as soon as it is there. */
export function faultInForce(what: string, undo: () => void): Fault {
  let isOn = true;
  return {
    what,
    hits: 1,
    happened: Promise.resolve(),
    undo: () => {
      if (!isOn) return;
      isOn = false;
      undo();
    },
  };
}
