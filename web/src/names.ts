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

/** How a line runs, as people read it. */
export function runName(run: string): string {
  const names: Record<string, string> = { running: say("running"), refilling: say("refilling"), halted: say("halted"), stopped: say("stopped") };
  return names[run] ?? run;
}

/** The state of a party as people read it. */
export function partyState(state: string): string {
  const names: Record<string, string> = {
    open: say("open"),
    degraded: say("degraded"),
    silent: say("SILENT"),
    suspended: say("suspended"),
    resumed: say("resumed"),
  };
  return names[state] ?? state;
}

/** The name of the announced area that an encounter's id of the other one stands for; "" where it is a mover's. */
export function areaName(id: string): string {
  return id.startsWith("area:") ? id.slice("area:".length) : "";
}
