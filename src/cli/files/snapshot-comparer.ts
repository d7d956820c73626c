import type { ReadableTree } from '../../datatree/tree/tree-views.ts';
import { childrenInOrder, joinPath, openSnapshotFile } from './snapshot-file.ts';
import { line, ToolError, type ToolIo } from './tool.ts';

/**
 * SnapshotComparer: two snapshots side by side, level by level. Nodes whose subtrees differ by more than a threshold in
 * bytes or in the number of nodes below them are printed; with -d the others as well; with -i one level at a time.
 */
const USAGE = `usage: java -cp <classPath> org.apache.zookeeper.server.SnapshotComparer
 -b,--bytes <BYTETHRESHOLD>   (Required) The node data delta size threshold, in bytes, for printing the node.
 -d,--debug                   Use debug output.
 -i,--interactive             Enter interactive mode.
 -l,--left <LEFT>             (Required) The left snapshot file.
 -n,--nodes <NODETHRESHOLD>   (Required) The descendant node delta size threshold, in nodes, for printing the node.
 -r,--right <RIGHT>           (Required) The right snapshot file.`;
const INVALID_INVOCATION = 2;

const LONG: Readonly<Record<string, string>> = {
  '--left': '-l',
  '--right': '-r',
  '--bytes': '-b',
  '--nodes': '-n',
  '--debug': '-d',
  '--interactive': '-i',
};
const REQUIRED = ['-l', '-r', '-b', '-n'] as const;

interface Arguments {
  readonly left: string;
  readonly right: string;
  readonly limits: Limits;
  readonly interactive: boolean;
}

interface Limits {
  readonly bytes: number;
  readonly nodes: number;
  readonly debug: boolean;
  /** Also what differs by no more than the thresholds. */
  readonly printsAll: boolean;
}

export function snapshotComparer(args: readonly string[], io: ToolIo): number {
  const { left, right, limits, interactive } = parse(args);
  line(io, 'Successfully parsed options!');
  const trees = [readTree(io, left), readTree(io, right)] as const;
  for (const tree of trees) printTotals(io, tree);
  if (interactive) compareOnRequest(io, trees, limits);
  else compareAll(io, trees, limits);
  line(io, 'All layers compared.');
  return 0;
}

function parse(args: readonly string[]): Arguments {
  const given = new Map<string, string>();
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] as string;
    const [head, joined] = arg.startsWith('--')
      ? (arg.split('=', 2) as [string, string | undefined])
      : [arg, undefined];
    const flag = LONG[head] ?? head;
    if (!['-l', '-r', '-b', '-n', '-d', '-i'].includes(flag)) {
      refuse(arg.startsWith('-') ? `Unrecognized option: ${arg}` : `nothing can be done with "${arg}"`);
    }
    if (flag === '-d' || flag === '-i') given.set(flag, '');
    else {
      const value = joined ?? args[++i];
      if (value === undefined) refuse(`Missing argument for option: ${flag.slice(1)}`);
      given.set(flag, value);
    }
  }
  const missing = REQUIRED.filter((flag) => !given.has(flag)).map((flag) => flag.slice(1));
  if (missing.length > 0) refuse(`Missing required option${missing.length > 1 ? 's' : ''}: ${missing.join(', ')}`);
  const [left, right, bytes, nodes] = REQUIRED.map((flag) => given.get(flag)) as [string, string, string, string];
  const limits = {
    bytes: threshold('-b', bytes),
    nodes: threshold('-n', nodes),
    debug: given.has('-d'),
    printsAll: given.has('-d'),
  };
  return { left, right, limits, interactive: given.has('-i') };
}

function refuse(why: string): never {
  throw new ToolError(why, INVALID_INVOCATION, USAGE);
}

function threshold(flag: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new ToolError(`${flag} takes a whole number, not "${text}"`);
  return Number(text);
}

interface ComparedNode {
  /** The root's is empty here. */
  readonly path: string;
  readonly children: ComparedNode[];
  bytes: number;
  descendants: number;
}

interface ComparedTree {
  readonly byPath: ReadonlyMap<string, ComparedNode>;
  /** Each in the order of paths. */
  readonly levels: readonly (readonly ComparedNode[])[];
}

function readTree(io: ToolIo, path: string): ComparedTree {
  const readStart = performance.now();
  const { name, database } = openSnapshotFile(path);
  line(io, `Deserialized snapshot in ${name} in ${seconds(readStart)} seconds`);
  const sumStart = performance.now();
  const tree = sumTree(database.tree);
  line(io, `Processed data tree in ${seconds(sumStart)} seconds`);
  return tree;
}

function seconds(startMs: number): string {
  return ((performance.now() - startMs) / 1000).toFixed(6);
}

/** Level by level; then from the deepest up, so that a node's sums hold its whole subtree. */
function sumTree(tree: ReadableTree): ComparedTree {
  const byPath = new Map<string, ComparedNode>();
  const levels: ComparedNode[][] = [];
  const nodeAt = (path: string): ComparedNode => {
    const real = path === '' ? '/' : path;
    const node = { path, children: [], bytes: tree.dataLength(tree.lookup(real)), descendants: 0 };
    byPath.set(path, node);
    return node;
  };
  for (let level = [nodeAt('')]; level.length > 0; ) {
    levels.push(level);
    const next: ComparedNode[] = [];
    for (const node of level) {
      const handle = tree.lookup(node.path === '' ? '/' : node.path);
      for (const name of childrenInOrder(tree, handle)) {
        node.children.push(nodeAt(node.path === '' ? `/${name}` : joinPath(node.path, name)));
      }
      next.push(...node.children);
    }
    level = next;
  }
  for (const level of [...levels].reverse()) {
    for (const node of level) {
      for (const child of node.children) {
        node.bytes += child.bytes;
        node.descendants += child.descendants + 1;
      }
    }
  }
  for (const level of levels) level.sort(byPathOrder);
  return { byPath, levels };
}

function byPathOrder(a: ComparedNode, b: ComparedNode): number {
  return a.path === b.path ? 0 : a.path < b.path ? -1 : 1;
}

function printTotals(io: ToolIo, { byPath, levels }: ComparedTree): void {
  line(io, `Node count: ${byPath.size}`);
  line(io, `Total size: ${levels[0]?.[0]?.bytes ?? 0}`);
  line(io, `Max depth: ${levels.length}`);
  for (const [depth, level] of levels.entries()) line(io, `Count of nodes at depth ${depth}: ${level.length}`);
  line(io, '');
}

type Trees = readonly [left: ComparedTree, right: ComparedTree];

function depthOf([left, right]: Trees): number {
  return Math.max(left.levels.length, right.levels.length);
}

function compareAll(io: ToolIo, trees: Trees, limits: Limits): void {
  printLimits(io, limits);
  for (let depth = 0; depth < depthOf(trees); depth++) compareLevel(io, trees, depth, limits);
}

function printLimits(io: ToolIo, { bytes, nodes }: Limits): void {
  line(
    io,
    `Printing analysis for nodes difference larger than ${bytes} bytes or node count difference larger than ${nodes}.`,
  );
}

function compareLevel(io: ToolIo, [left, right]: Trees, depth: number, limits: Limits): void {
  line(io, `Analysis for depth ${depth}`);
  compareNodes(io, left.levels[depth] ?? [], right.levels[depth] ?? [], limits);
}

/** Two sorted lists, merged. */
function compareNodes(io: ToolIo, left: readonly ComparedNode[], right: readonly ComparedNode[], limits: Limits): void {
  let [l, r] = [0, 0];
  while (l < left.length || r < right.length) {
    const [a, b] = [left[l], right[r]];
    if (a !== undefined && b !== undefined && limits.debug) line(io, `Comparing ${a.path} to ${b.path}`);
    const order = a === undefined ? 1 : b === undefined ? -1 : byPathOrder(a, b);
    if (a !== undefined && b !== undefined && limits.debug) {
      line(io, order < 0 ? 'left is less' : order > 0 ? 'right is less' : 'same');
    }
    if (order < 0) {
      printOnly(io, 'left', a as ComparedNode, limits);
      l++;
    } else if (order > 0) {
      printOnly(io, 'right', b as ComparedNode, limits);
      r++;
    } else {
      printBoth(io, a as ComparedNode, b as ComparedNode, limits);
      l++;
      r++;
    }
  }
}

function printOnly(io: ToolIo, side: 'left' | 'right', node: ComparedNode, limits: Limits): void {
  if (node.bytes > limits.bytes || node.descendants > limits.nodes) {
    const sums = `Descendant size: ${node.bytes}. Descendant count: ${node.descendants}`;
    line(io, `Node ${node.path} found only in ${side} tree. ${sums}`);
  } else if (limits.printsAll) line(io, `Filtered ${side} node ${node.path} of size ${node.bytes}`);
}

function printBoth(io: ToolIo, left: ComparedNode, right: ComparedNode, limits: Limits): void {
  const bytes = right.bytes - left.bytes;
  const descendants = right.descendants - left.descendants;
  if (Math.abs(bytes) > limits.bytes || Math.abs(descendants) > limits.nodes) {
    line(io, `Node ${right.path} found in both trees. Delta: ${bytes} bytes, ${descendants} descendants`);
  } else if (limits.printsAll) {
    line(io, `Filtered node ${left.path} of left size ${left.bytes}, right size ${right.bytes}`);
  }
}

const INVITATION = `- Press enter to move to print current depth layer;
- Type a number to jump to and print all nodes at a given depth;
- Enter an ABSOLUTE path to print the immediate subtree of a node. Path must start with '/'.`;

/** Until the levels, or the input, are at an end. */
function compareOnRequest(io: ToolIo, trees: Trees, limits: Limits): void {
  const deepest = depthOf(trees) - 1;
  // Small differences are printed as well: whoever asks for a level wants to see all of it.
  const shown = { ...limits, printsAll: true };
  for (let depth = 0; depth <= deepest; ) {
    line(io, `Current depth is ${depth}`);
    line(io, INVITATION);
    const input = io.readLine()?.trim();
    if (input === undefined) throw new ToolError(`the input ended at depth ${depth} of ${deepest}`);
    printLimits(io, limits);
    if (input === '') compareLevel(io, trees, depth++, shown);
    else if (input.startsWith('/')) {
      line(io, `Analysis for node ${input}`);
      compareChildren(io, trees, input, shown);
    } else if (/^-?\d+$/.test(input)) {
      const wanted = Number(input);
      if (wanted < 0 || wanted > deepest) {
        line(io, `Depth must be in range [0, ${deepest}]`);
        continue;
      }
      depth = wanted;
      compareLevel(io, trees, depth, shown);
    } else {
      line(
        io,
        `Input ${input} is not valid. Depth must be in range [0, ${deepest}]. Path must be an absolute path which starts with '/'.`,
      );
    }
    line(io, '');
  }
}

function compareChildren(io: ToolIo, [left, right]: Trees, path: string, limits: Limits): void {
  const [a, b] = [left.byPath.get(path), right.byPath.get(path)];
  if (a === undefined && b === undefined) {
    line(io, `Path ${path} is neither found in left tree nor right tree.`);
    return;
  }
  const sorted = (node: ComparedNode | undefined): ComparedNode[] => [...(node?.children ?? [])].sort(byPathOrder);
  compareNodes(io, sorted(a), sorted(b), limits);
}
