import type { Campaign as One, CampaignRow, Key, Piece } from './api';
import { Popups } from './chart';
import { A, Answered } from './frame';
import { Bars, title } from './overview';
import { change, filter, link, useAnswer, type Place } from './place';
import { SourceTable } from './sources';
import { Victim } from './victim';
import { count, day, number, Plain, routes, span, State, states, time, Verdict } from './words';

export function Campaigns({ place }: { place: Place }) {
  const sort = place.params.get('sort') ?? 'messages';
  const answer = useAnswer<{ rows: CampaignRow[]; next?: string; partial?: boolean }>('campaigns', { ...filter(place.params), sort, cursor: place.params.get('cursor') ?? '', limit: '50' });
  const orders = [['messages', 'most popups'], ['last_seen', 'seen last'], ['first_seen', 'seen first'], ['score', 'score'], ['sources', 'most addresses']];
  return (
    <>
      <h1>Campaigns</h1>
      <p class="lead">Popups of one text, whoever is written on them as the sender.</p>
      <label class="order">Order <select value={sort} onChange={(e) => change(place, { sort: e.currentTarget.value, cursor: '' })}>{orders.map(([v, l]) => <option value={v}>{l}</option>)}</select></label>
      <Answered answer={answer} query={place.params.get('q') ?? ''}>{(page) => (
        <>
          {page.partial && <p class="note">More is meant than can be looked through at once: these are of the newest popups. A shorter time or another condition finds the others.</p>}
          {!page.rows.length && <p class="quiet">None in this time and under this filter.</p>}
          <ul class="cards">{page.rows.map((r) => <Card r={r} place={place} />)}</ul>
          <Next next={page.next} place={place} />
        </>
      )}</Answered>
    </>
  );
}

export function Next({ next, place }: { next?: string; place: Place }) {
  if (!next && !place.params.get('cursor')) return null;
  return <p class="pager">{place.params.get('cursor') && <button type="button" onClick={() => change(place, { cursor: '' })}>From the beginning</button>} {next && <button type="button" onClick={() => change(place, { cursor: next })}>More</button>}</p>;
}

function Card({ r, place }: { r: CampaignRow; place: Place }) {
  return (
    <li class="card">
      <p class="head"><Verdict verdict={r.verdict} /> <span class="score">score {r.score}</span>{r.lure && <span class="quiet">{r.lure.replace(/_/g, ' ')}</span>}{r.atlas?.map((a) => <span class="tag">{a.replace(/_/g, ' ')}</span>)}</p>
      <h2><A to={link('/campaigns/' + r.id, place.params, { q: '' })}><Plain text={title(r)} max={160} brief /></A></h2>
      <p class="quiet">{count(r.messages, 'popup')} to {count(r.targets, 'target')}, {count(r.sources, 'address')} written as sender · {day(r.first_seen)} to {day(r.last_seen)} · {r.sensors.join(', ')}</p>
      {r.domains?.length ? <p>Advertised: {r.domains.map((d, i) => <>{i > 0 && ', '}<code><Plain text={d} max={80} /></code></>)}</p> : null}
    </li>
  );
}

export function Campaign({ place, id }: { place: Place; id: string }) {
  const answer = useAnswer<One>('campaigns/' + encodeURIComponent(id), { from: place.params.get('from') ?? '', to: place.params.get('to') ?? '' });
  return <Answered answer={answer} heading="Campaign">{(c) => <Whole c={c} place={place} />}</Answered>;
}

function Whole({ c, place }: { c: One; place: Place }) {
  const [first] = c.variants;
  return (
    <>
      <p class="crumbs"><A to={link('/campaigns', place.params, { q: '' })}>Campaigns</A></p>
      <h1><Plain text={title(c)} max={120} brief /></h1>
      <p class="head"><Verdict verdict={c.verdict} /> <span class="score">score {c.score}</span>{c.lure && <span class="tag">{c.lure.replace(/_/g, ' ')}</span>}{c.language && <span class="tag">language {c.language}</span>}{c.atlas?.map((a) => <span class="tag">known from history: {a.replace(/_/g, ' ')}</span>)}</p>
      <ul class="figures">
        <li><strong>{number(c.messages)}</strong> popups</li><li><strong>{number(c.sources)}</strong> addresses written as sender</li><li><strong>{number(c.targets)}</strong> targets</li>
        <li><strong>{day(c.first_seen)}</strong> first seen</li><li><strong>{day(c.last_seen)}</strong> last seen, {span(c.first_seen, c.last_seen)} later</li>
      </ul>
      <Victim sample={first ?? c.sample} at={first?.first_seen ?? c.first_seen} />
      <section class="card"><Popups timeline={c.life} title="Life line" zoom={(from, to) => change(place, { from, to })} /></section>
      <section class="card"><h2>Variants</h2><p class="quiet">{count(c.wordings, 'wording')} among the newest popups. What differs from the first is marked: <del>taken out</del>, <ins>put in</ins>.</p>
        <ol class="variants">{c.variants.map((v, i) => (
          <li><p class="quiet">{count(v.count, 'popup')} · {time(v.first_seen)} to {time(v.last_seen)} · {v.code_page} · <A to={link('/messages/' + v.event, place.params, { q: '' })}>one of them</A></p>
            <p>From <b><Plain text={v.from} max={200} /></b> to <b><Plain text={v.to} max={200} /></b></p>
            <Difference pieces={i ? v.diff : [{ op: 'same', text: v.text }]} /></li>
        ))}</ol>
      </section>
      <section class="card"><h2>What it advertises</h2><p class="quiet">Who is advertised need not have sent it, nor know of it.</p><Keys keys={c.keys} /></section>
      <div class="columns">
        <section class="card"><h2>Addresses by state</h2><Bars rows={Object.keys(states).map((s) => ({ name: s, count: c.sources_by_state[s] ?? 0 }))} show={(s) => <State state={s} />} kind="state" /></section>
        <section class="card"><h2>Targets</h2>{c.networks.length ? <Bars rows={c.networks.slice(0, 12)} show={(n) => <code>{n}</code>} /> : <p class="quiet">None.</p>}</section>
        <section class="card"><h2>Roads and ports</h2><Bars rows={c.routes} show={(r) => routes[r] ?? r} /><Bars rows={c.ports} show={(p) => 'port ' + p} /></section>
        <section class="card"><h2>Tool and names</h2>
          <dl class="pairs"><dt>sensors</dt><dd>{c.sensors.join(', ')}</dd><dt>traits of the tool</dt><dd>{c.tool.join(', ').replace(/_/g, ' ') || 'none seen'}</dd><dt>id</dt><dd><code>{c.id}</code></dd><dt>other names</dt><dd class="names">{c.aliases.map((a) => <code>{a}</code>)}</dd></dl>
          {c.related != null && <details><summary>Related campaigns</summary><pre>{JSON.stringify(c.related, null, 2)}</pre></details>}
        </section>
      </div>
      <section class="card"><h2>Addresses written as sender</h2><p class="quiet">The sender chose what stands there. Those of most popups; <A to={link('/sources', place.params, { q: 'campaign:' + c.id })}>all of them</A>, <A to={link('/messages', place.params, { q: 'campaign:' + c.id })}>all popups</A>.</p><SourceTable rows={c.claimed} place={place} /></section>
    </>
  );
}

function Difference({ pieces }: { pieces: Piece[] }) {
  return <p class="difference" tabIndex={0} role="region" aria-label="Text of the variant">{pieces.map((p) => p.op === 'same' ? <Plain text={p.text} lines max={4000} /> : p.op === 'added' ? <ins><Plain text={p.text} lines max={2000} /></ins> : <del><Plain text={p.text} lines max={2000} /></del>)}</p>;
}

function Keys({ keys }: { keys: Record<string, Key[]> }) {
  const names: Record<string, string> = { domains: 'Sites', urls: 'Addresses of pages', phones: 'Phones', emails: 'Mailboxes' };
  const kinds = Object.keys(names).filter((k) => keys[k]?.length);
  if (!kinds.length) return <p class="quiet">Nothing.</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Advertised">
      <table><thead><tr><th scope="col">Kind</th><th scope="col">Advertised</th><th scope="col" class="n">Popups</th><th scope="col">First</th><th scope="col">Last</th></tr></thead>
        <tbody>{kinds.flatMap((k) => keys[k].map((key) => <tr><td>{names[k]}</td><td><code><Plain text={key.value} max={200} /></code></td><td class="n">{number(key.count)}</td><td>{day(key.first)}</td><td>{day(key.last)}</td></tr>))}</tbody>
      </table>
    </div>
  );
}
