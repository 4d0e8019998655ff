import { useEffect, useState } from 'preact/hooks';
import { ask, Failure } from './api';

// The address holds everything that is shown: page, query, time, order, columns. A link shows another person the same.

export interface Place { path: string; params: URLSearchParams }

const here = (): Place => ({ path: decodeURI(location.pathname), params: new URLSearchParams(location.search) });

// usePlace gives the address, and renders anew when it changes.
export function usePlace(): Place {
  const [place, set] = useState(here);
  useEffect(() => {
    const changed = () => set(here());
    addEventListener('popstate', changed);
    return () => removeEventListener('popstate', changed);
  }, []);
  return place;
}

// go changes the address. Filters go with it to other pages.
export function go(target: string, replace = false) {
  history[replace ? 'replaceState' : 'pushState'](null, '', target);
  dispatchEvent(new PopStateEvent('popstate'));
}

const shared = ['q', 'from', 'to'];

// link is the address of another page under the same filter.
export function link(path: string, params: URLSearchParams, changes: Record<string, string> = {}): string {
  const next = new URLSearchParams();
  for (const name of shared) if (params.get(name)) next.set(name, params.get(name)!);
  for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
  const text = next.toString();
  return encodeURI(path) + (text ? '?' + text : '');
}

// change changes parameters of this page; empty ones are taken out.
export function change(place: Place, changes: Record<string, string>, replace = false) {
  const next = new URLSearchParams(place.params);
  for (const [name, value] of Object.entries(changes)) value ? next.set(name, value) : next.delete(name);
  const text = next.toString();
  go(encodeURI(place.path) + (text ? '?' + text : ''), replace);
}

// filter is the part of the address that questions share.
export function filter(params: URLSearchParams): Record<string, string> {
  return Object.fromEntries(shared.map((name) => [name, params.get(name) ?? '']));
}

export interface Answer<T> { value?: T; failure?: Failure; busy: boolean }

// useAnswer asks a question, and again when it changes; the last answer stays until the next is there.
export function useAnswer<T>(path: string, params: Record<string, string>): Answer<T> {
  const key = path + '?' + new URLSearchParams(params);
  const [answer, set] = useState<Answer<T> & { key: string }>({ busy: true, key });
  useEffect(() => {
    const control = new AbortController();
    set((before) => ({ value: before.value, busy: true, key }));
    ask<T>(path, params, control.signal).then(
      (value) => set({ value, busy: false, key }),
      (e) => control.signal.aborted || set({ failure: e instanceof Failure ? e : new Failure(String(e)), busy: false, key }),
    );
    return () => control.abort();
  }, [key]);
  return answer;
}
