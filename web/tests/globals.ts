/** What of a browser the pure parts of the pages touch when they are loaded, for tests without a browser. */

class Element {
  tagName = "DIV";
  isContentEditable = false;
  closest(): null {
    return null;
  }
}

const heard = new Map<string, ((event: unknown) => void)[]>();
const kept = new Map<string, string>();

Object.assign(globalThis, {
  Element,
  HTMLElement: Element,
  location: { hash: "" },
  history: {
    replaceState(_state: unknown, _title: string, hash: string) {
      (globalThis as unknown as { location: { hash: string } }).location.hash = hash;
    },
  },
  localStorage: {
    getItem: (name: string) => kept.get(name) ?? null,
    setItem: (name: string, value: string) => kept.set(name, value),
  },
  document: { hidden: false, documentElement: { dataset: {}, lang: "en" }, querySelector: () => null, getElementById: () => null },
  addEventListener: (name: string, listener: (event: unknown) => void) => heard.set(name, [...(heard.get(name) ?? []), listener]),
  getComputedStyle: () => ({ getPropertyValue: (name: string) => name }),
  happened: (name: string, event: unknown) => heard.get(name)?.forEach((one) => one(event)),
});

export {};
