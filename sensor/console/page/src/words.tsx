import type { ComponentChildren } from 'preact';

// Words and numbers for people, and text from the network made harmless.

export const states: Record<string, { label: string; short: string }> = {
  genuine_bound: { label: 'Proven', short: 'A computer at the address took part; shown by an answer nobody could guess' },
  reachable_unbound: { label: 'Answers, unbound', short: 'A computer answers there; nothing ties it to the messages' },
  unknown: { label: 'Unknown', short: 'Nothing proves or disproves the address' },
  forged_probable: { label: 'Probably forged', short: 'The evidence speaks for an invented address' },
  nonroutable_leak: { label: 'Private address', short: 'An address that belongs to nobody in particular' },
  forged_certain: { label: 'Forged', short: 'No host can have sent this from there' },
};

export const verdicts: Record<string, string> = { spam: 'Spam', suspect: 'Suspect', clean: 'Clean', exploit: 'Exploit attempt', '': 'No verdict' };

export const routes: Record<string, string> = { rpc_udp: 'RPC over UDP', smb_tcp: 'SMB', mailslot_udp: 'Mailslot' };

export const number = (n: number) => n.toLocaleString('en-US');

export function octets(n: number): string {
  const units = ['octets', 'KiB', 'MiB', 'GiB', 'TiB'];
  let i = 0;
  for (; n >= 1024 && i < units.length - 1; i++) n /= 1024;
  return (i ? n.toFixed(1) : String(n)) + ' ' + units[i];
}

// time is a moment in UTC, to the second.
export const time = (text: string) => (text.startsWith('0001') ? 'never' : text.slice(0, 19).replace('T', ' '));
export const day = (text: string) => (text.startsWith('0001') ? 'never' : text.slice(0, 10));

// span is how long it is from one moment to another, in words.
export function span(from: string, to: string): string {
  const s = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  for (const [unit, length] of [['year', 31556952], ['day', 86400], ['hour', 3600], ['minute', 60]] as const) {
    if (s >= length) return count(Math.round(s / length), unit);
  }
  return count(Math.max(s, 0), 'second');
}

export const count = (n: number, word: string) => `${number(n)} ${word}${n === 1 ? '' : word.endsWith('s') ? 'es' : 's'}`;

// What a reader would not see, or what would turn the direction of what he reads.
const hidden = /[\p{C}\p{Zl}\p{Zp}\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0]/u;
const longest = 20000;

// Plain shows text from the network: hidden characters as boxes with their number, never as what they do; at most 20,000 characters. Nothing
// in it is a link.
export function Plain({ text, lines = false, max = longest, brief = false }: { text: string; lines?: boolean; max?: number; brief?: boolean }) {
  const parts: ComponentChildren[] = [];
  let run = '';
  let shown = 0;
  for (const c of text) {
    if (shown++ === max) {
      parts.push(run, <span class="cut">{brief ? '…' : ` … ${number(text.length - max)} more`}</span>);
      run = '';
      break;
    }
    if (!hidden.test(c) || (lines && c === '\n') || c === '\t') {
      run += c;
      continue;
    }
    const code = c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0');
    parts.push(run, <span class="hidden" title={`character U+${code}, which would not be seen`}>{c === '\n' ? '⏎' : code}</span>);
    run = '';
  }
  parts.push(run);
  return <bdi class={lines ? 'plain lines' : 'plain'}>{parts}</bdi>;
}

export function State({ state }: { state: string }) {
  if (!state) return <span class="quiet">none</span>;
  return <span class={'tag state ' + state} title={states[state]?.short}>{states[state]?.label ?? state}</span>;
}

export function Verdict({ verdict }: { verdict: string }) {
  return <span class={'tag verdict ' + (verdict || 'none')}>{verdicts[verdict] ?? verdict}</span>;
}
