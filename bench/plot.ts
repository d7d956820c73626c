/** Lines of points as an SVG picture, both axes logarithmic: throughput and latency against the number of clients. */
export interface Line {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Panel {
  readonly title: string;
  readonly unit: string;
  readonly lines: readonly Line[];
}

const WIDTH = 460;
const HEIGHT = 300;
const LEFT = 64;
const RIGHT = 16;
const TOP = 34;
const BOTTOM = 46;
const COLOURS = ['#1b6ca8', '#c0392b', '#1e8449', '#b9770e'];

export function svgPlot(panels: readonly Panel[], xTitle: string): string {
  const body = panels.map((panel, i) => `<g transform="translate(${i * WIDTH},0)">${drawPanel(panel, xTitle)}</g>`);
  const width = WIDTH * panels.length;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${HEIGHT}" width="${width}" height="${HEIGHT}" ` +
    `font-family="sans-serif" font-size="11"><rect width="100%" height="100%" fill="white"/>${body.join('')}</svg>\n`
  );
}

function drawPanel({ title, unit, lines }: Panel, xTitle: string): string {
  const xs = lines.flatMap((line) => line.points.map(([x]) => x));
  const ys = lines.flatMap((line) => line.points.map(([, y]) => y));
  const x = scale(Math.min(...xs), Math.max(...xs), LEFT, WIDTH - RIGHT);
  const [low, high] = [10 ** Math.floor(Math.log10(Math.min(...ys))), 10 ** Math.ceil(Math.log10(Math.max(...ys)))];
  const y = scale(low, high, HEIGHT - BOTTOM, TOP);
  const parts = [`<text x="${LEFT}" y="16" font-weight="bold">${title}</text>`];
  for (let tick = low; tick <= high; tick *= 10) {
    const at = y(tick).toFixed(1);
    parts.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at}" y2="${at}" stroke="#ddd"/>`);
    parts.push(`<text x="${LEFT - 6}" y="${at}" text-anchor="end" dominant-baseline="middle">${tick}${unit}</text>`);
  }
  for (const tick of [...new Set(xs)].sort((a, b) => a - b)) {
    parts.push(`<text x="${x(tick).toFixed(1)}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${tick}</text>`);
  }
  parts.push(`<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${xTitle}</text>`);
  lines.forEach((line, i) => {
    const colour = COLOURS[i % COLOURS.length];
    const path = line.points.map(([px, py]) => `${x(px).toFixed(1)},${y(py).toFixed(1)}`).join(' ');
    parts.push(`<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="2"/>`);
    parts.push(`<text x="${LEFT + 8}" y="${TOP + 12 + 14 * i}" fill="${colour}">${line.name}</text>`);
  });
  return parts.join('');
}

function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  const span = Math.log10(to) - Math.log10(from) || 1;
  return (value) => start + ((Math.log10(value) - Math.log10(from)) / span) * (end - start);
}
