/** Tools of a map: measure, a plain circle around a point, and an area whose outline becomes a notice. */
import { signal } from "@preact/signals";
import type { Polygon as GeoPolygon } from "geojson";
import Feature from "ol/Feature";
import type OlMap from "ol/Map";
import type { DrawEvent } from "ol/interaction/Draw";
import Draw from "ol/interaction/Draw";
import Circle from "ol/geom/Circle";
import LineString from "ol/geom/LineString";
import Point from "ol/geom/Point";
import Polygon, { circular } from "ol/geom/Polygon";
import VectorLayer from "ol/layer/Vector";
import { transform } from "ol/proj";
import VectorSource from "ol/source/Vector";
import { getDistance } from "ol/sphere";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";
import { bearing, distance } from "../formats";
import { colour } from "../theme";
import { bearingBetween } from "./bearings";
import type { Tool } from "./view";

/** What tools tell whoever holds them. */
export interface Heard {
  /** An area was drawn */
  area: (area: GeoPolygon) => void;
  /** A circle was drawn */
  circle?: (lon_deg: number, lat_deg: number, radius_m: number) => void;
  /** What is measured, "" for nothing */
  measure: (text: string) => void;
  /** The tool was put away by itself */
  done: () => void;
}

/** Draws with the tool that is chosen; keeps what was drawn until the next drawing. */
export class Tools {
  readonly layer = new VectorLayer({ source: new VectorSource(), zIndex: 50 });
  /** Corners that were put so far, longitude and latitude of each */
  readonly corners = signal<number[][]>([]);
  #draw: Draw | null = null;
  #kind: Tool = "select";

  constructor(
    private readonly map: OlMap,
    private readonly heard: Heard,
  ) {
    map.addLayer(this.layer);
    this.layer.setStyle((feature) => this.#styles(feature.getGeometry() as LineString | Polygon | Point));
  }

  /** Take a tool in hand; "select" puts every tool away and wipes what was drawn. */
  use(wanted: Tool): void {
    this.#putAwayButKeep();
    this.layer.getSource()?.clear();
    this.heard.measure("");
    if (wanted === "select") return;
    this.#kind = wanted;
    const type = wanted === "measure" ? "LineString" : wanted === "area" ? "Polygon" : "Circle";
    const draw = new Draw({ type, style: (feature) => this.#styles(feature.getGeometry() as LineString) });
    draw.on("drawstart", (event) => {
      this.layer.getSource()?.clear();
      event.feature.getGeometry()?.on("change", () => this.#changed(event.feature));
    });
    draw.on("drawend", (event) => this.#drawn(event, wanted));
    this.#draw = draw;
    this.map.addInteraction(draw);
  }

  /** Put a corner at a position, as a press of the pointer there would. The same corner twice ends the drawing. */
  put(lon_deg: number, lat_deg: number): void {
    const [last] = this.corners.peek().slice(-1);
    if (last && Math.abs((last[0] ?? 0) - lon_deg) + Math.abs((last[1] ?? 0) - lat_deg) < 1e-7) return this.finish();
    if (this.#kind === "ring") return this.#putOfRing(lon_deg, lat_deg);
    this.#draw?.appendCoordinates([this.#metres([lon_deg, lat_deg])]);
  }

  /** Take the last corner back. */
  back(): void {
    if (this.#kind === "ring") {
      this.layer.getSource()?.clear();
      this.corners.value = [];
      return;
    }
    if (this.corners.peek().length <= 1) {
      this.#draw?.abortDrawing();
      this.corners.value = [];
    } else {
      this.#draw?.removeLastPoint();
    }
  }

  /** Whether there are corners enough to end the drawing. */
  isEnough(count: number): boolean {
    return count >= { select: 1, measure: 2, ring: 2, area: 3 }[this.#kind];
  }

  /** End the drawing with the corners that were put. */
  finish(): void {
    if (this.isEnough(this.corners.peek().length)) this.#draw?.finishDrawing();
  }

  /** Draw a plain circle of a radius around a point. */
  circle(lon_deg: number, lat_deg: number, radius_m: number): void {
    const source = this.layer.getSource();
    source?.clear();
    source?.addFeature(new Feature(circular([lon_deg, lat_deg], radius_m, 128).transform("EPSG:4326", this.#projection)));
    this.corners.value = [];
    this.heard.measure(distance(radius_m));
    this.heard.circle?.(lon_deg, lat_deg, radius_m);
  }

  get #projection() {
    return this.map.getView().getProjection();
  }

  #degrees(coordinate: number[]): number[] {
    return transform(coordinate, this.#projection, "EPSG:4326");
  }

  #metres(position: number[]): number[] {
    return transform(position, "EPSG:4326", this.#projection);
  }

  /** First the centre, then a point of the rim. */
  #putOfRing(lon_deg: number, lat_deg: number): void {
    const [centre] = this.corners.peek();
    if (centre) return this.circle(centre[0] ?? 0, centre[1] ?? 0, getDistance(centre, [lon_deg, lat_deg]));
    const source = this.layer.getSource();
    source?.clear();
    source?.addFeature(new Feature(new Point(this.#metres([lon_deg, lat_deg]))));
    this.corners.value = [[lon_deg, lat_deg]];
  }

  #changed(feature: Feature): void {
    const geometry = feature.getGeometry();
    if (this.#kind !== "area") this.heard.measure(this.#told(feature));
    // the last point of a sketch follows the pointer, and an outline ends where it begins
    const put = geometry instanceof LineString ? geometry.getCoordinates().slice(0, -1) : geometry instanceof Polygon ? (geometry.getCoordinates()[0] ?? []).slice(0, -2) : [];
    if (put.length !== this.corners.peek().length) this.corners.value = put.map((one) => this.#degrees(one));
  }

  #drawn(event: DrawEvent, wanted: Tool): void {
    const geometry = event.feature.getGeometry();
    this.corners.value = [];
    if (geometry instanceof Circle) {
      const centre = this.#degrees(geometry.getCenter());
      const rim = this.#degrees(geometry.getLastCoordinate());
      this.circle(centre[0] ?? 0, centre[1] ?? 0, getDistance(centre, rim));
    } else if (wanted === "area" && geometry instanceof Polygon) {
      this.layer.getSource()?.addFeature(event.feature);
      const ring = (geometry.getCoordinates()[0] ?? []).map((point) => this.#degrees(point).map((value) => Math.round(value * 1e5) / 1e5));
      this.heard.done();
      this.#putAwayButKeep();
      this.heard.area({ type: "Polygon", coordinates: [ring] });
    } else {
      this.heard.measure(this.#told(event.feature));
      this.layer.getSource()?.addFeature(event.feature);
    }
  }

  #putAwayButKeep(): void {
    if (this.#draw) this.map.removeInteraction(this.#draw);
    this.#draw = null;
    this.#kind = "select";
    this.corners.value = [];
  }

  /** Corners in degrees, one that is put twice only once. */
  #legs(points: number[][]): number[][] {
    return points.filter((point, index) => index === 0 || String(point) !== String(points[index - 1])).map((one) => this.#degrees(one));
  }

  /** Length of each leg and of all of them, with the bearing of the last; for a circle its radius. */
  #told(feature: Feature): string {
    const geometry = feature.getGeometry();
    const points = this.#legs(geometry instanceof LineString ? geometry.getCoordinates() : geometry instanceof Circle ? [geometry.getCenter(), geometry.getLastCoordinate()] : []);
    let total = 0;
    points.slice(1).forEach((point, index) => (total += getDistance(points[index] ?? point, point)));
    const [before, last] = points.slice(-2);
    if (!before || !last) return "";
    return points.length > 2 ? `${distance(total)} · ${bearing(bearingBetween(before, last))} ${distance(getDistance(before, last))}` : `${distance(total)} ${bearing(bearingBetween(before, last))}`;
  }

  #styles(geometry: LineString | Polygon | Point | Circle): Style[] {
    const ink = colour("focus");
    const base = new Style({
      stroke: new Stroke({ color: ink, width: 2, lineDash: geometry instanceof LineString ? [8, 4] : [1, 0] }),
      fill: new Fill({ color: `${ink}18` }),
      image: new CircleStyle({ radius: 5, fill: new Fill({ color: ink }) }),
    });
    if (!(geometry instanceof LineString)) return [base];
    const points = geometry.getCoordinates().filter((point, index, all) => index === 0 || String(point) !== String(all[index - 1]));
    const labels = points.slice(1).map((end, index) => {
      const start = points[index] ?? end;
      const [a, b] = [this.#degrees(start), this.#degrees(end)];
      return new Style({
        geometry: new Point([((start[0] ?? 0) + (end[0] ?? 0)) / 2, ((start[1] ?? 0) + (end[1] ?? 0)) / 2]),
        text: new Text({
          text: `${distance(getDistance(a, b))} ${bearing(bearingBetween(a, b))}`,
          font: "600 12px system-ui, 'DejaVu Sans', sans-serif",
          fill: new Fill({ color: ink }),
          stroke: new Stroke({ color: colour("map-halo"), width: 4 }),
          offsetY: -10,
        }),
      });
    });
    return [base, ...labels];
  }
}
