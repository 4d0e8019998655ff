import type { Finding, SensorView, Status } from './api';
import { Chart } from './chart';
import { Next } from './campaigns';
import { A, Answered } from './frame';
import { change, filter, link, useAnswer, type Place } from './place';
import { count, number, octets, Plain, time } from './words';

export function Findings({ place }: { place: Place }) {
  const answer = useAnswer<{ rows: Finding[]; next?: string }>('findings', { ...filter(place.params), cursor: place.params.get('cursor') ?? '' });
  return (
    <>
      <h1>Findings</h1>
      <p class="lead">What is no popup and matters all the same: exploit attempts, probes, answers to popups that were sent in somebody's name, hosts of our own that take part.</p>
      <Answered answer={answer} query={place.params.get('q') ?? ''}>{(page) => (
        <>
          {!page.rows.length && <p class="quiet">None in this time and under this filter.</p>}
          <ul class="cards">{page.rows.map((f) => {
            const d = (f.document as any)?.popupwatch?.finding ?? {};
            return (
              <li class="card"><p class="head"><span class={'tag severity s' + f.severity}>severity {f.severity}</span> <b>{f.class.replace(/_/g, ' ')}</b> <span class="quiet">{time(f.time)} · seen {count(f.count, 'time')} · {f.sensor}</span></p>
                <p><Plain text={f.says} max={500} /></p>{d.advice && <p><b>What to do.</b> <Plain text={d.advice} max={1000} /></p>}
                {d.evidence?.length > 0 && <details><summary>Evidence</summary><ul>{d.evidence.map((e: string) => <li><Plain text={e} max={1000} /></li>)}</ul></details>}
                {f.campaign && <p><A to={link('/campaigns/' + f.campaign, place.params, { q: '' })}>{f.campaign}</A></p>}</li>
            );
          })}</ul>
          <Next next={page.next} place={place} />
        </>
      )}</Answered>
    </>
  );
}

export function Sensor({ place, status }: { place: Place; status?: Status }) {
  const answer = useAnswer<SensorView>('sensor', filter(place.params));
  return (
    <>
      <h1>Sensor</h1>
      <Answered answer={answer} query={place.params.get('q') ?? ''}>{(v) => (
        <>
          <ul class="figures"><li><strong>{number(v.frames)}</strong> frames</li><li><strong>{octets(v.bytes)}</strong> in them</li><li><strong>{number(v.messages)}</strong> popups</li>
            <li class={v.kernel.dropped ? 'bad' : ''}><strong>{number((v.kernel.dropped ?? 0) + (v.kernel.interface_dropped ?? 0))}</strong> dropped</li></ul>
          {v.at.length > 0 && <section class="card"><Chart at={v.at} step={v.step} title="Frames over time" series={[{ name: 'frames', label: 'Frames', counts: v.frames_at }]} zoom={(from, to) => change(place, { from, to })} />
            {v.lost_at.some(Boolean) && <Chart at={v.at} step={v.step} title="Dropped and given up" series={[{ name: 'spam', label: 'Lost', counts: v.lost_at }]} />}</section>}
          <div class="columns">
            <section class="card"><h2>What became of the frames</h2><p class={v.adds_up ? 'quiet' : 'bad'}>{v.adds_up ? 'Each frame is counted once: the reasons add up to the frames.' : 'The reasons do not add up to the frames: please report this.'}</p>
              <Counts rows={v.reasons.map((r) => [r.name, r.count])} /></section>
            <section class="card"><h2>Ports</h2><div class="scroll" tabIndex={0} role="region" aria-label="Ports"><table><thead><tr><th scope="col">Port</th><th scope="col" class="n">Datagrams</th><th scope="col" class="n">Octets</th><th scope="col" class="n">Addresses</th></tr></thead><tbody>{v.ports.map((p) => <tr><th scope="row">{p.port}</th><td class="n">{number(p.datagrams)}</td><td class="n">{number(p.bytes)}</td><td class="n">{number(p.sources)}</td></tr>)}</tbody></table></div></section>
            <section class="card"><h2>Kernel</h2><Counts rows={Object.entries(v.kernel)} none="A replay has none." /></section>
            <section class="card"><h2>Given up for want of memory</h2><Counts rows={Object.entries(v.shed)} none="Nothing." /></section>
            <section class="card"><h2>Delivery queue</h2><Counts rows={Object.entries(v.queue)} none="Nothing is delivered." /></section>
            {status && <Kept status={status} />}
          </div>
        </>
      )}</Answered>
    </>
  );
}

function Kept({ status: { store: s, live, process: p } }: { status: Status }) {
  return (
    <section class="card"><h2>The store</h2>
      <dl class="pairs">{Object.entries(s.events).map(([set, n]) => <><dt>{set} events</dt><dd>{number(n)}</dd></>)}
        <dt>size</dt><dd>{octets(s.octets)} of {s.limit ? octets(s.limit) : 'no limit'}</dd><dt>kept for</dt><dd>{s.days ? count(s.days, 'day') : 'as long as there is room'}</dd>
        <dt>given up for age or room</dt><dd>{number(s.purged)}</dd><dt>newest arrived</dt><dd>{time(s.arrived)}</dd><dt>wait for delivery</dt><dd>{number(s.queued)}</dd>
        {live && p && <><dt>captures from</dt><dd>{p.interfaces.join(', ')} since {time(p.started)}</dd><dt>memory of the process</dt><dd>{octets(p.memory)}; state may take {octets(p.limit)}</dd></>}
      </dl>
    </section>
  );
}

function Counts({ rows, none = 'None.' }: { rows: [string, number][]; none?: string }) {
  if (!rows.length) return <p class="quiet">{none}</p>;
  return <dl class="pairs">{rows.map(([name, n]) => <><dt>{name.replace(/_/g, ' ')}</dt><dd>{number(n)}</dd></>)}</dl>;
}

const fields: [string, string, string][] = [
  ['text, from, to', 'words, a phrase in quotes, or a beginning of three letters and more with *', 'text:"critical error" from:secur*'], ['campaign', 'an id or another name of a campaign', 'campaign:cmp1-66jh7cukqwny62dg'],
  ['source, target', 'an address or a prefix, as written on the packet', 'source:192.0.2.0/24'], ['state', 'unknown, forged_certain, nonroutable_leak, forged_probable, reachable_unbound, genuine_bound', 'state:unknown,forged_probable'],
  ['verdict', 'spam, suspect, clean', '-verdict:clean'], ['domain', 'an advertised domain and all below it', 'domain:example.com'], ['url, phone, email', 'what is advertised, exactly', 'phone:18005551234'],
  ['route, port, score', 'the road; numbers may be compared', 'route:smb_tcp port:>=1026 score:<=10'], ['sensor, action, lure, rule, language', 'words of the events', 'rule:urgency language:de'],
];

export function Help() {
  return (
    <>
      <h1>Help</h1>
      <section class="card"><h2>Searching</h2><p>Conditions behind each other must all hold. Values with commas between them: any of them. A minus before a condition: not. A word alone is looked for in the text.</p>
        <div class="scroll" tabIndex={0} role="region" aria-label="Fields"><table><thead><tr><th scope="col">Field</th><th scope="col">Value</th><th scope="col">Example</th></tr></thead><tbody>{fields.map(([name, value, example]) => <tr><th scope="row">{name}</th><td>{value}</td><td><code>{example}</code></td></tr>)}</tbody></table></div>
      </section>
      <section class="card"><h2>What an address says</h2><p>Nothing, by itself. A popup is one datagram that nobody answers, so its sender writes whatever source he likes. Reports made from such addresses blamed innocent people, hundreds of times a month. popupwatch says of each how far it can be believed; only a proven one may be reported.</p></section>
      <section class="card"><h2>Sharing and keys</h2><p>The address of this page holds time, filter and order: who opens it sees the same. Dragging over a chart zooms. In the table of messages the arrow keys go from row to row.</p><p><a href="/api/v1/openapi.yml">The API behind these pages</a> is read-only and described in OpenAPI.</p></section>
    </>
  );
}
