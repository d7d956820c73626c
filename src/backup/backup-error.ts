/** What a person is told, in one sentence; nothing was changed. */
export class BackupError extends Error {}
