/**
 * The pages beside the picture. A page is loaded when it is first opened.
 *
 * To add one: a line here; its file exports a component as default, which reads `route` for the rest of its path.
 */
import type { ComponentType } from "preact";
import { say } from "../words";

export interface Page {
  /** The first part of its address: "entries" for #/entries/... */
  name: string;
  /** For the menu and the window's title, said anew at each drawing: () => say("Record") */
  title: () => string;
  /** A right of `me.may` without which the page is not offered; "" for everybody */
  right: string;
  /** Whether the menu has it */
  isInMenu: boolean;
  load: () => Promise<{ default: ComponentType }>;
}

export const PAGES: Page[] = [
  { name: "compose", title: () => say("Write a notice"), right: "draft", isInMenu: false, load: () => import("./compose") },
  { name: "drafts", title: () => say("Drafts"), right: "", isInMenu: true, load: () => import("./drafts") },
  { name: "record", title: () => say("Record"), right: "", isInMenu: true, load: () => import("./record") },
  { name: "owed", title: () => say("Owed"), right: "", isInMenu: true, load: () => import("./owed") },
  { name: "incidents", title: () => say("Incidents"), right: "", isInMenu: true, load: () => import("./incidents") },
  { name: "contacts", title: () => say("Contacts"), right: "", isInMenu: true, load: () => import("./contacts") },
  { name: "handover", title: () => say("Hand-over"), right: "", isInMenu: true, load: () => import("./handover") },
  { name: "overlays", title: () => say("Overlays"), right: "", isInMenu: true, load: () => import("./overlays") },
  { name: "people", title: () => say("People"), right: "people", isInMenu: true, load: () => import("./people") },
  { name: "trail", title: () => say("Trail of acts"), right: "trail", isInMenu: true, load: () => import("./trail") },
];
