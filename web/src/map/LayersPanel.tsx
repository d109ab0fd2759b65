import { useState } from "preact/hooks";
import { overlays } from "../announced";
import type { Area } from "../documents";
import { address } from "../route";
import { kindName, sideName } from "../names";
import { ownMap } from "../site";
import { say } from "../words";
import { DISPUTED } from "./disputed";
import { filterBy, filters, hiddenOverlays, isLayersOpen, KINDS, layers, selected, showLayers, showOverlay, SIDES, type Layers } from "./view";
import { scene } from "../replay";
import { SymbolPicture } from "./SymbolPicture";

function Toggle({ name, title }: { name: keyof Layers; title: string }) {
  return (
    <label>
      <input type="checkbox" checked={Boolean(layers.value[name])} onChange={(event) => showLayers({ [name]: event.currentTarget.checked })} /> {title}
    </label>
  );
}

function toggled<T>(all: T[], one: T, isWanted: boolean): T[] {
  return isWanted ? [...all, one] : all.filter((other) => other !== one);
}

function Ring({ onRing }: { onRing: (lon_deg: number, lat_deg: number, radius_m: number) => void }) {
  const [miles, setMiles] = useState("5");
  const [kind, id = ""] = selected.value.split(/:(.*)/s);
  const mover = kind === "mover" ? scene.value.tracks.get(id)?.mover : undefined;
  const radius = Number(miles.replace(",", "."));
  return (
    <p>
      <label>
        {say("Circle around what is selected, NM")}{" "}
        <input size={5} inputMode="decimal" value={miles} onInput={(event) => setMiles(event.currentTarget.value)} />
      </label>{" "}
      <button type="button" disabled={!mover || !(radius > 0 && radius < 3000)} onClick={() => mover && onRing(mover.lon_deg, mover.lat_deg, radius * 1852)}>
        {say("Draw")}
      </button>
    </p>
  );
}

/** Each overlay of the site by itself. */
function Overlays() {
  return (
    <div class="overlay-choices">
      {overlays.value.value.overlays.map(({ name }) => (
        <label key={name}>
          <input
            type="checkbox"
            disabled={!layers.value.overlays}
            checked={!hiddenOverlays.value.includes(name)}
            onChange={(event) => showOverlay(name, event.currentTarget.checked)}
          />{" "}
          {name}
        </label>
      ))}
      <a href={address(["overlays"])}>{say("Load, list and delete overlays")}</a>
    </div>
  );
}

/** Layers, filters of the map, and what the symbols mean. */
export function LayersPanel({ areas, onRing }: { areas: Area[]; onRing: (lon_deg: number, lat_deg: number, radius_m: number) => void }) {
  const wanted = filters.value;
  return (
    <div class="layers panel" role="group" aria-label={say("Layers and filters")}>
      <div class="panel-head">
        <h2>{say("Layers and filters")}</h2>
        <button type="button" aria-label={say("Close")} onClick={() => (isLayersOpen.value = false)}>
          ×
        </button>
      </div>
      <fieldset>
        <legend>{say("Layers")}</legend>
        <Toggle name="areas" title={say("Announced areas")} />
        <Toggle name="encounters" title={say("Encounters")} />
        <Toggle name="labels" title={say("Names")} />
        <Toggle name="trails" title={say("Trails")} />
        <Toggle name="graticule" title={say("Grid of degrees")} />
        <Toggle name="disputed" title={say("Disputed lines and claims")} />
        {ownMap.value && <Toggle name="ownMap" title={say("Site's own map")} />}
        <Toggle name="overlays" title={say("Own overlays")} />
        <Overlays />
        <label>
          {say("Course line")}{" "}
          <select value={String(layers.value.course_min)} onChange={(event) => showLayers({ course_min: Number(event.currentTarget.value) })}>
            <option value="0">{say("none")}</option>
            {[3, 6, 12, 30, 60].map((minutes) => (
              <option key={minutes} value={String(minutes)}>
                {say("{count} min", { count: minutes })}
              </option>
            ))}
          </select>
        </label>
        <label>
          {say("Projection")}{" "}
          <select value={layers.value.projection} onChange={(event) => showLayers({ projection: event.currentTarget.value as Layers["projection"] })}>
            <option value="mercator">{say("Mercator")}</option>
            <option value="arctic">{say("Arctic, polar")}</option>
          </select>
        </label>
      </fieldset>
      <fieldset>
        <legend>{say("Filters of the map")}</legend>
        <p class="muted">{say("They hide movers on the map and in the list of tracks. They hide no alarm.")}</p>
        <div class="choices">
          {SIDES.map((side) => (
            <label key={side}>
              <input type="checkbox" checked={wanted.sides.includes(side)} onChange={(event) => filterBy({ sides: toggled(wanted.sides, side, event.currentTarget.checked) })} />{" "}
              <SymbolPicture side={side} kind="ship" /> {sideName(side)}
            </label>
          ))}
        </div>
        <div class="choices">
          {KINDS.map((kind) => (
            <label key={kind}>
              <input type="checkbox" checked={wanted.kinds.includes(kind)} onChange={(event) => filterBy({ kinds: toggled(wanted.kinds, kind, event.currentTarget.checked) })} />{" "}
              <SymbolPicture side="unknown" kind={kind} /> {kindName(kind)}
            </label>
          ))}
        </div>
        <label>
          {say("Heard within")}{" "}
          <select value={String(wanted.heardWithin_min)} onChange={(event) => filterBy({ heardWithin_min: Number(event.currentTarget.value) })}>
            <option value="0">{say("any time")}</option>
            {[1, 3, 10, 30].map((minutes) => (
              <option key={minutes} value={String(minutes)}>
                {say("{count} min", { count: minutes })}
              </option>
            ))}
          </select>
        </label>
        <label>
          {say("In area")}{" "}
          <select value={wanted.area} onChange={(event) => filterBy({ area: event.currentTarget.value })}>
            <option value="">{say("anywhere")}</option>
            {areas.map((area) => (
              <option key={area.ref} value={area.ref}>
                {area.title}
              </option>
            ))}
          </select>
        </label>
      </fieldset>
      <Ring onRing={onRing} />
      <details>
        <summary>{say("Disputed lines and claims")}</summary>
        <p class="muted">{say("Coarse lines where states say different things. No line here says where a border is.")}</p>
        <dl class="claims">
          {DISPUTED.map((one) => (
            <div key={one.name()}>
              <dt>{one.name()}</dt>
              <dd>{one.claims()}</dd>
            </div>
          ))}
        </dl>
      </details>
      <p class="muted">
        {say("A mover fades when it was not heard for a minute, and is struck through after three. The shape of a frame says whose it is. Coast: Natural Earth, public domain; no borders are drawn.")}
      </p>
    </div>
  );
}
