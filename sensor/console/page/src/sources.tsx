import type { Claim, Source as One, SourceRow } from './api';
import { Next } from './campaigns';
import { A, Answered } from './frame';
import { change, filter, link, useAnswer, type Place } from './place';
import { Rows, Waterfall } from './waterfall';
import { count, number, State, time } from './words';

export function Sources({ place }: { place: Place }) {
  const sort = place.params.get('sort') ?? 'messages';
  const answer = useAnswer<{ rows: SourceRow[]; next?: string; partial?: boolean }>('sources', { ...filter(place.params), sort, cursor: place.params.get('cursor') ?? '', limit: '100' });
  const orders = [['messages', 'most popups'], ['last_seen', 'seen last'], ['decibans', 'weight of evidence for forging']];
  return (
    <>
      <h1>Addresses written as sender</h1>
      <p class="lead">A popup is one datagram, and its sender writes whatever address he likes on it. Only what is marked as proven took part.</p>
      <label class="order">Order <select value={sort} onChange={(e) => change(place, { sort: e.currentTarget.value, cursor: '' })}>{orders.map(([v, l]) => <option value={v}>{l}</option>)}</select></label>
      <Answered answer={answer} query={place.params.get('q') ?? ''}>{(page) => <>{page.partial && <p class="note">More is meant than can be looked through at once: these are of the newest popups. A shorter time or another condition finds the others.</p>}<SourceTable rows={page.rows} place={place} /><Next next={page.next} place={place} /></>}</Answered>
    </>
  );
}

export function SourceTable({ rows, place }: { rows: SourceRow[]; place: Place }) {
  if (!rows.length) return <p class="quiet">None.</p>;
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Addresses written as sender">
      <table class="list">
        <thead><tr><th scope="col">Address</th><th scope="col">State</th><th scope="col" class="n">Evidence</th><th scope="col" class="n">Popups</th><th scope="col" class="n">Campaigns</th><th scope="col">First seen</th><th scope="col">Last seen</th></tr></thead>
        <tbody>{rows.map((r) => (
          <tr><td><A to={link('/sources/' + r.ip, place.params, { q: '' })}><code>{r.ip}</code></A></td><td><State state={r.state} /></td><td class="n">{r.claims ? r.decibans.toFixed(1) + ' dB' : ''}</td><td class="n">{number(r.messages)}</td><td class="n">{number(r.campaigns)}</td><td>{time(r.first_seen)}</td><td>{time(r.last_seen)}</td></tr>
        ))}</tbody>
      </table>
    </div>
  );
}

export function Source({ place, ip }: { place: Place; ip: string }) {
  const answer = useAnswer<One>('sources/' + encodeURIComponent(ip), {});
  return <Answered answer={answer} heading={"Address " + ip}>{(s) => <Whole s={s} place={place} />}</Answered>;
}

function Whole({ s, place }: { s: One; place: Place }) {
  return (
    <>
      <p class="crumbs"><A to={link('/sources', place.params, { q: '' })}>Addresses written as sender</A></p>
      <h1><code>{s.ip}</code> as it stands on popups</h1>
      <p class={s.reportable ? 'verdictline proven' : 'verdictline'}><State state={s.state} /> {s.summary}</p>
      {s.draft && <p><A to={'/drafts/' + s.draft}>The draft of a report</A></p>}
      <p class="quiet">{count(s.claims, 'claim')} in {count(s.campaigns, 'campaign')}, {count(s.messages, 'popup')}, {time(s.first_seen)} to {time(s.last_seen)}. <A to={link('/messages', place.params, { q: 'source:' + s.ip })}>The popups</A>. A claim is what was seen of an address in one campaign and hour; nothing holds for an address for ever.</p>
      {s.told.map((c, i) => <One claim={c} place={place} before={s.told[i - 1]} />)}
      {s.left > 0 && <p class="note">{count(s.left, 'older claim')} not shown.</p>}
    </>
  );
}

function One({ claim: c, place, before }: { claim: Claim; place: Place; before?: Claim }) {
  const same = before && before.says === c.says && before.change.join() === c.change.join() && before.never.join() === c.never.join();
  return (
    <section class="card claim">
      <h2><State state={c.state} /> {c.hour.startsWith('0001') ? '' : time(c.hour).slice(0, 16)} <span class="quiet">{c.campaign ? <A to={link('/campaigns/' + c.campaign, place.params, { q: '' })}>{c.campaign}</A> : c.class} · sensor {c.sensor}{c.final ? '' : ' · not closed yet: this is not the last word'}</span></h2>
      <p class="judge">{c.says}</p>
      <p class="quiet">{count(c.messages, 'popup')} to {count(c.targets, 'target')}, {time(c.first_seen)} to {time(c.last_seen)}.{c.posterior && ` If every tenth, second or nine of ten such addresses were forged to begin with, this one is with probability ${c.posterior.p10}, ${c.posterior.p50}, ${c.posterior.p90}.`}{c.emitter && ` One machine was shown to be behind this and other addresses (group ${c.emitter}).`}</p>
      {c.conflict && <p class="note">A proof and other evidence contradict each other, so neither is believed. A person has to look; nobody may be reported.</p>}
      {c.refused.length > 0 && <><h3>Proven, but not to be reported, because</h3><ul>{c.refused.map((r) => <li>{r}</li>)}</ul></>}
      <h3>Evidence, {c.decibans.toFixed(1)} decibans</h3>
      {c.counted.some((e) => e.group !== 'rule') && <Waterfall rows={c.counted} sum={c.decibans} />}
      {c.counted.length ? <Rows rows={c.counted} /> : <p class="quiet">None, for or against.</p>}
      {c.left.length > 0 && <details><summary>Not counted: of a group the strongest row counts ({c.left.length})</summary><Rows rows={c.left} /></details>}
      {same ? <p class="quiet">What would change it, and what must not be concluded: as above.</p> : (
        <div class="columns counsel">
          <div><h3>What would change it</h3><ul>{c.change.map((t) => <li>{t}</li>)}</ul></div>
          <div><h3>What must not be concluded</h3><ul>{c.never.map((t) => <li>{t}</li>)}</ul></div>
          {c.harm && <div><h3>Why a report would hurt somebody</h3><p>{c.harm}</p></div>}
        </div>
      )}
    </section>
  );
}

export function Draft({ id }: { id: string }) {
  const answer = useAnswer<{ id: string; source: string; at: string; hash: string; document: unknown }>('drafts/' + encodeURIComponent(id), {});
  return (
    <Answered answer={answer} heading="Draft of a report">{(d) => (
      <>
        <h1>Draft of a report</h1>
        <p class="note">Nothing was sent. <code>popupwatch report</code> checks it against the gates of time and contact; a person decides.</p>
        <dl class="pairs"><dt>address</dt><dd><code>{d.source}</code></dd><dt>of</dt><dd>{time(d.at)}</dd><dt>SHA-256</dt><dd><code class="long">{d.hash}</code></dd></dl>
        <div class="scroll" tabIndex={0} role="region" aria-label="The draft"><pre>{JSON.stringify(d.document, null, 2)}</pre></div>
      </>
    )}</Answered>
  );
}
