/** The map with its tools, panels and what is selected. A canvas has no text: everything on it is in the lists too. */
import { effect, useSignal } from "@preact/signals";
import type { Polygon } from "geojson";
import { useEffect, useRef, useState } from "preact/hooks";
import { ask } from "../api";
import { areas } from "../announced";
import { offer } from "../keys";
import { scene } from "../replay";
import { go } from "../route";
import { may } from "../session";
import { coordinates } from "../formats";
import { KeyCap } from "../shell/KeyCap";
import { many, say } from "../words";
import { Chart } from "./chart";
import { LayersPanel } from "./LayersPanel";
import { SearchPanel } from "./SearchPanel";
import { SelectedCard } from "./SelectedCard";
import { ToolPanel } from "./ToolPanel";
import { filterBy, filters, isLayersOpen, isSearchOpen, KINDS, select, selected, SIDES, tool, type Tool } from "./view";

/** Tools as buttons and keys. */
export function tools(): { tool: Tool; key: string; title: string }[] {
  return [
    { tool: "select", key: "v", title: say("Select") },
    { tool: "measure", key: "g", title: say("Measure") },
    { tool: "ring", key: "r", title: say("Ring") },
    ...(may("draft") ? [{ tool: "area" as Tool, key: "p", title: say("Area") }] : []),
  ];
}

/** Take a tool in hand by its key: the map gets the keys, so that arrows and Enter draw at once. */
function takeByKey(wanted: Tool): void {
  tool.value = wanted;
  if (wanted !== "select") document.querySelector<HTMLElement>(".map-pane .map")?.focus();
}

function useKeys(chart: () => Chart | null): void {
  useEffect(() => {
    const titles: Record<Tool, () => string> = {
      select: () => say("Put tools away"),
      measure: () => say("Measure a distance"),
      ring: () => say("Draw a circle of a radius"),
      area: () => say("Draw an area for a notice"),
    };
    const ends = tools().map((one) => offer({ name: `tool-${one.tool}`, key: one.key, title: titles[one.tool], act: () => takeByKey(one.tool) }));
    ends.push(
      offer({ name: "layers", key: "l", title: () => say("Layers and filters"), act: () => (isLayersOpen.value = !isLayersOpen.value) }),
      offer({ name: "search", key: "/", title: () => say("Search"), act: () => (isSearchOpen.value = true) }),
      offer({ name: "nearer", key: "+", title: () => say("Map: nearer"), act: () => chart()?.zoomBy(1) }),
      offer({ name: "farther", key: "-", title: () => say("Map: farther"), act: () => chart()?.zoomBy(-1) }),
      offer({
        name: "escape",
        key: "Escape",
        title: () => say("Put tools and panels away"),
        act: () => {
          tool.value = "select";
          isLayersOpen.value = isSearchOpen.value = false;
          select("");
        },
      }),
    );
    return () => ends.forEach((end) => end());
  }, []);
}

/** Ask for the older part of the trail of what is selected. */
function useTrailOf(what: string): void {
  useEffect(() => {
    if (!what.startsWith("mover:")) return;
    const id = what.slice("mover:".length);
    ask<{ trails: { id: string; points: [number, number, number][] }[] }>("trails", { ids: id }).then(
      (told) => told.trails.forEach((one) => scene.peek().lengthen(one.id, one.points)),
      () => undefined, // without the past the trail begins now
    );
  }, [what]);
}

/** How many movers the filters hide, said where nobody can miss it. */
function FilterLine({ hidden }: { hidden: number }) {
  const { sides, kinds, heardWithin_min, area } = filters.value;
  if (sides.length === SIDES.length && kinds.length === KINDS.length && !heardWithin_min && !area) return null;
  return (
    <p class="filter-line" role="status">
      {many("Filters of the map hide {count} mover. Alarms come all the same.", "Filters of the map hide {count} movers. Alarms come all the same.", hidden)}{" "}
      <button type="button" onClick={() => filterBy({ sides: SIDES, kinds: KINDS, heardWithin_min: 0, area: "" })}>
        {say("Show all")}
      </button>
    </p>
  );
}

/** Offer what can be done with an area that was drawn. */
function DrawnArea({ area, done }: { area: Polygon; done: () => void }) {
  const write = (kind: string) => go(["compose", kind], { area: JSON.stringify(area) });
  const first = useRef<HTMLButtonElement>(null);
  // whoever drew by keys goes on by keys
  useEffect(() => first.current?.focus(), [area]);
  return (
    <div class="drawn-area panel" role="group" aria-label={say("Drawn area")}>
      <strong>{many("Area of {count} corner", "Area of {count} corners", (area.coordinates[0]?.length ?? 1) - 1)}</strong>
      <button ref={first} type="button" class="main" onClick={() => write("danger_area")}>
        {say("Announce as danger area")}
      </button>
      <button type="button" onClick={() => write("exercise")}>
        {say("Use in an exercise")}
      </button>
      <button type="button" onClick={done}>
        {say("Discard")}
      </button>
    </div>
  );
}

/** The map and everything over it. */
export default function MapPane() {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<Chart | null>(null);
  const [pointer, setPointer] = useState("");
  const [measured, setMeasured] = useState("");
  const [drawn, setDrawn] = useState<Polygon | null>(null);
  const [hidden, setHidden] = useState(0);
  const [hasCoast, setCoast] = useState(true);
  const [ownMapTrouble, setOwnMapTrouble] = useState("");
  const [isReady, setReady] = useState(false);
  const at = useSignal("");
  useEffect(() => {
    if (!place.current) return;
    const made = new Chart(place.current, { area: setDrawn, measure: setMeasured, pointer: setPointer, coast: setCoast, ownMap: setOwnMapTrouble, hidden: setHidden, cross: (lon, lat) => (at.value = coordinates(lat, lon)) });
    chart.current = made;
    setReady(true);
    const end = effect(() => {
      void scene.value.version.value;
      void filters.value;
      requestAnimationFrame(() => setHidden(made.painter.hidden));
    });
    return () => {
      end();
      made.end();
    };
  }, []);
  useKeys(() => chart.current);
  useTrailOf(selected.value);
  const discard = () => {
    setDrawn(null);
    chart.current?.tools.use("select");
  };
  return (
    <section class="map-pane" aria-label={say("Map")}>
      <div
        ref={place}
        class="map"
        tabIndex={0}
        role="application"
        aria-label={say("Map. Arrow keys move it, plus and minus change its scale, Enter puts a point of the tool in hand. All that it shows stands in the lists.")}
      />
      <div class="map-tools" role="toolbar" aria-label={say("Tools of the map")}>
        {tools().map((one) => (
          <button key={one.tool} type="button" aria-pressed={tool.value === one.tool} onClick={() => (tool.value = one.tool)}>
            {one.title}
            <KeyCap of={`tool-${one.tool}`} />
          </button>
        ))}
        <button type="button" aria-expanded={isLayersOpen.value} onClick={() => (isLayersOpen.value = !isLayersOpen.value)}>
          {say("Layers")}
          <KeyCap of="layers" />
        </button>
        <button type="button" aria-expanded={isSearchOpen.value} onClick={() => (isSearchOpen.value = !isSearchOpen.value)}>
          {say("Search")}
          <KeyCap of="search" />
        </button>
        <button type="button" aria-label={say("Map: nearer")} onClick={() => chart.current?.zoomBy(1)}>
          +
        </button>
        <button type="button" aria-label={say("Map: farther")} onClick={() => chart.current?.zoomBy(-1)}>
          −
        </button>
      </div>
      {tool.value !== "select" && <div class="cross" aria-hidden="true" />}
      {isSearchOpen.value && <SearchPanel />}
      {isLayersOpen.value && <LayersPanel areas={areas.value.value.areas} onRing={(lon, lat, radius_m) => chart.current?.tools.circle(lon, lat, radius_m)} />}
      <div class="map-notes">
        {!hasCoast && <p class="trouble" role="alert">{say("The coast could not be loaded. Positions are right all the same.")}</p>}
        {ownMapTrouble && <p class="trouble" role="alert">{say("The site's own map could not be shown: {reason}. The coast is there all the same.", { reason: ownMapTrouble })}</p>}
        <FilterLine hidden={hidden} />
        {isReady && chart.current && <ToolPanel kind={tool.value} tools={chart.current.tools} at={at} close={() => (tool.value = "select")} />}
        {measured && <p class="measured" role="status">{measured}</p>}
        {drawn && <DrawnArea area={drawn} done={discard} />}
        <SelectedCard />
      </div>
      <p class="pointer number" aria-hidden="true">
        {pointer}
      </p>
    </section>
  );
}
