/** Every mover as a row. Only the rows in view are drawn, so that thousands cost as much as thirty. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { Mover } from "../documents";
import { bearing, feet, span } from "../formats";
import { goTo } from "../map/goto";
import { filters, passes, selected } from "../map/view";
import { kindName, sideName } from "../names";
import { scene, shown_ms } from "../replay";
import { STALE_AFTER_MS } from "../scene";
import { many, number, say } from "../words";

const ROW_PX = 30;
const MARGIN_ROWS = 6;

type Column = "name" | "side" | "kind" | "speed" | "course" | "height" | "age";
const COLUMNS: Column[] = ["name", "side", "age", "kind", "speed", "course", "height"];

function heads(): Record<Column, string> {
  return { name: say("Name"), side: say("Side"), kind: say("Kind"), speed: say("kn"), course: say("Course"), height: say("Height"), age: say("Heard") };
}

const KEYS: Record<Column, (mover: Mover) => string | number> = {
  name: (mover) => (mover.name || mover.id).toLowerCase(),
  side: (mover) => ["own", "other", "neutral", "unknown"].indexOf(mover.side),
  kind: (mover) => mover.kind,
  speed: (mover) => -(mover.speed_kn ?? -1),
  course: (mover) => mover.course_deg ?? 999,
  height: (mover) => -(mover.altitude_m ?? -1e9),
  age: (mover) => -mover.at_ms,
};

function sortedMovers(column: Column, isUp: boolean, text: string): Mover[] {
  const at = shown_ms();
  const wanted = filters.value;
  const sought = text.trim().toLowerCase();
  const found: { mover: Mover; key: string | number }[] = [];
  for (const { mover } of scene.value.tracks.values()) {
    if (!passes(mover, wanted, at)) continue;
    if (sought && !mover.name.toLowerCase().includes(sought) && !mover.id.toLowerCase().includes(sought)) continue;
    found.push({ mover, key: KEYS[column](mover) });
  }
  const way = isUp ? 1 : -1;
  found.sort((a, b) => (a.key < b.key ? -way : a.key > b.key ? way : a.mover.id < b.mover.id ? -1 : 1));
  return found.map((one) => one.mover);
}

function Row({ mover, index, move }: { mover: Mover; index: number; move: (event: KeyboardEvent, index: number) => void }) {
  const age = shown_ms() - mover.at_ms;
  return (
    <tr
      aria-rowindex={index + 2}
      class={`${age > STALE_AFTER_MS ? "stale" : ""} ${selected.value === `mover:${mover.id}` ? "chosen" : ""}`}
    >
      <td>
        <button type="button" class="plain" data-row={index} onClick={() => goTo(`mover:${mover.id}`)} onKeyDown={(event) => move(event, index)}>
          {mover.name || mover.id}
        </button>
      </td>
      <td class={`side-${mover.side}`}>{sideName(mover.side)}</td>
      <td class="number age">{span(age)}</td>
      <td>{kindName(mover.kind)}</td>
      <td class="number">{mover.speed_kn === null ? "–" : number(mover.speed_kn, 1)}</td>
      <td class="number">{mover.course_deg === null ? "–" : bearing(mover.course_deg)}</td>
      <td class="number">{mover.altitude_m === null ? "–" : feet(mover.altitude_m)}</td>
    </tr>
  );
}

/** The table. */
export function TracksList() {
  const [column, setColumn] = useState<Column>("name");
  const [isUp, setUp] = useState(true);
  const [text, setText] = useState("");
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(400);
  const box = useRef<HTMLDivElement>(null);
  void scene.value.version.value;
  useEffect(() => {
    if (!box.current) return;
    const watch = new ResizeObserver(([entry]) => entry && setHeight(entry.contentRect.height));
    watch.observe(box.current);
    return () => watch.disconnect();
  }, []);
  const all = sortedMovers(column, isUp, text);
  const first = Math.max(0, Math.floor(top / ROW_PX) - MARGIN_ROWS);
  const last = Math.min(all.length, Math.ceil((top + height) / ROW_PX) + MARGIN_ROWS);
  const move = (event: KeyboardEvent, index: number) => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (!step || !box.current) return;
    event.preventDefault();
    const next = Math.max(0, Math.min(all.length - 1, index + step));
    const [from, until] = [box.current.scrollTop, box.current.scrollTop + height - 2 * ROW_PX];
    if (next * ROW_PX < from || next * ROW_PX > until) box.current.scrollTop = Math.max(0, next * ROW_PX - height / 2);
    requestAnimationFrame(() => requestAnimationFrame(() => box.current?.querySelector<HTMLElement>(`[data-row="${next}"]`)?.focus()));
  };
  const named = heads();
  return (
    <div class="tracks">
      <p class="tracks-head">
        <input type="search" aria-label={say("Find a track")} placeholder={say("Name or number")} value={text} onInput={(event) => setText(event.currentTarget.value)} />{" "}
        <span class="muted number">{many("{count} track", "{count} tracks", all.length)}</span>
      </p>
      <div ref={box} class="tracks-box" onScroll={(event) => setTop(event.currentTarget.scrollTop)}>
        <table aria-rowcount={all.length + 1}>
          <thead>
            <tr aria-rowindex={1}>
              {COLUMNS.map((one) => (
                <th key={one} scope="col" aria-sort={one === column ? (isUp ? "ascending" : "descending") : "none"}>
                  <button
                    type="button"
                    class="plain"
                    onClick={() => {
                      setUp(one === column ? !isUp : true);
                      setColumn(one);
                    }}
                  >
                    {named[one]}
                    {one === column && (isUp ? " ▲" : " ▼")}
                  </button>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <Spacer px={first * ROW_PX} />
            {all.slice(first, last).map((mover, index) => (
              <Row key={mover.id} mover={mover} index={first + index} move={move} />
            ))}
            <Spacer px={(all.length - last) * ROW_PX} />
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** Room for the rows that are not drawn. */
function Spacer({ px }: { px: number }) {
  const row = useRef<HTMLTableRowElement>(null);
  useEffect(() => {
    if (row.current) row.current.style.height = `${px}px`;
  }, [px]);
  return <tr ref={row} class="spacer" aria-hidden="true" />;
}
