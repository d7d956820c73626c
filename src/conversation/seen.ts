import type { Zxid } from '../jute/zxid.ts';

/** The parts of a conversation between a client and a server, as they are told of. No secret is in any of them. */
export type Fields = Readonly<Record<string, string | number | boolean>>;

export interface RequestSeen {
  readonly xid: number;
  /** One of OpCode. */
  readonly op: number;
  /** `create`; `malformed` for bytes that are no request. */
  readonly name: string;
  readonly path: string | undefined;
  /** Of a multi, those of its parts; else the one path, where there is one. */
  readonly paths: readonly string[];
  readonly fields: Fields;
}

export interface ReplySeen {
  readonly xid: number;
  readonly zxid: Zxid;
  readonly err: number;
  /** The record behind the header; undefined with an error, and where it could not be read. */
  readonly fields: Fields | undefined;
}

export interface EventSeen {
  /** `nodeDeleted` */
  readonly name: string;
  readonly path: string;
  readonly zxid: Zxid;
}
