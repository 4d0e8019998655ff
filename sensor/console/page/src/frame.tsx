import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { Failure, Status } from './api';
import { change, go, link, type Answer, type Place } from './place';

// The frame of every page: names of pages, filter, theme.

const pages = [['/', 'Overview'], ['/campaigns', 'Campaigns'], ['/sources', 'Sources'], ['/messages', 'Messages'], ['/findings', 'Findings'], ['/sensor', 'Sensor'], ['/help', 'Help']] as const;

export function Frame({ place, status, children }: { place: Place; status?: Status; children: ComponentChildren }) {
  const first = '/' + place.path.split('/')[1];
  return (
    <>
      <a class="skip" href="#main">Skip to the content</a>
      <header class="top">
        <A to={link('/', place.params)} class="name"><img src="/icon.svg" alt="" width="24" height="24" /> popupwatch</A>
        <nav aria-label="Pages">
          {pages.map(([path, name]) => <A to={link(path, place.params)} current={first === path}>{name}</A>)}
        </nav>
        <Theme />
      </header>
      {first !== '/help' && <Filter place={place} />}
      <main id="main" tabIndex={-1}>{children}</main>
      <footer>
        popupwatch {status?.version}. Addresses are what senders wrote: no proof that anybody sent anything, unless marked as proven. All times are UTC.
      </footer>
    </>
  );
}

// A is a link within the page.
export function A({ to, current, class: name, children, label }: { to: string; current?: boolean; class?: string; children: ComponentChildren; label?: string }) {
  const follow = (e: MouseEvent) => {
    if (e.ctrlKey || e.metaKey || e.shiftKey || e.altKey || e.button) return;
    e.preventDefault();
    go(to);
    scrollTo(0, 0);
    document.getElementById('main')?.focus({ preventScroll: true });
  };
  return <a href={to} class={name} aria-current={current ? 'page' : undefined} aria-label={label} onClick={follow}>{children}</a>;
}

const themes = ['auto', 'light', 'dark'];

function Theme() {
  const [theme, set] = useState(() => localStorage.getItem('theme') ?? 'auto');
  useEffect(() => {
    document.documentElement.dataset.theme = theme;
    localStorage.setItem('theme', theme);
    dispatchEvent(new Event('theme'));
  }, [theme]);
  return (
    <label class="theme"><span class="unseen">Colours</span>
      <select value={theme} onChange={(e) => set(e.currentTarget.value)}>{themes.map((t) => <option value={t}>{t === 'auto' ? 'as the system' : t}</option>)}</select>
    </label>
  );
}

// minute is a time of the address as a field for times wants it, and back.
const toField = (text: string | null) => (text ? text.slice(0, 16) : '');
const fromField = (text: string) => (text ? text + ':00Z' : '');

function Filter({ place }: { place: Place }) {
  const [q, setQ] = useState(place.params.get('q') ?? '');
  const [from, setFrom] = useState(toField(place.params.get('from')));
  const [to, setTo] = useState(toField(place.params.get('to')));
  useEffect(() => {
    setQ(place.params.get('q') ?? '');
    setFrom(toField(place.params.get('from')));
    setTo(toField(place.params.get('to')));
  }, [place.params.toString()]);
  const submit = (e: Event) => {
    e.preventDefault();
    change(place, {
      q, cursor: '',
      from: from === toField(place.params.get('from')) ? place.params.get('from') ?? '' : fromField(from),
      to: to === toField(place.params.get('to')) ? place.params.get('to') ?? '' : fromField(to),
    });
  };
  const clear = () => change(place, { q: '', from: '', to: '', cursor: '' });
  return (
    <form class="filter" role="search" onSubmit={submit}>
      <label class="query"><span>Search</span>
        <input type="search" name="q" value={q} maxLength={1024} autocomplete="off" spellcheck={false} placeholder='words, or state:unknown domain:example.com text:"critical error"' onInput={(e) => setQ(e.currentTarget.value)} />
      </label>
      <label><span>From</span><input type="datetime-local" value={from} onInput={(e) => setFrom(e.currentTarget.value)} /></label>
      <label><span>To</span><input type="datetime-local" value={to} onInput={(e) => setTo(e.currentTarget.value)} /></label>
      <button type="submit">Show</button>
      <button type="button" class="plainbutton" onClick={clear} disabled={!q && !from && !to}>Clear</button>
    </form>
  );
}

// Answered shows an answer, or why there is none.
export function Answered<T>({ answer, query, heading, children }: { answer: Answer<T>; query?: string; heading?: string; children: (value: T) => ComponentChildren }) {
  if (answer.failure) return <>{heading && <h1>{heading}</h1>}<Failed failure={answer.failure} query={query} /></>;
  if (!answer.value) return <p class="wait" role="status">Asking the store …</p>;
  return <div class={answer.busy ? 'busy' : ''} aria-busy={answer.busy}>{children(answer.value)}</div>;
}

export function Failed({ failure, query = '' }: { failure: Failure; query?: string }) {
  const at = new TextDecoder().decode(new TextEncoder().encode(query).slice(0, failure.at));
  return (
    <div class="failed" role="alert">
      <p><strong>{failure.message}</strong></p>
      {failure.at >= 0 && query && <pre>{query}{'\n'}{' '.repeat([...at].length)}↑</pre>}
      {failure.hint && <p>{failure.hint}</p>}
    </div>
  );
}
