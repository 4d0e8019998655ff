import { useEffect, useRef, useState } from 'preact/hooks';
import { address, ask, Failure, type MessagePage, type MessageRow, type Octets } from './api';
import { A, Answered, Failed } from './frame';
import { change, filter, go, link, useAnswer, type Place } from './place';
import { number, Plain, routes, State, time, Verdict } from './words';

// The table of messages: rows of one height, of which those are made that are seen; pages are asked for as one comes near their end.

const rowHeight = 34, pageRows = 200, keepRows = 50000;

const columns: { name: string; label: string; width: number; cell: (r: MessageRow) => any }[] = [
  { name: 'time', label: 'Time (UTC)', width: 184, cell: (r) => time(r.time) },
  { name: 'verdict', label: 'Verdict', width: 110, cell: (r) => <Verdict verdict={r.action === 'messenger_exploit_attempt' ? 'exploit' : r.verdict} /> },
  { name: 'score', label: 'Score', width: 64, cell: (r) => r.score },
  { name: 'from', label: 'From', width: 130, cell: (r) => <Plain text={r.from} max={60} brief /> },
  { name: 'to', label: 'To', width: 110, cell: (r) => <Plain text={r.to} max={60} brief /> },
  { name: 'text', label: 'Text', width: 380, cell: (r) => <Plain text={r.text.replace(/\s+/g, ' ')} max={160} brief /> },
  { name: 'domains', label: 'Advertised', width: 160, cell: (r) => <Plain text={(r.domains ?? []).join(' ')} max={60} /> },
  { name: 'source', label: 'Written as sender', width: 150, cell: (r) => <code>{r.source}</code> },
  { name: 'state', label: 'State', width: 168, cell: (r) => <State state={r.state} /> },
  { name: 'target', label: 'Target', width: 150, cell: (r) => <code>{r.target}</code> },
  { name: 'port', label: 'Port', width: 60, cell: (r) => r.port },
  { name: 'route', label: 'Road', width: 120, cell: (r) => routes[r.route] ?? r.route },
  { name: 'count', label: 'Popups', width: 70, cell: (r) => number(r.count) },
  { name: 'campaign', label: 'Campaign', width: 200, cell: (r) => <code>{r.campaign}</code> },
  { name: 'sensor', label: 'Sensor', width: 100, cell: (r) => r.sensor },
];
const usual = ['time', 'verdict', 'from', 'to', 'text', 'domains', 'source', 'state', 'port'];

interface Loaded { rows: MessageRow[]; next?: string; count: number; least: boolean; busy: boolean; failure?: Failure; key: string }

// useMessages loads page after page.
function useMessages(params: Record<string, string>): Loaded & { more: () => void; put: (rows: MessageRow[]) => void } {
  const key = new URLSearchParams(params).toString();
  const blank: Loaded = { rows: [], count: 0, least: false, busy: true, key };
  const [state, set] = useState<Loaded>(blank);
  const control = useRef<AbortController>(undefined);
  const load = (cursor: string) => {
    control.current?.abort();
    const mine = (control.current = new AbortController());
    ask<MessagePage>('messages', { ...params, cursor, limit: String(pageRows) }, mine.signal).then(
      (p) => set((s) => ({ ...s, rows: [...s.rows, ...p.rows], next: p.next, busy: false, ...(cursor ? {} : { count: p.count, least: p.count_is_least }) })),
      (e) => mine.signal.aborted || set((s) => ({ ...s, busy: false, failure: e })),
    );
  };
  useEffect(() => { set(blank); load(''); return () => control.current?.abort(); }, [key]);
  const more = () => {
    if (state.busy || !state.next || state.rows.length >= keepRows) return;
    set((s) => ({ ...s, busy: true }));
    load(state.next);
  };
  const put = (rows: MessageRow[]) => set((s) => ({ ...s, rows: [...rows, ...s.rows].slice(0, keepRows), count: s.count + rows.length }));
  return { ...(state.key === key ? state : blank), more, put };
}

export function Messages({ place }: { place: Place }) {
  const order = place.params.get('order') ?? 'newest';
  const live = place.params.get('live') === '1';
  const shown = place.params.get('columns')?.split(',') ?? usual;
  const list = useMessages({ ...filter(place.params), order });
  useTail(live && order === 'newest', place.params.get('q') ?? '', list.put);
  const exports = (format: string) => address('export', { set: 'messages', format, ...filter(place.params) });
  return (
    <>
      <h1>Messages</h1>
      <p class="toolbar">
        <span role="status" aria-busy={list.busy && !list.rows.length}>{list.failure ? '' : list.busy && !list.rows.length ? 'Asking the store …' : `${list.least ? 'more than ' : ''}${number(list.count)} documents`}</span>
        <label>Order <select value={order} onChange={(e) => change(place, { order: e.currentTarget.value })}><option value="newest">newest first</option><option value="oldest">oldest first</option></select></label>
        <label><input type="checkbox" checked={live} onChange={(e) => change(place, { live: e.currentTarget.checked ? '1' : '', order: '' })} /> Live</label>
        <details class="columnsmenu"><summary>Columns</summary><fieldset><legend class="unseen">Columns</legend>{columns.map((c) => (
          <label><input type="checkbox" checked={shown.includes(c.name)} onChange={(e) => change(place, { columns: columns.map((o) => o.name).filter((n) => (n === c.name ? e.currentTarget.checked : shown.includes(n))).join(',') }, true)} /> {c.label}</label>
        ))}</fieldset></details>
        <a href={exports('csv')} download>CSV</a> <a href={exports('ndjson')} download>NDJSON</a>
      </p>
      {list.failure && <Failed failure={list.failure} query={place.params.get('q') ?? ''} />}
      {!list.failure && !list.busy && !list.rows.length && !list.next && <p class="quiet">None in this time and under this filter.</p>}
      <Table list={list} shown={columns.filter((c) => shown.includes(c.name))} place={place} />
      {list.next && !list.busy && list.rows.length < pageRows && <p class="pager">Looked through as much as can be at once. <button type="button" onClick={list.more}>Search on</button></p>}
      {list.rows.length >= keepRows && <p class="note">{number(keepRows)} rows are loaded: a filter or an export shows the others.</p>}
    </>
  );
}

// useTail puts popups on top as they arrive.
function useTail(on: boolean, q: string, put: (rows: MessageRow[]) => void) {
  useEffect(() => {
    if (!on) return;
    const source = new EventSource(address('live', { q }));
    source.addEventListener('message', (e) => put([JSON.parse((e as MessageEvent).data)]));
    return () => source.close();
  }, [on, q]);
}

function Table({ list, shown, place }: { list: ReturnType<typeof useMessages>; shown: typeof columns; place: Place }) {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    const sized = new ResizeObserver(() => setHeight(box.current?.clientHeight ?? 600));
    sized.observe(box.current!);
    return () => sized.disconnect();
  }, []);
  const first = Math.max(0, Math.floor(top / rowHeight) - 10), last = Math.min(list.rows.length, Math.ceil((top + height) / rowHeight) + 10);
  useEffect(() => { if (last > list.rows.length - 50) list.more(); }, [last, list.rows.length, list.next]);
  const width = shown.reduce((sum, c) => sum + c.width, 0);
  const grid = { gridTemplateColumns: shown.map((c) => (c.name === 'text' ? `minmax(${c.width}px, 1fr)` : c.width + 'px')).join(' '), minWidth: width + 'px' };
  const open = (r: MessageRow) => go(link('/messages/' + r.id, place.params));
  const key = (e: KeyboardEvent) => {
    const row = (e.target as HTMLElement).closest<HTMLElement>('[data-row]');
    const to = e.key === 'ArrowDown' ? row?.nextElementSibling : e.key === 'ArrowUp' ? row?.previousElementSibling : null;
    if (to instanceof HTMLElement && to.dataset.row) {
      e.preventDefault();
      to.querySelector('a')?.focus();
    }
  };
  return (
    <div class="grid" ref={box} onScroll={(e) => setTop(e.currentTarget.scrollTop)} role="table" aria-label="Popups" aria-rowcount={list.rows.length + 1} tabIndex={0} onKeyDown={key}>
      <div class="gridrow gridhead" role="row" aria-rowindex={1} style={grid}>{shown.map((c) => <span role="columnheader">{c.label}</span>)}</div>
      <div role="rowgroup" style={{ height: list.rows.length * rowHeight + 'px', position: 'relative' }}>
        {list.rows.slice(first, last).map((r, i) => (
          <div class="gridrow" role="row" key={r.id} data-row={first + i} aria-rowindex={first + i + 2} style={{ ...grid, top: (first + i) * rowHeight + 'px' }} onClick={() => open(r)}>
            {shown.map((c, j) => <span role="cell">{j === 0 ? <A to={link('/messages/' + r.id, place.params)}>{c.cell(r)}</A> : c.cell(r)}</span>)}
          </div>
        ))}
      </div>
    </div>
  );
}

export function Message({ place, id }: { place: Place; id: string }) {
  const answer = useAnswer<{ document: any; octets: Octets[] }>('events/' + encodeURIComponent(id), {});
  return <Answered answer={answer} heading="One popup">{(v) => <Whole place={place} document={v.document} octets={v.octets} />}</Answered>;
}

function Whole({ place, document: d, octets }: { place: Place; document: any; octets: Octets[] }) {
  const p = d.popupwatch ?? {}, m = p.message ?? {};
  const claimed = d.source?.ip as string | undefined;
  return (
    <>
      <p class="crumbs"><A to={link('/messages', place.params)}>Messages</A></p>
      <h1>One popup, {time(d['@timestamp'])}</h1>
      <p class="head"><Verdict verdict={p.score?.verdict ?? ''} /> {p.score && <span class="score">score {p.score.total}</span>} {p.campaign?.id && <A to={link('/campaigns/' + p.campaign.id, place.params, { q: '' })}><code>{p.campaign.id}</code></A>}</p>
      <div class="columns">
        <section class="card"><h2>What it says</h2>
          <dl class="pairs"><dt>From</dt><dd><Plain text={m.from ?? ''} max={2000} /></dd><dt>To</dt><dd><Plain text={m.to ?? ''} max={2000} /></dd><dt>Code page</dt><dd>{m.code_page}</dd></dl>
          <div class="saidtext"><Plain text={m.text ?? ''} lines /></div>
        </section>
        <section class="card wide"><h2>Its octets</h2>{octets.map((o) => <Dump octets={o} />)}{!octets.length && <p class="quiet">Not kept.</p>}</section>
        <section class="card"><h2>Where it stood</h2>
          <dl class="pairs">
            <dt>written as sender</dt><dd>{claimed ? <A to={link('/sources/' + claimed, place.params, { q: '' })}><code>{claimed}</code></A> : 'several'} <State state={p.source?.state ?? ''} /></dd>
            <dt>target</dt><dd><code>{d.destination?.ip ?? (m.destinations ?? []).join(', ')}</code>, port {d.destination?.port}</dd>
            <dt>road</dt><dd>{routes[p.route] ?? p.route}</dd><dt>sensor</dt><dd>{d.observer?.name}</dd><dt>frames</dt><dd>{(m.packets ?? []).join(', ')}</dd>
            <dt>oddities</dt><dd>{(m.anomalies ?? []).join(', ') || 'none'}</dd><dt>rules that hit</dt><dd>{(p.score?.rules ?? []).join(', ').replace(/_/g, ' ') || 'none'}</dd>
            <dt>advertised</dt><dd><Plain text={Object.values(p.advertised ?? {}).flat().join(' ')} max={500} /></dd>
          </dl>
        </section>
      </div>
      <details class="card"><summary>The whole event</summary><pre class="json"><Plain text={JSON.stringify(d, null, 2)} lines max={60000} /></pre></details>
    </>
  );
}

// Dump shows octets as numbers and, where they can be seen, as letters; 4,096 at most.
function Dump({ octets: o }: { octets: Octets }) {
  const raw = atob(o.base64), lines: string[] = [];
  for (let i = 0; i < Math.min(raw.length, 4096); i += 16) {
    const part = [...raw.slice(i, i + 16)].map((c) => c.charCodeAt(0));
    lines.push(i.toString(16).padStart(4, '0') + '  ' + part.map((c) => c.toString(16).padStart(2, '0')).join(' ').padEnd(48) + ' ' + part.map((c) => (c >= 32 && c < 127 ? String.fromCharCode(c) : '·')).join(''));
  }
  return <><h3>{o.field}, {number(raw.length)} octets <span class="quiet">{o.kept ? 'as they came' : `as ${o.code_page} gives them back`}</span></h3><div class="scroll" tabIndex={0} role="region" aria-label={'Octets of ' + o.field}><pre class="hex">{lines.join('\n')}{raw.length > 4096 ? '\n…' : ''}</pre></div></>;
}
