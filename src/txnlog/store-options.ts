import type { DatabaseOptions } from '../datatree/database.ts';
import type { Compression } from './file-names.ts';

/** Where a store keeps its files, and how carefully. The names are those of the configuration. */
export interface StoreOptions {
  /** Absolute. Snapshots and epochs go to its version-2. */
  readonly dataDir: string;
  /** Absolute, equal to dataDir unless configured. Logs go to its version-2. */
  readonly dataLogDir: string;
  readonly dataDirAutocreate: boolean;
  readonly database: DatabaseOptions;
  readonly preAllocBytes: number;
  /** 0: a new log file only with `roll`. */
  readonly txnLogSizeLimitBytes: number;
  readonly forceSync: boolean;
  readonly fsyncWarningThresholdMs: number;
  readonly commitLogCount: number;
  /** Of them in memory; undefined: the usual limit. */
  readonly recentBytes?: number | undefined;
  readonly snapshotCompression: Compression;
  readonly serializeLastProcessedZxid: boolean;
  readonly snapshotTrustEmpty: boolean;
  /** There are no others that know what this server lost. */
  readonly isAlone: boolean;
  /** The zxid, as 0x..., at which a lone server's log may end although more is known to have been on disk; or ''. */
  readonly acceptLossAfter: string;
  readonly snapRetainCount: number;
}

/** Apache's defaults. */
export function defaultStoreOptions(dataDir: string, database: DatabaseOptions): StoreOptions {
  return {
    dataDir,
    dataLogDir: dataDir,
    dataDirAutocreate: true,
    database,
    preAllocBytes: 64 << 20,
    txnLogSizeLimitBytes: 0,
    forceSync: true,
    fsyncWarningThresholdMs: 1000,
    commitLogCount: 500,
    snapshotCompression: '',
    serializeLastProcessedZxid: true,
    snapshotTrustEmpty: false,
    isAlone: false,
    acceptLossAfter: '',
    snapRetainCount: 3,
  };
}
