import type { CampaignRow, Named, Overview as View, Status } from './api';
import { Popups } from './chart';
import { A, Answered } from './frame';
import { change, filter, link, useAnswer, type Place } from './place';
import { count, number, Plain, routes, State, states, Verdict, verdicts } from './words';

export function Overview({ place, status }: { place: Place; status?: Status }) {
  const answer = useAnswer<View>('overview', filter(place.params));
  const empty = status && Object.values(status.store.events).every((n) => n === 0);
  if (empty) return <Empty />;
  return <Answered answer={answer} query={place.params.get('q') ?? ''}>{(o) => <Found place={place} o={o} />}</Answered>;
}

function Empty() {
  return (
    <section class="card empty">
      <h1>The store is empty</h1>
      <p>Fill it with captures, or with a sensor that runs:</p>
      <pre>popupwatch replay --store popups.db captures/{'\n'}popupwatch live -i eth1 --store popups.db --console</pre>
      <p>Events appear here as they arrive. This page may stay open.</p>
    </section>
  );
}

function Found({ place, o }: { place: Place; o: View }) {
  const params = place.params, everTargets = !params.get('q') && (params.get('from') || params.get('to'));
  const zoom = (from: string, to: string) => change(place, { from, to });
  return (
    <>
      <h1>Overview</h1>
      {o.partial && <p class="note">More is meant than can be counted at once: the newest popups were counted. A shorter time counts them all.</p>}
      <ul class="figures">
        <Figure n={o.messages} label="popups" />
        <Figure n={o.campaigns} label="campaigns" />
        <Figure n={o.sources} label="addresses written as sender" />
        <Figure n={o.states.genuine_bound ?? 0} label="of them proven" />
        <Figure n={o.targets} label={everTargets ? 'targets, of all time' : 'targets'} />
      </ul>
      <section class="card"><Popups timeline={o.timeline} title="Popups over time, by verdict" zoom={zoom} /></section>
      <div class="columns">
        <section class="card wide"><h2>Campaigns of most popups</h2><Top rows={o.top} place={place} /></section>
        <section class="card"><h2>How far the addresses can be believed</h2>
          <Bars rows={Object.keys(states).map((s) => ({ name: s, count: o.states[s] ?? 0 }))} show={(s) => <A to={link('/sources', place.params, { q: `state:${s}` })}><State state={s} /></A>} kind="state" />
          <p class="quiet">Only a proven address may be reported.</p>
        </section>
        <section class="card"><h2>Verdicts</h2><Bars rows={['spam', 'suspect', 'clean'].map((v) => ({ name: v, count: o.verdicts[v] ?? 0 }))} show={(v) => <A to={link('/messages', place.params, { q: `verdict:${v}` })}>{verdicts[v]}</A>} kind="verdict" /></section>
        <section class="card"><h2>Roads and ports</h2><Bars rows={o.routes} show={(r) => routes[r] ?? r} /><Bars rows={o.ports.slice(0, 8)} show={(p) => <A to={link('/messages', place.params, { q: `port:${p}` })}>port {p}</A>} /></section>
        <section class="card"><h2>Findings</h2>{o.findings.length ? <Bars rows={o.findings} show={(f) => <A to={link('/findings', place.params, { q: `action:${f}` })}>{f.replace(/_/g, ' ')}</A>} /> : <p class="quiet">None.</p>}</section>
        <section class="card"><h2>The sensor</h2>
          <dl class="pairs"><dt>frames</dt><dd>{number(o.frames)}</dd><dt>dropped by kernel or interface</dt><dd class={o.dropped ? 'bad' : ''}>{number(o.dropped)}</dd><dt>given up for want of memory</dt><dd class={o.shed ? 'bad' : ''}>{number(o.shed)}</dd></dl>
          <p><A to={link('/sensor', place.params, { q: '' })}>What became of the frames</A></p>
        </section>
      </div>
    </>
  );
}

function Figure({ n, label }: { n: number; label: string }) {
  return <li><strong>{number(n)}</strong> {label}</li>;
}

function Top({ rows, place }: { rows: CampaignRow[]; place: Place }) {
  if (!rows.length) return <p class="quiet">None in this time and under this filter.</p>;
  const most = Math.max(...rows.map((r) => r.messages), 1);
  return (
    <ol class="top10">
      {rows.map((r) => (
        <li>
          <A to={link('/campaigns/' + r.id, place.params, { q: '' })}><Plain text={title(r)} max={110} brief /></A>
          <span class="meter"><i class={'verdict ' + r.verdict} style={{ width: (100 * r.messages) / most + '%' }} /></span>
          <span class="quiet"><Verdict verdict={r.verdict} /> {count(r.messages, 'popup')}{r.domains?.length ? <> · advertises <Plain text={r.domains.slice(0, 2).join(', ')} max={60} /></> : ''}</span>
        </li>
      ))}
    </ol>
  );
}

export const title = (r: CampaignRow) => (r.sample.text || r.template || r.id).replace(/\s+/g, ' ').trim() || r.id;

export function Bars({ rows, show, kind = '' }: { rows: Named[]; show: (name: string) => any; kind?: string }) {
  const most = Math.max(...rows.map((r) => r.count), 1);
  return (
    <table class="bars"><tbody>
      {rows.map((r) => <tr><th scope="row">{show(r.name)}</th><td class="bar"><i class={kind + ' ' + r.name} style={{ width: (100 * r.count) / most + '%' }} /></td><td class="n">{number(r.count)}</td></tr>)}
    </tbody></table>
  );
}
