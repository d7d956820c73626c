import { expect, test } from 'vitest';
import { PacketRecord } from '../../../src/zab/wire/packet-record.ts';
import { PacketType } from '../../../src/zab/wire/packets.ts';
import { logTo } from '../../fakes/log-to.ts';

test('the last packets of either direction, and how long ago they were', () => {
  let nowMs = 1000;
  const said: unknown[] = [];
  const clock = { nowMs: () => nowMs } as ConstructorParameters<typeof PacketRecord>[0];
  const record = new PacketRecord(
    clock,
    logTo((level, message, fields) => said.push([level, message, fields])),
    2,
  );
  record.onReceived(PacketType.proposal);
  nowMs = 1500;
  record.onReceived(PacketType.commit);
  record.onSent(PacketType.ack);
  nowMs = 1512.4;
  record.onReceived(PacketType.ping);
  record.end('10.0.0.2:2888');
  expect(said).toEqual([
    [
      'warn',
      'the last packets of a link that has ended',
      { with: '10.0.0.2:2888', received: 'COMMIT 12 ms ago, PING 0 ms ago', sent: 'ACK 12 ms ago' },
    ],
  ]);
});
