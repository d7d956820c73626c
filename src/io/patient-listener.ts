import type { Clock, Timer } from './clock.ts';
import type { Listener, ListenOptions, Net, NetError, Stream, StreamHandlers } from './net.ts';

/**
 * Listens at one address as soon as that is possible. A port may still be in use, by the last term of the same
 * server or by another process, and a name may not resolve yet. `onError` says for how long that is borne.
 */
export interface PatientListenerHandlers {
  onListening(): void;
  /** Not possible now. Whether to try again, after `retryMs`. */
  onError(error: NetError): boolean;
  onStream(stream: Stream): StreamHandlers | undefined;
}

export class PatientListener {
  private readonly world: { readonly net: Net; readonly clock: Clock };
  private readonly options: ListenOptions;
  private readonly retryMs: number;
  private readonly handlers: PatientListenerHandlers;
  private listener: Listener | undefined;
  private retry: Timer | undefined;

  constructor(
    world: { readonly net: Net; readonly clock: Clock },
    options: ListenOptions,
    retryMs: number,
    handlers: PatientListenerHandlers,
  ) {
    this.world = world;
    this.options = options;
    this.retryMs = retryMs;
    this.handlers = handlers;
    this.listen();
  }

  /** Stops listening and trying; streams already accepted live on. */
  close(): void {
    this.retry?.cancel();
    this.listener?.close();
  }

  private listen(): void {
    this.retry = undefined;
    this.listener = this.world.net.listen(this.options, {
      onListening: () => this.handlers.onListening(),
      onError: (error) => {
        this.listener = undefined;
        if (this.handlers.onError(error)) this.retry = this.world.clock.after(this.retryMs, () => this.listen());
      },
      onStream: (stream) => this.handlers.onStream(stream),
    });
  }
}
