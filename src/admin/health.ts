import type { AdminContext } from './commands/admin-command.ts';

/**
 * For probes. Live: this process answers, whatever its role. Ready: clients are served, and a quorum confirmed it; a
 * server whose leader or quorum is gone is not, and a load balancer should send nobody to it.
 */
export function health(
  path: '/health/live' | '/health/ready',
  context: AdminContext,
): { status: number; text: string } {
  const { server, info } = context;
  if (path === '/health/live') return { status: 200, text: 'live\n' };
  const mode = server.upstream?.mode;
  if (mode !== undefined && mode !== 'read-only') return { status: 200, text: `ready: ${mode}\n` };
  if (mode === 'read-only') return { status: 503, text: 'not ready: read-only, there is no quorum\n' };
  const quorum = info.quorum();
  const state = quorum === undefined ? 'not serving' : quorum.peerState;
  return { status: 503, text: `not ready: ${state}\n` };
}
