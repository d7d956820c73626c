import type { HostInfo, ServerInfo } from '../server-info.ts';
import type { ServerView } from '../server-view.ts';

/** The sources that a four-letter word is answered from. */
export interface WordContext {
  readonly server: ServerView;
  readonly info: ServerInfo;
  readonly host: HostInfo;
}
