import { defineConfig } from 'vitest/config';

/**
 * What of the consensus core the simulator alone reaches: all scenarios and the worlds 1 to SIM_SEEDS. Left out are
 * the reading of config files and addresses, authentication, the audit log, the handshakes of TLS, metrics, the four-letter words and the dump of the state,
 * the throttles, and the door for clients with the account over all of them, whose limits no world reaches: other tests judge these.
 */
export default defineConfig({
  test: {
    include: ['test/sim/worlds.test.ts'],
    pool: 'threads',
    testTimeout: 3_600_000,
    env: { SIM_SEEDS: process.env.SIM_SEEDS ?? '300' },
    coverage: {
      enabled: true,
      provider: 'v8',
      include: ['src/{zab,election,txnlog,quorum,server}/**/*.ts'],
      exclude: [
        'src/quorum/{auth,config}/**',
        'src/quorum/{client-port,state-dump}.ts',
        'src/election/quorum/{server-spec,properties,quorum-config,host-address}.ts',
        'src/server/{audit,auth,metrics,monitoring}/**',
        'src/server/throttles/**',
        'src/server/connection/{client-auth,connection-stats,client-connections,client-listener,handshakes}.ts',
      ],
      reporter: ['text', 'json'],
      reportsDirectory: 'node_modules/.cache/sim-coverage',
    },
  },
});
