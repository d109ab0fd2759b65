import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { areas } from "../announced";
import { coordinates } from "../formats";
import { scene } from "../replay";
import { say } from "../words";
import { readPosition } from "./position";
import { kindName, sideName } from "../names";
import { goTo } from "./goto";
import { isSearchOpen, wish } from "./view";

const FOUND_MAX = 12;

interface Found {
  key: string;
  title: string;
  more: string;
  go: () => void;
}

function search(text: string): Found[] {
  const wanted = text.trim().toLowerCase();
  if (!wanted) return [];
  const found: Found[] = [];
  const position = readPosition(text);
  if (position) {
    found.push({ key: "position", title: coordinates(position.lat_deg, position.lon_deg), more: say("position"), go: () => (wish.value = { ...position, zoom: 9 }) });
  }
  for (const area of areas.value.peek().areas) {
    if (area.title.toLowerCase().includes(wanted) || area.ref.toLowerCase() === wanted) {
      found.push({ key: `area:${area.ref}`, title: area.title, more: say("area of {member}", { member: area.member }), go: () => goTo(`area:${area.ref}`) });
    }
  }
  for (const { mover } of scene.peek().tracks.values()) {
    if (found.length >= FOUND_MAX) break;
    if (mover.name.toLowerCase().includes(wanted) || mover.id.toLowerCase().includes(wanted)) {
      found.push({ key: `mover:${mover.id}`, title: mover.name || mover.id, more: `${kindName(mover.kind)}, ${sideName(mover.side)}, ${mover.id}`, go: () => goTo(`mover:${mover.id}`) });
    }
  }
  return found.slice(0, FOUND_MAX);
}

/** Search among what the map shows: names, ids, areas, or a position as it is read off a chart. */
export function SearchPanel() {
  const [text, setText] = useState("");
  const field = useRef<HTMLInputElement>(null);
  // at once: a key pressed before the next frame belongs here already
  useLayoutEffect(() => field.current?.focus(), []);
  const found = search(text);
  const take = (one: Found | undefined) => {
    if (!one) return;
    one.go();
    isSearchOpen.value = false;
  };
  return (
    <div class="search panel" role="search">
      <input
        ref={field}
        type="search"
        aria-label={say("Search the picture")}
        placeholder={say("Name, number, area or position")}
        value={text}
        onInput={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") isSearchOpen.value = false;
          if (event.key === "Enter") take(found[0]);
        }}
      />
      <ul>
        {found.map((one) => (
          <li key={one.key}>
            <button type="button" onClick={() => take(one)}>
              <strong>{one.title}</strong> <span class="muted">{one.more}</span>
            </button>
          </li>
        ))}
      </ul>
      <p class="muted" role="status">
        {text.trim() && found.length === 0 ? say("Nothing in the picture has this name. The record is searched on its own page.") : ""}
      </p>
    </div>
  );
}
