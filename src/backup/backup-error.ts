/** A sentence for a person; nothing was changed. */
export class BackupError extends Error {}
