import type { Logger } from 'pino';
import {
  type ComponentLog,
  LOG_COMPONENTS,
  type Log,
  type LogComponent,
  type LogFields,
  type LogLevels,
} from '../base/log.ts';

/** A pino logger with a child for each component, whose level can be set apart while the program runs. */
export class ComponentLogs implements ComponentLog, LogLevels {
  private readonly all: Logger;
  private readonly children = new Map<LogComponent, Logger>();
  /** Those whose level does not follow that of all. */
  private readonly apart = new Set<LogComponent>();

  /** The target of `all` has to be known by now. */
  constructor(all: Logger) {
    this.all = all;
    for (const component of LOG_COMPONENTS) this.children.set(component, all.child({ component }));
  }

  of(component: LogComponent): Log {
    return this.children.get(component) as Logger;
  }

  get level(): string {
    return this.all.level;
  }

  set level(level: string) {
    this.all.level = level;
    for (const [component, child] of this.children) if (!this.apart.has(component)) child.level = level;
  }

  get components(): ReadonlyMap<LogComponent, string> {
    return new Map([...this.children].map(([component, child]) => [component, child.level]));
  }

  setComponent(component: LogComponent, level: string | undefined): void {
    if (level === undefined) this.apart.delete(component);
    else this.apart.add(component);
    (this.children.get(component) as Logger).level = level ?? this.all.level;
  }

  debug(fields: LogFields, message: string): void {
    this.all.debug(fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.all.info(fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.all.warn(fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.all.error(fields, message);
  }
}
