/**
 * The pages beside the picture. A page is loaded when it is first opened.
 *
 * To add one: a line here; its file exports a component as default, which reads `route` for the rest of its path.
 */
import type { ComponentType } from "preact";

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

export const PAGES: Page[] = [];
