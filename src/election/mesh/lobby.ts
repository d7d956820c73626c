import type { Stream } from '../../io/net.ts';

/**
 * Connections that have not said yet who they are. There are so many places, and so many for one address: a host that
 * fills its own with silence keeps nobody else out. Where there is no place the oldest goes rather than the newcomer. A
 * server says who it is at once, so those that are left are the silent ones.
 */
export const LOBBY_PLACES = 128;
export const LOBBY_PLACES_PER_ADDRESS = 8;

export class Lobby {
  /** Oldest first, as sets keep it. */
  private readonly waiting = new Set<Stream>();

  /** A newcomer; returns who has to go for it. */
  enter(stream: Stream): Stream | undefined {
    const byAddress = new Map<string, Stream[]>();
    for (const each of this.waiting) {
      const neighbours = byAddress.get(each.remoteAddress);
      if (neighbours === undefined) byAddress.set(each.remoteAddress, [each]);
      else neighbours.push(each);
    }
    this.waiting.add(stream);
    const own = byAddress.get(stream.remoteAddress) ?? [];
    if (own.length >= LOBBY_PLACES_PER_ADDRESS) return own[0];
    if (this.waiting.size <= LOBBY_PLACES) return undefined;
    let crowd: Stream[] = [];
    for (const each of byAddress.values()) if (each.length > crowd.length) crowd = each;
    return crowd[0];
  }

  leave(stream: Stream): void {
    this.waiting.delete(stream);
  }

  closeAll(): void {
    for (const stream of this.waiting) stream.destroy();
    this.waiting.clear();
  }
}
