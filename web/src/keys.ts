/**
 * Single keys for what a watch officer does often. They are off inside inputs, can be given other keys, which this
 * browser keeps, and all stand on the sheet that `?` opens.
 */
import { signal } from "@preact/signals";
import { keep, kept } from "./kept";
import { say } from "./words";

export interface Command {
  /** Kept under this name: "acknowledge" */
  name: string;
  key: string;
  title: () => string;
  act: () => void;
}

const commands = new Map<string, Command>();
const changed = signal<Record<string, string>>(kept("keys", {}));

/** Counts up when a command comes or goes. */
export const commandsNumber = signal(0);

/** Offer a command as long as the returned function is not called. */
export function offer(command: Command): () => void {
  commands.set(command.name, command);
  commandsNumber.value = commandsNumber.peek() + 1;
  return () => {
    if (commands.get(command.name) === command) commands.delete(command.name);
    commandsNumber.value = commandsNumber.peek() + 1;
  };
}

/** Every command that is offered now, with the key that it has now. */
export function offered(): Command[] {
  void commandsNumber.value;
  return [...commands.values()].map((one) => ({ ...one, key: keyOf(one.name) }));
}

/** The key of a command as it is now, "" for an unknown one. */
export function keyOf(name: string): string {
  return changed.value[name] ?? commands.get(name)?.key ?? "";
}

/** The key of a command as a label has it: "A", "space"; "" when it is not offered now. */
export function keyShown(name: string): string {
  void commandsNumber.value;
  const key = commands.has(name) ? keyOf(name) : "";
  return key === " " ? say("space") : key.length === 1 ? key.toUpperCase() : key;
}

/** Give a command another key; returns the title of the one that has it already, or "" when done. */
export function remap(name: string, key: string): string {
  const taken = offered().find((one) => one.key === key && one.name !== name);
  if (taken) return taken.title();
  changed.value = { ...changed.value, [name]: key };
  keep("keys", changed.value);
  return "";
}

/** Give every command its first key again. */
export function resetKeys(): void {
  changed.value = {};
  keep("keys", {});
}

function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(target.tagName);
}

const PLACES: Record<string, string> = { Slash: "/", BracketLeft: "[", BracketRight: "]" };

/** The key that was meant: on a Russian keyboard its place counts where its letter is no Latin one. */
function meant(event: KeyboardEvent): string {
  const isRussian = /^[а-яё]$/i.test(event.key) || (event.code === "Slash" && event.key === ".");
  if (isRussian && event.code.startsWith("Key")) return event.code.slice(3).toLowerCase();
  if (isRussian && PLACES[event.code]) return PLACES[event.code] ?? "";
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || isTyping(event.target)) return;
  const pressed = meant(event);
  if (document.querySelector("dialog[open]")) return;
  const isButton = event.target instanceof Element && event.target.closest("button, a, summary, [role=tab]") !== null;
  if (isButton && (pressed === " " || pressed === "Enter")) return;
  const found = offered().find((one) => one.key === pressed);
  if (!found) return;
  event.preventDefault();
  found.act();
});
