/** The site's own overlays for its map: loaded from files, listed as text, shown or hidden here, taken away. */
import type { Feature } from "geojson";
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { overlays, type Overlay } from "../announced";
import { sentenceOf, tell } from "../api";
import { coordinates } from "../formats";
import { extentOf, goToExtent } from "../map/goto";
import { hiddenOverlays, showOverlay } from "../map/view";
import { nameOfFile, NoOverlay, overlayOf, readGeoJson } from "../overlay_reading";
import { go } from "../route";
import { may } from "../session";
import { many, say } from "../words";
import { plain, Visible } from "../visible";
import { Frame } from "./pieces";

const LISTED_MAX = 200;

export default function Overlays(): JSX.Element {
  const all = overlays.value.value.overlays;
  return (
    <Frame title={say("Overlays")}>
      <p class="muted">{say("What this side lays over its own maps: lines, places, areas. Every desk of this site shows it; nobody else sees it, and nothing of it is sent.")}</p>
      {overlays.trouble.value ? <p class="trouble" role="alert">{overlays.trouble.value}</p> : null}
      {all.length === 0 ? <p class="empty">{overlays.isThere.value ? say("No overlay is kept.") : say("Loading")}</p> : null}
      {all.map((one) => (
        <Kept key={one.name} overlay={one} />
      ))}
      {may("overlays") ? <Load /> : null}
    </Frame>
  );
}

function Kept({ overlay }: { overlay: Overlay }): JSX.Element {
  const isSure = useSignal(false);
  const trouble = useSignal("");
  const { features } = overlay.features;
  const isShown = !hiddenOverlays.value.includes(overlay.name);
  const remove = async () => {
    try {
      await tell(`overlays/${encodeURIComponent(overlay.name)}`, {}, "DELETE");
      overlays.again();
    } catch (thrown) {
      trouble.value = sentenceOf(thrown);
    }
  };
  const look = () => {
    const extent = extentOf({ geometries: features.map((one) => one.geometry) });
    if (extent) goToExtent(extent);
    showOverlay(overlay.name, true);
    go([]);
  };
  return (
    <article class="card" aria-label={plain(overlay.name)}>
      <h2>
        <Visible text={overlay.name} />
      </h2>
      <p class="row-facts">{many("{count} feature", "{count} features", features.length)}</p>
      <div class="actions">
        <label>
          <input type="checkbox" checked={isShown} onChange={(event) => showOverlay(overlay.name, event.currentTarget.checked)} /> {say("Shown at this station")}
        </label>
        <button type="button" onClick={look}>
          {say("Look at it on the map")}
        </button>
        {may("overlays") && !isSure.value ? (
          <button type="button" onClick={() => (isSure.value = true)}>
            {say("Delete")}
          </button>
        ) : null}
        {isSure.value ? (
          <>
            <button type="button" class="danger" onClick={() => void remove()}>
              {say("Yes, delete {name}", { name: overlay.name })}
            </button>
            <button type="button" onClick={() => (isSure.value = false)}>
              {say("No")}
            </button>
          </>
        ) : null}
      </div>
      {trouble.value ? <p class="trouble" role="alert">{trouble.value}</p> : null}
      <details>
        <summary>{say("What it shows, as text")}</summary>
        <Features overlay={overlay} />
      </details>
    </article>
  );
}

function shapeName(type: string): string {
  const names: Record<string, string> = {
    Point: say("point"),
    MultiPoint: say("points"),
    LineString: say("line of points"),
    MultiLineString: say("lines of points"),
    Polygon: say("area"),
    MultiPolygon: say("areas of an overlay"),
  };
  return names[type] ?? type;
}

const COLUMNS = ["title", "claim", "shape", "place"] as const;
type Column = (typeof COLUMNS)[number];

function keyOf(feature: Feature, column: Column): string {
  const extent = column === "place" ? extentOf(feature.geometry) : null;
  return {
    title: String(feature.properties?.["title"] ?? feature.properties?.["name"] ?? ""),
    claim: String(feature.properties?.["claim"] ?? ""),
    shape: feature.geometry.type,
    // from north to south
    place: (90 - (extent ? (extent[1] + extent[3]) / 2 : -90)).toFixed(4).padStart(8, "0"),
  }[column];
}

function Features({ overlay }: { overlay: Overlay }): JSX.Element {
  const order = useSignal<Column | null>(null);
  const by = order.value;
  const features = by ? [...overlay.features.features].sort((a, b) => keyOf(a, by).localeCompare(keyOf(b, by))) : overlay.features.features;
  const heads: Record<Column, string> = { title: say("Name"), claim: say("Claim"), shape: say("Shape"), place: say("Around") };
  return (
    <div class="wide" tabIndex={0} role="region" aria-label={plain(overlay.name)}>
      <table>
        <thead>
          <tr>
            {COLUMNS.map((one) => (
              <th key={one} scope="col" aria-sort={one === by ? "ascending" : "none"}>
                <button type="button" class="plain" onClick={() => (order.value = one)}>
                  {heads[one]}
                  {one === by && " ▲"}
                </button>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {features.slice(0, LISTED_MAX).map((one, index) => {
            const [west = 0, south = 0, east = 0, north = 0] = extentOf(one.geometry) ?? [];
            return (
              <tr key={index}>
                <td>
                  <Visible text={String(one.properties?.["title"] ?? one.properties?.["name"] ?? "–")} />
                </td>
                <td>
                  <Visible text={String(one.properties?.["claim"] ?? "–")} />
                </td>
                <td>{shapeName(one.geometry.type)}</td>
                <td class="number">{coordinates((south + north) / 2, (west + east) / 2)}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {features.length > LISTED_MAX ? <p class="muted">{say("The first {count} are listed.", { count: LISTED_MAX })}</p> : null}
    </div>
  );
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof NoOverlay)) return sentenceOf(thrown);
  return {
    "no-json": say("The file is no GeoJSON: it cannot be read."),
    "no-features": say("The file holds no point, line or area in longitude and latitude."),
    "too-many": say("The file holds more features than an overlay may have."),
  }[thrown.reason];
}

/** A file, the name under which it is kept, and whose claim it shows. */
function Load(): JSX.Element {
  const name = useSignal("");
  const claim = useSignal("");
  const file = useSignal<File | null>(null);
  const trouble = useSignal("");
  const done = useSignal("");
  const isBusy = useSignal(false);
  const choose = (chosen: File | undefined) => {
    file.value = chosen ?? null;
    done.value = trouble.value = "";
    if (chosen && !name.peek()) name.value = nameOfFile(chosen.name);
  };
  const load = async (event: Event) => {
    event.preventDefault();
    const chosen = file.peek();
    if (!chosen) return;
    isBusy.value = true;
    trouble.value = done.value = "";
    try {
      const text = await chosen.text();
      const isKml = /\.kml$/i.test(chosen.name) || text.trimStart().startsWith("<");
      const features = isKml ? overlayOf((await import("../map/kml_reading")).geoJsonOfKml(text), claim.peek().trim()) : readGeoJson(text, claim.peek().trim());
      const under = name.peek().trim();
      await tell(`overlays/${encodeURIComponent(under)}`, features, "PUT");
      overlays.again();
      done.value = many("{name}: {count} feature is kept.", "{name}: {count} features are kept.", features.features.length, { name: under });
      name.value = "";
    } catch (thrown) {
      trouble.value = reasonOf(thrown);
    }
    isBusy.value = false;
  };
  const isThere = overlays.value.value.overlays.some((one) => one.name === name.value.trim());
  return (
    <form class="card" onSubmit={(event) => void load(event)}>
      <h2>{say("Load an overlay")}</h2>
      <div class="field">
        <label for="overlay-file">{say("File: GeoJSON or KML")}</label>
        <input id="overlay-file" type="file" accept=".geojson,.json,.kml" onChange={(event) => choose(event.currentTarget.files?.[0])} />
      </div>
      <div class="field">
        <label for="overlay-name">{say("Kept under the name")}</label>
        <input id="overlay-name" type="text" autocomplete="off" maxLength={80} value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
        {isThere ? <p class="help">{say("One of this name is there already: it is replaced.")}</p> : null}
      </div>
      <div class="field">
        <label for="overlay-claim">{say("Whose claim it shows, if it shows one")}</label>
        <input id="overlay-claim" class="wide" type="text" autocomplete="off" maxLength={500} value={claim.value} aria-describedby="overlay-claim-help" onInput={(event) => (claim.value = event.currentTarget.value)} />
        <p class="help" id="overlay-claim-help">
          {say("Written on the map beside each line and area, so that a line is never taken for a border.")}
        </p>
      </div>
      {trouble.value ? <p class="trouble" role="alert">{trouble.value}</p> : null}
      <p role="status">{done.value}</p>
      <button type="submit" class="main" disabled={!file.value || !name.value.trim() || isBusy.value}>
        {say("Keep and show it")}
      </button>
    </form>
  );
}
