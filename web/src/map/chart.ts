/** The map itself: layers in their order, what they show, and what a click finds. */
import { computed, effect, untracked } from "@preact/signals";
import OlMap from "ol/Map";
import View from "ol/View";
import { defaults as standardControls } from "ol/control/defaults";
import ScaleLine from "ol/control/ScaleLine";
import type BaseLayer from "ol/layer/Base";
import Graticule from "ol/layer/Graticule";
import Layer from "ol/layer/Layer";
import { transform, transformExtent } from "ol/proj";
import Stroke from "ol/style/Stroke";
import Fill from "ol/style/Fill";
import Text from "ol/style/Text";
import { areas, overlays } from "../announced";
import { coordinates } from "../formats";
import { scene, shown_ms } from "../replay";
import { note, route } from "../route";
import { colour, theme } from "../theme";
import { language } from "../words";
import { AreasLayer, OverlaysLayer, disputedLayer, showDisputed } from "./announced_layer";
import { afterFrame } from "../gently";
import { otherFrame, ownMap } from "../site";
import { Basemap } from "./basemap";
import { crossOf } from "./cross";
import { Painter } from "./painter";
import { ARCTIC, MERCATOR, knowArctic } from "./projections";
import { Tools } from "./tools";
import { filters, hiddenOverlays, lastView, layers, passes, select, selected, START, tool, wish } from "./view";
import type { GeoPolygon, Told } from "./told";

const REACH_PX = 18;
const projection = computed(() => layers.value.projection);
const hasGraticule = computed(() => layers.value.graticule);
const shownOverlays = computed(() => overlays.value.value.overlays.filter((one) => !hiddenOverlays.value.includes(one.name)));

/** Read "59.4,24.7,7" of the address. */
function viewOfAddress(): { lon_deg: number; lat_deg: number; zoom: number } {
  const parts = (route.peek().query.get("view") ?? "").split(",").map(Number);
  const [lat_deg = NaN, lon_deg = NaN, zoom = NaN] = parts;
  const isWhole = Number.isFinite(lat_deg) && Number.isFinite(lon_deg) && Number.isFinite(zoom);
  return isWhole && Math.abs(lat_deg) <= 90 && Math.abs(lon_deg) <= 180 ? { lat_deg, lon_deg, zoom } : (lastView.peek() ?? START);
}

/** One half of a position, without minutes where there are none. */
function shortened(position: string, half: number): string {
  return (position.split(" ")[half] ?? "").replace(/°00[.,]0′/, "°").replace(/[.,]0′/, "′");
}

/** The map in an element; `end` takes it away. */
export class Chart {
  readonly map: OlMap;
  readonly painter = new Painter();
  readonly tools: Tools;
  #base = new Basemap();
  #areas = new AreasLayer();
  #disputed = disputedLayer();
  #overlays = new OverlaysLayer();
  #painted: Layer;
  #graticule: Graticule | null = null;
  #ends: (() => void)[] = [];
  #inArea: ((lon_deg: number, lat_deg: number) => boolean) | null = null;

  constructor(
    element: HTMLElement,
    private readonly told: Told,
  ) {
    knowArctic();
    this.#painted = new Layer({ render: (frame) => this.painter.paint(frame, this.#scenery()), zIndex: 30 });
    this.map = new OlMap({
      target: element,
      controls: standardControls({ attribution: false, rotate: false, zoom: false }).extend([new ScaleLine({ units: "nautical", minWidth: 80 })]),
      layers: [this.#base.coarse, this.#base.fine, this.#disputed, this.#overlays.layer, this.#areas.layer, this.#painted],
      keyboardEventTarget: element,
    });
    this.tools = new Tools(this.map, { area: (area) => told.area(area as GeoPolygon), measure: told.measure, done: () => (tool.value = "select") });
    this.#ends.push(
      crossOf(this.map, element, {
        isWanted: () => tool.peek() !== "select",
        put: (lon, lat) => this.tools.put(lon, lat),
        back: () => this.tools.back(),
        at: told.cross,
      }),
    );
    this.map.on("singleclick", (event) => this.#click(event.pixel, event.coordinate));
    this.map.on("pointermove", (event) => this.#pointed(event.coordinate));
    this.map.on("moveend", () => this.#moved());
    const watch = (act: () => void) => this.#ends.push(effect(act));
    watch(() => this.#project(projection.value));
    watch(() => this.#wearSoon());
    watch(() => this.#drawGraticule(hasGraticule.value));
    watch(() => void this.#layOwnMap(ownMap.value));
    watch(() => this.#overlays.show(shownOverlays.value, this.#projection));
    watch(() => {
      void scene.value.version.value;
      void filters.value;
      void layers.value;
      void selected.value;
      this.map.render();
    });
    watch(() => this.#announce());
    watch(() => tool.value !== undefined && this.tools.use(tool.value));
    watch(() => this.#go());
    watch(() => {
      this.#disputed.setVisible(layers.value.disputed);
      this.#overlays.layer.setVisible(layers.value.overlays);
      this.#areas.layer.setVisible(layers.value.areas);
      this.#showOwnMap();
    });
  }

  /** Take the map away. */
  end(): void {
    for (const one of this.#ends) one();
    this.#later();
    this.#worn = "ended";
    this.map.setTarget(undefined);
    this.map.dispose();
  }

  /** Come nearer or go away by steps. */
  zoomBy(steps: number): void {
    const view = this.map.getView();
    view.animate({ zoom: (view.getZoom() ?? 5) + steps, duration: 120 });
  }

  get #projection(): string {
    return layers.peek().projection === "arctic" ? ARCTIC : MERCATOR;
  }

  #scenery() {
    const at_ms = untracked(shown_ms);
    const wanted = filters.peek();
    const inArea = wanted.area ? this.#inArea : null;
    return {
      scene: scene.peek(),
      at_ms,
      layers: layers.peek(),
      selected: selected.peek(),
      areaLabels: this.#areas.labels,
      isShown: (mover: Parameters<typeof passes>[0]) => passes(mover, wanted, at_ms) && (!inArea || inArea(mover.lon_deg, mover.lat_deg)),
    };
  }

  #project(name: "mercator" | "arctic"): void {
    const code = name === "arctic" ? ARCTIC : MERCATOR;
    const before = this.map.getView();
    const old = before.getCenter();
    const start = viewOfAddress();
    const middle = old && before.getProjection().getCode() !== code ? transform(old, before.getProjection(), "EPSG:4326") : [start.lon_deg, start.lat_deg];
    const [lon = 0, lat = 0] = middle;
    const zoom = old ? (before.getZoom() ?? start.zoom) : start.zoom;
    const view = new View({
      projection: code,
      center: transform(name === "arctic" ? [lon, Math.max(lat, 50)] : [lon, Math.min(lat, 80)], "EPSG:4326", code),
      zoom,
      minZoom: 2,
      maxZoom: 17,
      enableRotation: false,
      multiWorld: true,
      ...(name === "arctic" ? { resolutions: Array.from({ length: 18 }, (_, step) => 78271 / 2 ** step) } : {}),
    });
    this.map.setView(view);
    this.#base.fillFor(code, name === "arctic").then(
      () => this.told.coast(true),
      () => this.told.coast(false),
    );
    this.#wear();
  }

  /** Take the theme and the language on after the frame that answers the key which changed them. */
  #wearSoon(): void {
    const key = `${theme.value} ${language.value} ${otherFrame.value}`;
    const isFirst = this.#worn === "";
    if (key === this.#worn) return;
    this.#worn = key;
    if (isFirst) return; // the projection, which comes first, has done it
    this.#later();
    this.#later = afterFrame(() => {
      void this.painter.warm(scene.peek()).then(() => {
        if (key !== this.#worn) return;
        this.#wearMarks();
        // the coast is drawn anew in a frame of its own: it takes as long as all the rest
        this.#later = afterFrame(() => this.#wearGround());
      });
    });
  }

  #worn = "";
  #later: () => void = () => undefined;

  #wear(): void {
    this.#wearGround();
    this.#wearMarks();
  }

  /** Coast, land and the site's own map. */
  #wearGround(): void {
    this.#base.wear();
    this.#own?.wear();
    this.map.render();
  }

  /** Everything that lies over them. */
  #wearMarks(): void {
    untracked(() => {
      this.painter.wear();
      this.#showOwnMap();
      showDisputed(this.#disputed, this.#projection);
      this.#overlays.show(shownOverlays.peek(), this.#projection);
      this.#drawGraticule(hasGraticule.peek());
      this.#announce();
    });
    this.map.render();
  }

  /** Lay the site's own map over the coast, where it has one; without it the coast is there. */
  async #layOwnMap(address: string): Promise<void> {
    if (!address) return;
    try {
      const { ownMapLayer, wearOwnMap } = await import("./own_map");
      const layer = await ownMapLayer(address);
      this.#own = { layer, wear: () => wearOwnMap(layer) };
      this.map.addLayer(layer);
      this.#showOwnMap();
    } catch (thrown) {
      this.told.ownMap(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  #own: { layer: BaseLayer; wear: () => void } | null = null;

  #showOwnMap(): void {
    this.#own?.layer.setVisible(layers.peek().ownMap && this.#projection === MERCATOR);
  }

  #drawGraticule(isWanted: boolean): void {
    if (this.#graticule) this.map.removeLayer(this.#graticule);
    this.#graticule = null;
    if (!isWanted) return;
    const label = () =>
      new Text({ font: "11px system-ui, 'DejaVu Sans', sans-serif", fill: new Fill({ color: colour("muted") }), stroke: new Stroke({ color: colour("map-halo"), width: 3 }) });
    const [lats, lons] = [label(), label()];
    lats.setTextAlign("end");
    lons.setTextBaseline("bottom");
    this.#graticule = new Graticule({
      strokeStyle: new Stroke({ color: colour("grid"), width: 0.8 }),
      showLabels: this.#projection === MERCATOR,
      latLabelStyle: lats,
      lonLabelStyle: lons,
      lonLabelPosition: 0.02,
      latLabelPosition: 0.995,
      lonLabelFormatter: (lon) => shortened(coordinates(0, lon), 1),
      latLabelFormatter: (lat) => shortened(coordinates(lat, 0), 0),
      wrapX: this.#projection === MERCATOR,
      zIndex: 5,
    });
    this.map.addLayer(this.#graticule);
  }

  #announce(): void {
    // once a minute is often enough for what begins and ends at whole minutes
    const at_ms = Math.floor(shown_ms() / 60_000) * 60_000;
    const key = `${at_ms} ${selected.value} ${this.#projection} ${filters.value.area} ${this.#worn}`;
    const known = areas.value.value;
    if (key === this.#announced[0] && known === this.#announced[1]) return;
    this.#announced = [key, known];
    this.#areas.show(known.areas, at_ms, this.#projection, selected.value);
    const wanted = filters.value.area;
    const projection = this.#projection;
    this.#inArea = wanted ? (lon, lat) => this.#areas.at(transform([lon, lat], "EPSG:4326", projection)).includes(wanted) : null;
  }

  #announced: [string, unknown] = ["", null];

  #go(): void {
    const wanted = wish.value;
    if (!wanted) return;
    wish.value = null;
    const view = this.map.getView();
    if ("extent_deg" in wanted) {
      const extent = transformExtent(wanted.extent_deg, "EPSG:4326", view.getProjection());
      view.fit(extent, { padding: [60, 60, 60, 60], maxZoom: 11, duration: 150 });
    } else {
      const zoom = Math.max(view.getZoom() ?? 5, wanted.zoom ?? 8);
      view.animate({ center: transform([wanted.lon_deg, wanted.lat_deg], "EPSG:4326", view.getProjection()), zoom, duration: 150 });
    }
  }

  #click(pixel: number[], coordinate: number[]): void {
    if (tool.peek() !== "select") return;
    const found = this.painter.nearest(pixel[0] ?? 0, pixel[1] ?? 0, REACH_PX);
    if (found) return select(`mover:${found.track.mover.id}`);
    const [area] = this.#areas.at(coordinate);
    select(area && layers.peek().areas ? `area:${area}` : "");
  }

  #pointed(coordinate: number[]): void {
    const [lon = 0, lat = 0] = transform(coordinate, this.map.getView().getProjection(), "EPSG:4326");
    this.told.pointer(coordinates(lat, lon));
  }

  #moved(): void {
    const view = this.map.getView();
    const centre = view.getCenter();
    if (!centre) return;
    const [lon = 0, lat = 0] = transform(centre, view.getProjection(), "EPSG:4326");
    const wrapped = ((((lon + 180) % 360) + 360) % 360) - 180;
    lastView.value = { lat_deg: lat, lon_deg: wrapped, zoom: view.getZoom() ?? START.zoom };
    untracked(() => note({ view: `${lat.toFixed(4)},${wrapped.toFixed(4)},${(view.getZoom() ?? 5).toFixed(2)}` }));
    this.told.hidden(this.painter.hidden);
  }
}
