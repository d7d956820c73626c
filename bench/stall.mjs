// Preloaded into the measured server: the longest time its event loop was held up, in milliseconds, in a file beside its
// configuration. Written twice a second; SIGWINCH, which means nothing to a server, starts the count again.
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const config = process.argv.at(-1);
const histogram = monitorEventLoopDelay({ resolution: 1 });
histogram.enable();
process.on('SIGWINCH', () => histogram.reset());
setInterval(() => writeFileSync(`${config}.stall`, (histogram.max / 1e6).toFixed(1)), 500).unref();
