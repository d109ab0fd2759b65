/**
 * Where we are: the address's hash, "#/entries/LINE/REF?text=x". The empty path is the picture.
 * The parameters of the picture (view, filters, time) are kept in the hash too, so that an address can be shared.
 */
import { computed, signal } from "@preact/signals";

export interface Route {
  /** Parts of the path, decoded: ["entries", "LINE", "REF"] */
  path: string[];
  query: URLSearchParams;
}

/** Read a hash; what cannot be decoded stands as it is. */
export function readRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const decoded = path
    .split("/")
    .filter(Boolean)
    .map((part) => {
      try {
        return decodeURIComponent(part);
      } catch {
        return part;
      }
    });
  return { path: decoded, query: new URLSearchParams(query) };
}

/** Where we are now; set by the browser's history, so that back and forward work. */
export const route = signal<Route>(readRoute(location.hash));

/** First part of the path: who reads only this is not drawn anew when a parameter changes. */
export const placeName = computed(() => route.value.path[0] ?? "");

addEventListener("hashchange", () => {
  route.value = readRoute(location.hash);
});

/** Write an address within the desk, for `href`. */
export function address(path: string[], query: Record<string, string> = {}): string {
  const asked = new URLSearchParams(query).toString();
  return `#/${path.map(encodeURIComponent).join("/")}${asked ? `?${asked}` : ""}`;
}

/** Go somewhere; the way back stays open. */
export function go(path: string[], query: Record<string, string> = {}): void {
  location.hash = address(path, query);
}

/** Change the parameters of where we are without a step in the history; "" takes one away. */
export function note(changes: Record<string, string>): void {
  const here = readRoute(location.hash);
  for (const [name, value] of Object.entries(changes)) {
    if (value === "") here.query.delete(name);
    else here.query.set(name, value);
  }
  const hash = address(here.path, Object.fromEntries(here.query));
  if (hash !== location.hash) history.replaceState(null, "", hash);
  route.value = readRoute(hash);
}
