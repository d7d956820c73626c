import { messageOf } from '../base/errors.ts';
import { readRequest } from '../conversation/read-request.ts';
import type { ReplySeen, RequestSeen } from '../conversation/seen.ts';
import { writePathWatch, writeRequestHeader } from '../jute/client-records.ts';
import { OpCode } from '../jute/codes.ts';
import { Writer } from '../jute/writer.ts';
import { Asker } from './asker.ts';
import { comparisonScript } from './comparison-script.ts';
import { eventText, replyDifference } from './difference.ts';
import type { Entry } from './entry.ts';
import type { Address } from './upstream.ts';

/** The same requests to two servers, one after the other, and what they answer held against each other. */
export interface Comparison {
  readonly compared: number;
  /** In the order in which they were found. */
  readonly differences: readonly ComparedDifference[];
}

export interface ComparedDifference {
  readonly request: RequestSeen | undefined;
  readonly text: string;
}

/** One request of a conversation: with its length or without, as `frame` of an entry has it. */
export interface ScriptedRequest {
  readonly connection: number;
  /** Without its length. */
  readonly frame: Buffer;
}

export function builtInScript(): ScriptedRequest[] {
  return comparisonScript(`/menagerie-compare-${process.pid}`).map((frame) => ({ connection: 1, frame }));
}

/** The requests of a recording that can be asked again; throws when it has none, for it was made without them. */
export function scriptOf(entries: readonly Entry[]): ScriptedRequest[] {
  const script = entries
    .filter(({ name, frame }) => frame !== undefined && name !== 'closeSession' && name !== 'ping')
    .map(({ connection, frame }) => ({ connection, frame: Buffer.from(frame as string, 'base64').subarray(4) }));
  if (script.length === 0) throw new Error('the recording has no requests to ask again: make it with --frames');
  return script;
}

export async function compare(
  left: Address,
  right: Address,
  script: readonly ScriptedRequest[],
  onDifference: (difference: ComparedDifference) => void = () => {},
): Promise<Comparison> {
  const pairs = new Map<number, Pair>();
  const differences: ComparedDifference[] = [];
  const differs = (difference: ComparedDifference): void => {
    differences.push(difference);
    onDifference(difference);
  };
  try {
    for (const { connection, frame } of script) {
      let pair = pairs.get(connection);
      if (pair === undefined) {
        pair = [await Asker.open(left), await Asker.open(right)];
        pairs.set(connection, pair);
      }
      const request = readRequest(frame);
      const [one, other] = await Promise.all([outcomeOf(pair[0], frame), outcomeOf(pair[1], frame)]);
      const text = outcomeDifference(one, other);
      if (text !== undefined) differs({ request, text });
      if (pairs.size === 1) compareEvents(pair, request, differs);
      if (typeof one === 'string' || typeof other === 'string') {
        pairs.delete(connection);
        await Promise.allSettled(pair.map((asker) => asker.close()));
      }
    }
    // Events of what other connections did are there before the answer to a later question.
    for (const pair of pairs.values()) {
      await Promise.all(pair.map((asker) => outcomeOf(asker, lastQuestion())));
      compareEvents(pair, undefined, differs);
    }
  } finally {
    await Promise.allSettled([...pairs.values()].flat().map((asker) => asker.close()));
  }
  return { compared: script.length, differences };
}

/** The answer, or why there is none: a server may close a connection for what it was asked. */
async function outcomeOf(asker: Asker, frame: Buffer): Promise<ReplySeen | string> {
  try {
    return await asker.ask(frame);
  } catch (error) {
    return messageOf(error);
  }
}

function outcomeDifference(one: ReplySeen | string, other: ReplySeen | string): string | undefined {
  if (typeof one !== 'string' && typeof other !== 'string') return replyDifference(one, other, 'with data');
  if (typeof one === 'string' && typeof other === 'string') return undefined;
  const told = (outcome: ReplySeen | string): string => (typeof outcome === 'string' ? outcome : 'an answer');
  return `${told(one)} against ${told(other)}`;
}

type Pair = readonly [Asker, Asker];

function compareEvents(
  [left, right]: Pair,
  request: RequestSeen | undefined,
  differs: (difference: ComparedDifference) => void,
): void {
  const ones = left.events.splice(0).map(eventText);
  const others = right.events.splice(0).map(eventText);
  for (let i = 0; i < Math.max(ones.length, others.length); i++) {
    if (ones[i] !== others[i])
      differs({ request, text: `event ${ones[i] ?? 'missing'} against ${others[i] ?? 'missing'}` });
  }
}

function lastQuestion(): Buffer {
  const w = new Writer(32);
  writeRequestHeader(w, 0x7ffffff0, OpCode.exists);
  writePathWatch(w, { path: '/', watch: false });
  return w.take();
}
