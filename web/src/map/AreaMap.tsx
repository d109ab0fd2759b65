/** A small map inside a form: the area is drawn where it is asked for, beside what is announced already. */
import { effect, useSignal } from "@preact/signals";
import type { Geometry } from "geojson";
import OlMap from "ol/Map";
import View from "ol/View";
import { defaults as standardControls } from "ol/control/defaults";
import ScaleLine from "ol/control/ScaleLine";
import GeoJSON from "ol/format/GeoJSON";
import VectorLayer from "ol/layer/Vector";
import { transform, transformExtent } from "ol/proj";
import VectorSource from "ol/source/Vector";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { areas } from "../announced";
import { coordinates } from "../formats";
import { now_ms } from "../live";
import { colour, theme } from "../theme";
import { say } from "../words";
import { AreasLayer } from "./announced_layer";
import { Basemap } from "./basemap";
import { crossOf } from "./cross";
import { extentOf } from "./goto";
import { MERCATOR } from "./projections";
import { ToolPanel } from "./ToolPanel";
import { Tools } from "./tools";
import { lastView, START, type Tool } from "./view";

/** A shape as it was drawn: corners of an outline, or a circle; longitude before latitude, degrees. */
export type Drawn = { ring: number[][] } | { centre: number[]; radius_m: number };

interface Given {
  /** What stands in the form so far */
  geometry: Geometry | null;
  shapes: readonly ("area" | "ring")[];
  draw: (drawn: Drawn) => void;
  close: () => void;
}

/** The map of one form. */
class FormChart {
  readonly map: OlMap;
  readonly tools: Tools;
  #base = new Basemap();
  #areas = new AreasLayer();
  #shape = new VectorLayer({ source: new VectorSource(), zIndex: 30 });

  constructor(element: HTMLElement, geometry: Geometry | null, heard: ConstructorParameters<typeof Tools>[1]) {
    const start = lastView.peek() ?? START;
    this.map = new OlMap({
      target: element,
      controls: standardControls({ attribution: false, rotate: false, zoom: false }).extend([new ScaleLine({ units: "nautical", minWidth: 80 })]),
      layers: [this.#base.coarse, this.#base.fine, this.#areas.layer, this.#shape],
      view: new View({ projection: MERCATOR, center: transform([start.lon_deg, start.lat_deg], "EPSG:4326", MERCATOR), zoom: start.zoom, minZoom: 2, maxZoom: 17, enableRotation: false }),
      keyboardEventTarget: element,
    });
    this.tools = new Tools(this.map, heard);
    this.#wear();
    this.show(geometry);
    const extent = geometry && extentOf(geometry);
    if (extent) this.map.getView().fit(transformExtent(extent, "EPSG:4326", MERCATOR), { padding: [40, 40, 40, 40], maxZoom: 10 });
    void this.#base.fillFor(MERCATOR, false).catch(() => undefined); // positions are right without a coast, too
  }

  #wear(): void {
    this.#base.wear();
    this.#areas.show(areas.value.value.areas, now_ms(), MERCATOR, "");
    this.#shape.setStyle(new Style({ stroke: new Stroke({ color: colour("focus"), width: 2.5 }) }));
  }

  /** Show what stands in the form. */
  show(geometry: Geometry | null): void {
    const source = this.#shape.getSource();
    source?.clear();
    if (geometry) source?.addFeatures(new GeoJSON().readFeatures({ type: "Feature", properties: {}, geometry }, { featureProjection: MERCATOR }));
  }

  /** Come nearer or go away. */
  zoomBy(steps: number): void {
    const view = this.map.getView();
    view.setZoom((view.getZoom() ?? START.zoom) + steps);
  }

  /** Wear the theme whenever it changes, until the returned function is called. */
  follow(): () => void {
    return effect(() => {
      void theme.value;
      this.#wear();
    });
  }

  end(): void {
    this.map.setTarget(undefined);
    this.map.dispose();
  }
}

/** The map with its tools; what is drawn goes into the form at once. */
export default function AreaMap({ geometry, shapes, draw, close }: Given) {
  const place = useRef<HTMLDivElement>(null);
  const [chart, setChart] = useState<FormChart | null>(null);
  const kind = useSignal<Tool>(shapes[0] ?? "area");
  const at = useSignal("");
  const told = useSignal("");
  const given = useMemo(() => ({ draw }), []);
  given.draw = draw;
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const made = new FormChart(element, geometry, {
      area: ({ coordinates: [ring = []] }) => given.draw({ ring }),
      circle: (lon, lat, radius_m) => given.draw({ centre: [lon, lat], radius_m }),
      measure: (text) => (told.value = text),
      done: () => undefined,
    });
    const ends = [
      made.follow(),
      crossOf(made.map, element, {
        isWanted: () => true,
        put: (lon, lat) => made.tools.put(lon, lat),
        back: () => made.tools.back(),
        at: (lon, lat) => (at.value = coordinates(lat, lon)),
      }),
    ];
    made.tools.use(kind.peek());
    setChart(made);
    element.focus({ preventScroll: true });
    return () => {
      ends.forEach((end) => end());
      made.end();
    };
  }, []);
  useEffect(() => {
    chart?.show(geometry);
    chart?.tools.use(kind.peek());
  }, [chart, JSON.stringify(geometry)]);
  const take = (wanted: Tool) => {
    kind.value = wanted;
    chart?.tools.use(wanted);
    place.current?.focus({ preventScroll: true });
  };
  const titles: Record<"area" | "ring", string> = { area: say("Corners"), ring: say("Circle") };
  return (
    <div class="area-map" role="group" aria-label={say("Map of the form")}>
      <div class="item-buttons">
        {shapes.map((one) => (
          <button key={one} type="button" aria-pressed={kind.value === one} onClick={() => take(one)}>
            {titles[one]}
          </button>
        ))}
        <button type="button" aria-label={say("Map: nearer")} onClick={() => chart?.zoomBy(1)}>
          +
        </button>
        <button type="button" aria-label={say("Map: farther")} onClick={() => chart?.zoomBy(-1)}>
          −
        </button>
      </div>
      <div class="area-map-frame">
        <div ref={place} class="map" tabIndex={0} role="application" aria-label={say("Map of the form. Arrow keys move it under the cross, Enter puts a corner, Backspace takes it back, Enter twice ends.")} />
        <div class="cross" aria-hidden="true" />
      </div>
      <p class="measured-in-form number" role="status">
        {told.value}
      </p>
      {chart && <ToolPanel kind={kind.value} tools={chart.tools} at={at} close={close} isInForm />}
    </div>
  );
}
