// The API's answers, as sensor/store/questions.go and sensor/console have them.

export interface Named { name: string; count: number }
export interface Timeline { step: number; at: number[]; spam: number[]; suspect: number[]; clean: number[]; exploit: number[] }
export interface Sample { from: string; to: string; text: string }
export interface CampaignRow {
  id: string; verdict: string; score: number; lure?: string; language?: string; template?: string; sample: Sample; messages: number; sources: number;
  targets: number; first_seen: string; last_seen: string; domains?: string[]; sources_by_state: Record<string, number>; reportable_sources: number;
  sensors: string[]; atlas?: string[];
}
export interface Overview {
  from: string; to: string; timeline: Timeline; messages: number; campaigns: number; sources: number; targets: number; verdicts: Record<string, number>;
  states: Record<string, number>; routes: Named[]; ports: Named[]; top: CampaignRow[]; findings: Named[]; frames: number; dropped: number; shed: number; partial: boolean;
}
export interface Key { value: string; count: number; first: string; last: string }
export interface Piece { op: 'same' | 'added' | 'removed'; text: string }
export interface Variant extends Sample { event: string; code_page: string; count: number; first_seen: string; last_seen: string; diff: Piece[] }
export interface Part { part: string; first_seen: string; last_seen: string; messages: number; sensor: string; final: boolean }
export interface SourceRow {
  ip: string; state: string; states: Record<string, number>; reportable: boolean; decibans: number; messages: number; campaigns: number; claims: number;
  first_seen: string; last_seen: string;
}
export interface Campaign extends CampaignRow {
  aliases: string[]; parts: Part[]; life: Timeline; keys: Record<string, Key[]>; ports: Named[]; routes: Named[]; tool: string[]; related?: unknown;
  variants: Variant[]; wordings: number; claimed: SourceRow[]; networks: Named[];
}
export interface Evidence { id: string; group: string; decibans: number; text: string; packets: number[] }
export interface Claim {
  claim_id: string; campaign: string; class: string; sensor: string; hour: string; first_seen: string; last_seen: string; state: string; says: string;
  decibans: number; posterior?: { p10: number; p50: number; p90: number }; counted: Evidence[]; left: Evidence[]; conflict: boolean; reportable: boolean;
  refused: string[]; emitter?: string; messages: number; targets: number; final: boolean; change: string[]; never: string[]; harm?: string;
}
export interface Source extends SourceRow { summary: string; told: Claim[]; left: number; draft?: string }
export interface MessageRow {
  id: string; time: string; action: string; from: string; to: string; text: string; verdict: string; score: number; lure?: string; campaign: string;
  source: string; state: string; target: string; port: number; route: string; sensor: string; count: number; domains?: string[];
}
export interface MessagePage { rows: MessageRow[]; next?: string; count: number; count_is_least: boolean }
export interface Octets { field: string; base64: string; code_page: string; kept: boolean }
export interface Finding { id: string; time: string; class: string; severity: number; count: number; campaign?: string; sensor: string; says: string; document: unknown }
export interface PortCount { port: number; datagrams: number; bytes: number; sources: number }
export interface SensorView {
  sensors: string[]; frames: number; bytes: number; messages: number; adds_up: boolean; reasons: Named[]; kernel: Record<string, number>; shed: Record<string, number>;
  queue: Record<string, number>; ports: PortCount[]; step: number; at: number[]; frames_at: number[]; popups_at: number[]; lost_at: number[];
}
export interface Kept {
  events: Record<string, number>; first: string; last: string; arrived: string; octets: number; limit: number; days: number; purged: number; shed: number; queued: number;
}
export interface Status { version: string; live: boolean; process?: { interfaces: string[]; memory: number; limit: number; started: string }; store: Kept }

// Failure is an error as the server words it: at is the octet of the query that is meant.
export class Failure extends Error {
  constructor(message: string, readonly hint = '', readonly at = -1, readonly code = '') { super(message); }
}

// address is a path of the API with its parameters; empty ones are left out.
export function address(path: string, params: Record<string, string | undefined>): string {
  const given = Object.entries(params).filter((p): p is [string, string] => !!p[1]);
  return '/api/v1/' + path + (given.length ? '?' + new URLSearchParams(given) : '');
}

// ask asks a question; what goes wrong is a Failure.
export async function ask<T>(path: string, params: Record<string, string | undefined>, signal: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(address(path, params), { signal });
  } catch (e) {
    if (signal.aborted) throw e;
    throw new Failure('The console does not answer.', 'Is popupwatch still running?');
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body as T;
  const e = body.error ?? {};
  throw new Failure(e.message ?? 'The answer cannot be read.', e.hint, e.at ?? -1, e.code);
}
