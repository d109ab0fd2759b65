/** What this browser keeps for the next visit: theme, language, keys, layers. Nothing of the record, no secret. */

const PREFIX = "detente.";

/** Return what was kept under a name, or the fallback: storage may be off, or hold something else. */
export function kept<T>(name: string, fallback: T): T {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? fallback : (JSON.parse(text) as T);
  } catch {
    return fallback;
  }
}

/** Keep a value under a name; without storage it lasts as long as the page. */
export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify(value));
  } catch {
    // a browser that keeps nothing still shows everything
  }
}
