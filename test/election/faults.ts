import { SimRandom } from '../sim/world/random.ts';
import type { ModelPeer, ModelWorld } from './model.ts';

/**
 * Bad days for the model: crashes, power losses, pauses, cables cut in every way, connections reset, names that do not
 * resolve, slow links, and disks that are lost, of fewer than half of the voters at a time (a voter without a history
 * counts as lost until it was synchronised).
 */
export class Faults {
  private readonly world: ModelWorld;
  private readonly random: SimRandom;
  /** Every other world loses disks all the time; the rest has more of everything else. */
  private readonly isHardOnDisks: boolean;
  readonly happened: string[] = [];

  constructor(world: ModelWorld, seed: number) {
    this.world = world;
    this.random = new SimRandom(seed).split('faults');
    this.isHardOnDisks = this.random.chance(1, 2);
  }

  /** Phase 1: `durationMs` of faults. */
  run(durationMs: number): void {
    const endMs = this.world.scheduler.nowMs + durationMs;
    while (this.world.scheduler.nowMs < endMs) {
      this.world.scheduler.runForMs(this.random.between(20, this.random.chance(1, 3) ? 4000 : 700));
      this.strike();
    }
  }

  /** Phase 2: everything works again, everyone is up. */
  heal(): void {
    const { network, peers } = this.world;
    network.healAll(this.random.chance(1, 2));
    network.defaultSpeed = { minDelayUs: 50, maxDelayUs: 1500, bytesPerMs: undefined };
    for (const peer of peers) {
      network.setName(peer.host.name, { address: peer.host.address });
      network.setPower(peer.host, true);
      if (peer.isUp) peer.process.resume();
      else peer.start();
    }
  }

  private strike(): void {
    const { network, peers } = this.world;
    const peer = this.random.pick(peers);
    const other = this.random.pick(peers);
    if (this.isHardOnDisks && this.random.chance(1, 3)) {
      this.wipe(peer);
      return;
    }
    switch (this.random.below(20)) {
      case 0:
      case 1:
        this.crash(peer, 'killed');
        return;
      case 2:
        this.crash(peer, 'power');
        return;
      case 3:
        this.wipe(peer);
        return;
      case 4:
        if (peer.isUp) peer.process.pause();
        this.note(`pause ${peer.sid}`);
        return;
      case 5:
        network.cut(peer.host, other.host);
        this.note(`cut ${peer.sid}>${other.sid}`);
        return;
      case 6: {
        const shuffled = this.random.shuffled(peers).map(({ host }) => host);
        const at = this.random.between(1, shuffled.length - 1);
        network.partition(shuffled.slice(0, at), shuffled.slice(at));
        this.note(`partition at ${at}`);
        return;
      }
      case 7:
      case 12:
      case 13:
        network.healAll(this.random.chance(1, 3));
        this.note('heal');
        return;
      case 8:
        network.resetStreams(peer.host, other.host);
        this.note(`reset ${peer.sid}-${other.sid}`);
        return;
      case 9:
        network.setName(peer.host.name, this.random.chance(1, 2) ? 'fail' : 'hang');
        this.note(`no name ${peer.sid}`);
        return;
      case 10:
        network.setName(peer.host.name, { address: peer.host.address });
        return;
      case 11:
        network.defaultSpeed = {
          minDelayUs: 50,
          maxDelayUs: this.random.pick([500, 5000, 400_000]),
          bytesPerMs: undefined,
        };
        return;
      default:
        this.recover(peer);
    }
  }

  private crash(peer: ModelPeer, death: 'killed' | 'power'): void {
    peer.kill(death);
    if (death === 'power') this.world.network.setPower(peer.host, false);
    this.note(`${death} ${peer.sid}`);
    if (this.random.chance(2, 3)) this.recover(peer);
  }

  private wipe(peer: ModelPeer): void {
    const voters = this.world.peers.filter(({ isVoter }) => isVoter);
    const empty = voters.filter((each) => each.disk.current === undefined || each === peer).length;
    if (peer.isVoter && empty * 2 >= voters.length) return;
    peer.kill();
    peer.wipe();
    this.note(`wipe ${peer.sid}`);
    if (this.random.chance(3, 4)) this.recover(peer);
  }

  private recover(peer: ModelPeer): void {
    this.world.network.setPower(peer.host, true);
    if (peer.isUp) peer.process.resume();
    else peer.start();
    this.note(`up ${peer.sid}`);
  }

  private note(text: string): void {
    this.happened.push(`${this.world.scheduler.nowMs.toFixed(0)} ${text}`);
  }
}
