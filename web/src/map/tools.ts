/** Tools of the map: measure, a plain circle around a point, and an area whose outline becomes a notice. */
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
import { tool, type Tool } from "./view";

/** First bearing of the great circle from one point to another, degrees. */
export function bearingBetween([lon1 = 0, lat1 = 0]: number[], [lon2 = 0, lat2 = 0]: number[]): number {
  const [a, b, turn] = [(lat1 * Math.PI) / 180, (lat2 * Math.PI) / 180, ((lon2 - lon1) * Math.PI) / 180];
  const y = Math.sin(turn) * Math.cos(b);
  const x = Math.cos(a) * Math.sin(b) - Math.sin(a) * Math.cos(b) * Math.cos(turn);
  return (Math.atan2(y, x) * 180) / Math.PI;
}

/** Draws with the tool that is chosen; keeps what was drawn until the next drawing. */
export class Tools {
  readonly layer = new VectorLayer({ source: new VectorSource(), zIndex: 50 });
  #draw: Draw | null = null;

  constructor(
    private readonly map: OlMap,
    private readonly onArea: (area: GeoPolygon) => void,
    private readonly onMeasure: (text: string) => void,
  ) {
    map.addLayer(this.layer);
    this.layer.setStyle((feature) => this.#styles(feature.getGeometry() as LineString | Polygon | Point));
  }

  /** Take a tool in hand; "select" puts every tool away and wipes what was drawn. */
  use(wanted: Tool): void {
    if (this.#draw) this.map.removeInteraction(this.#draw);
    this.#draw = null;
    this.layer.getSource()?.clear();
    this.onMeasure("");
    if (wanted === "select") return;
    const type = wanted === "measure" ? "LineString" : wanted === "area" ? "Polygon" : "Circle";
    const draw = new Draw({ type, style: (feature) => this.#styles(feature.getGeometry() as LineString) });
    draw.on("drawstart", (event) => {
      this.layer.getSource()?.clear();
      if (type !== "Polygon") event.feature.getGeometry()?.on("change", () => this.onMeasure(this.#told(event.feature)));
    });
    draw.on("drawend", (event) => this.#drawn(event, wanted));
    this.#draw = draw;
    this.map.addInteraction(draw);
  }

  /** Draw a plain circle of a radius around a point. */
  circle(lon_deg: number, lat_deg: number, radius_m: number): void {
    const source = this.layer.getSource();
    source?.clear();
    const ring = circular([lon_deg, lat_deg], radius_m, 128).transform("EPSG:4326", this.map.getView().getProjection());
    source?.addFeature(new Feature(ring));
    this.onMeasure(distance(radius_m));
  }

  #degrees(coordinate: number[]): number[] {
    return transform(coordinate, this.map.getView().getProjection(), "EPSG:4326");
  }

  #drawn(event: DrawEvent, wanted: Tool): void {
    const geometry = event.feature.getGeometry();
    this.onMeasure(this.#told(event.feature));
    if (geometry instanceof Circle) {
      const centre = this.#degrees(geometry.getCenter());
      const rim = this.#degrees(geometry.getLastCoordinate());
      this.circle(centre[0] ?? 0, centre[1] ?? 0, getDistance(centre, rim));
    } else if (wanted === "area" && geometry instanceof Polygon) {
      this.layer.getSource()?.addFeature(event.feature);
      const ring = (geometry.getCoordinates()[0] ?? []).map((point) => this.#degrees(point).map((value) => Math.round(value * 1e5) / 1e5));
      tool.value = "select";
      this.#putAwayButKeep();
      this.onArea({ type: "Polygon", coordinates: [ring] });
    } else {
      this.layer.getSource()?.addFeature(event.feature);
    }
  }

  #putAwayButKeep(): void {
    if (this.#draw) this.map.removeInteraction(this.#draw);
    this.#draw = null;
  }

  /** Length of each leg and of all of them, with the bearing of the last; for a circle its radius. */
  #told(feature: Feature): string {
    const geometry = feature.getGeometry();
    const points = (geometry instanceof LineString ? geometry.getCoordinates() : geometry instanceof Circle ? [geometry.getCenter(), geometry.getLastCoordinate()] : []).map((one) => this.#degrees(one));
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
    const points = geometry.getCoordinates();
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
