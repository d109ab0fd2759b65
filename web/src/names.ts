/** Codes of the documents as people read them. */
import type { Mover, Side } from "./documents";
import { say } from "./words";

/** The side's name as people read it. */
export function sideName(side: Side): string {
  return { own: say("own"), other: say("other side"), neutral: say("neutral"), unknown: say("unknown") }[side];
}

/** The kind's name as people read it. */
export function kindName(kind: Mover["kind"]): string {
  return { ship: say("ship"), aircraft: say("aircraft"), other: say("other") }[kind];
}

/** How far an entry of one's own has come, as people read it. */
export function stateOf(state: string): string {
  const names: Record<string, string> = { held: say("held"), delivered: say("delivered"), read: say("read"), answered: say("answered") };
  return names[state] ?? state;
}
