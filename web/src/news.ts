/** News of the desk: which topics changed. Pages and lists ask again for what they show. */

type Listener = () => void;
const listeners = new Map<Listener, Set<string>>();

/** Topics: entries, lines, drafts, alarms, people, trail, shelf; "node" means that anything may have changed. */
export function onNews(topics: string[], listener: Listener): () => void {
  listeners.set(listener, new Set(topics));
  return () => listeners.delete(listener);
}

/** Tell everybody who asked for one of these topics. */
export function tellNews(topics: string[]): void {
  const everything = topics.includes("node");
  for (const [listener, wanted] of [...listeners]) {
    if (everything || topics.some((topic) => wanted.has(topic))) listener();
  }
}
