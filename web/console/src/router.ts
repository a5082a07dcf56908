import { batch, signal } from '@preact/signals';

const BASE = '/console';

/** Where the browser is: the path behind `/console`, and the query. */
export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
}

function here(): Place {
  const { pathname, search } = location;
  const path = pathname.startsWith(BASE) ? pathname.slice(BASE.length) : '/';
  return { path: path === '' ? '/' : path, query: new URLSearchParams(search) };
}

/** The current place. */
export const place = signal<Place>(here());

/** Counts the ways to another page: the heading of the new one takes the focus then. */
export const moves = signal(0);

/** The page is another one from now on, whatever its address is. */
export function moved(): void {
  moves.value += 1;
}

/** A search or a period in the address alone leaves the focus where it is. */
function arrive(): void {
  batch(() => {
    const next = here();
    if (next.path !== place.value.path) moved();
    place.value = next;
  });
}

addEventListener('popstate', arrive);

/** The address of a path of the console. */
export const hrefOf = (path: string): string => BASE + path;

/** Goes to a path of the console; with `replace` the step back leads to before this one. */
export function go(path: string, replace = false): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', hrefOf(path));
  const { path: before } = place.value;
  arrive();
  if (!replace && place.value.path !== before) scrollTo(0, 0);
}

/** Follows links of the console without loading the page anew. */
export function followLinks(event: MouseEvent): void {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey)
    return;
  const link = event.target instanceof Element ? event.target.closest('a') : null;
  if (link === null || link.target !== '' || link.hasAttribute('download')) return;
  if (link.origin !== location.origin || !link.pathname.startsWith(`${BASE}/`)) return;
  // To another place of the same page, as the link past the menu goes: the browser does that, with the focus.
  if (link.hash !== '' && link.pathname === location.pathname) return;
  event.preventDefault();
  go(link.pathname.slice(BASE.length) + link.search);
}
