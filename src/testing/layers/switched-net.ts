import type { Listener, ListenHandlers, ListenOptions, Stream, StreamHandlers } from '../../io/net.ts';
import { NodeNet, type NodeNetOptions } from '../../io/node-net.ts';
import type { SocketDoor } from '../../io/node-socket-door.ts';
import type { Gate } from './gate.ts';
import type { Links } from './links.ts';
import { UnreachableStream, WrappedStream } from './wrapped-stream.ts';

/**
 * The network of one peer: real sockets, with lanes that can be held. A connection between two peers has its lanes where it
 * was dialled, both directions in one place; one that a client made is handed to the door of the clients.
 */
export interface NetSurroundings {
  readonly self: number;
  readonly gate: Gate;
  readonly links: Links;
  /** The peer that waits for others at this port. */
  peerAt(port: number): number | undefined;
  /** undefined: no client is let in at the moment. */
  openToClient(forget: (stream: WrappedStream) => void): WrappedStream | undefined;
  after(delayMs: number, task: () => void): { cancel(): void };
}

export class SwitchedNet extends NodeNet {
  private readonly around: NetSurroundings;
  private readonly wrapped = new Set<WrappedStream>();

  constructor(options: NodeNetOptions, around: NetSurroundings) {
    super(options);
    this.around = around;
  }

  override listen(options: ListenOptions, handlers: ListenHandlers, door?: SocketDoor): Listener {
    const { gate, self } = this.around;
    const isForPeers = this.around.peerAt(options.port) === self;
    return super.listen(
      options,
      {
        onListening: (port) => gate.run(() => handlers.onListening(port)),
        onError: (error) => gate.run(() => handlers.onError(error)),
        onStream: (inner) => {
          const stream = isForPeers ? this.wrap() : this.around.openToClient(this.forget);
          if (stream === undefined) return undefined;
          this.wrapped.add(stream.around(inner));
          gate.run(() => {
            const streamHandlers = handlers.onStream(stream);
            if (streamHandlers === undefined) stream.destroy();
            else stream.own(streamHandlers);
          });
          return stream.handlersOfInner();
        },
      },
      door,
    );
  }

  override dial(host: string, port: number, timeoutMs: number, handlers: StreamHandlers, door?: SocketDoor): Stream {
    const { self, links, gate } = this.around;
    const to = this.around.peerAt(port);
    if (to === undefined || to === self) return super.dial(host, port, timeoutMs, handlers, door);
    if (links.isBlocked(self, to) || links.isBlocked(to, self)) {
      return new UnreachableStream(handlers, gate, (task) => this.around.after(timeoutMs, task));
    }
    const stream = new WrappedStream(gate, (over) => {
      links.remove(to, self, over.inbound);
      links.remove(self, to, over.outbound);
      this.forget(over);
    });
    links.add(to, self, stream.inbound);
    links.add(self, to, stream.outbound);
    stream.own(handlers);
    this.wrapped.add(stream.around(super.dial(host, port, timeoutMs, stream.handlersOfInner(), door)));
    return stream;
  }

  override shut(): void {
    for (const stream of this.wrapped) stream.drop();
    this.wrapped.clear();
    super.shut();
  }

  private wrap(): WrappedStream {
    return new WrappedStream(this.around.gate, this.forget);
  }

  private readonly forget = (stream: WrappedStream): void => {
    this.wrapped.delete(stream);
  };
}
