/** Areas, disputed lines and overlays as layers of the map. */
import type { Feature as GeoFeature } from "geojson";
import Feature, { type FeatureLike } from "ol/Feature";
import GeoJSON from "ol/format/GeoJSON";
import LineString from "ol/geom/LineString";
import Point from "ol/geom/Point";
import VectorLayer from "ol/layer/Vector";
import VectorSource from "ol/source/Vector";
import CircleStyle from "ol/style/Circle";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";
import { times, windowOf, type Overlay } from "../announced";
import type { Area } from "../documents";
import { colour } from "../theme";
import { plain } from "../visible";
import { say } from "../words";
import { DISPUTED } from "./disputed";
import { extentOf } from "./goto";
import type { AreaLabel } from "./painter";

const FONT = "12px system-ui, 'DejaVu Sans', sans-serif";

function text(shown: string, ink: string, offsetY = 0): Text {
  return new Text({
    text: shown,
    font: FONT,
    fill: new Fill({ color: ink }),
    stroke: new Stroke({ color: colour("map-halo"), width: 3 }),
    overflow: true,
    offsetY,
  });
}

/** A layer of areas that are in force now (solid dashes, filled) or within a day (light dashes). */
export class AreasLayer {
  readonly layer = new VectorLayer({ source: new VectorSource(), zIndex: 20 });
  /** Name and times of each, to stand above its northern edge: what moves in it stays free. */
  labels: AreaLabel[] = [];

  /** Show these areas as they stand at a moment. */
  show(areas: Area[], at_ms: number, projection: string, selected: string): void {
    const format = new GeoJSON();
    const source = this.layer.getSource();
    source?.clear(true);
    this.labels = [];
    for (const area of areas) {
      const found = windowOf(area, at_ms);
      if (!found || area.standing === "cancelled") continue;
      const read = readAll(format, area.feature, projection);
      for (const feature of read) {
        feature.setId(`${area.ref} ${read.indexOf(feature)}`);
        feature.set("area", area.ref);
        feature.setStyle(areaStyle(found.isNow, selected === `area:${area.ref}`));
      }
      source?.addFeatures(read);
      const [west, , east, north] = extentOf(area.feature.geometry) ?? [];
      if (west !== undefined && east !== undefined && north !== undefined) {
        this.labels.push({ text: `${area.title}, ${times(area, at_ms)}`, lon_deg: (west + east) / 2, lat_deg: north, isNow: found.isNow });
      }
    }
    this.layer.changed();
  }

  /** The areas around a coordinate of the map. */
  at(coordinate: number[]): string[] {
    return (this.layer.getSource()?.getFeaturesAtCoordinate(coordinate) ?? []).map((one) => String(one.get("area")));
  }
}

function readAll(format: GeoJSON, feature: GeoFeature, projection: string): Feature[] {
  try {
    const read = format.readFeature(feature, { featureProjection: projection }) as Feature | Feature[];
    return Array.isArray(read) ? read : [read];
  } catch {
    return []; // an area without a shape stands in the list
  }
}

function areaStyle(isNow: boolean, isSelected: boolean): Style {
  const ink = colour("area");
  const style = new Style({
    stroke: new Stroke({ color: ink, width: isSelected ? 3.5 : isNow ? 2.2 : 1.3, lineDash: isNow ? [9, 5] : [2, 5] }),
    image: new CircleStyle({ radius: 6, stroke: new Stroke({ color: ink, width: 2 }) }),
  });
  if (isNow) style.setFill(new Fill({ color: `${ink}1f` }));
  return style;
}

/** Lines and places about which states disagree, dashed, with both claims as text when near enough to read. */
export function disputedLayer(): VectorLayer<VectorSource> {
  return new VectorLayer({ source: new VectorSource(), zIndex: 10, declutter: "disputed" });
}

/** Fill it for a projection and the language in use. */
export function showDisputed(layer: VectorLayer<VectorSource>, projection: string): void {
  const source = layer.getSource();
  const ink = colour("disputed");
  const line = new Style({ stroke: new Stroke({ color: ink, width: 1.5, lineDash: [6, 6] }) });
  source?.clear(true);
  for (const one of DISPUTED) {
    const middle = one.at[Math.floor(one.at.length / 2)] ?? [0, 0];
    if (one.at.length > 1) {
      const drawn = new Feature(new LineString(one.at).transform("EPSG:4326", projection));
      drawn.setStyle(line);
      source?.addFeature(drawn);
    }
    const label = new Feature(new Point(middle).transform("EPSG:4326", projection));
    label.setStyle((_: FeatureLike, resolution: number) => {
      if (resolution > 9000) return [];
      const claims = wrapped(one.claims());
      return [new Style({ text: text(resolution > 2200 ? say("disputed: {name}", { name: one.name() }) : `${one.name()}\n${claims}`, ink, -16) })];
    });
    source?.addFeature(label);
  }
}

function wrapped(sentence: string): string {
  return sentence.replace(/([^\n]{28}\S*)\s/g, "$1\n");
}

/** What this side laid over the map itself. */
export class OverlaysLayer {
  readonly layer = new VectorLayer({ source: new VectorSource(), zIndex: 15 });

  /** Show these overlays in the theme's colours. */
  show(overlays: Overlay[], projection: string): void {
    const ink = colour("muted");
    const format = new GeoJSON();
    const source = this.layer.getSource();
    source?.clear(true);
    for (const overlay of overlays) {
      for (const feature of overlay.features.features) {
        for (const read of readAll(format, feature, projection)) {
          const named = [read.get("title") ?? read.get("name"), read.get("claim")].filter(Boolean).map((one) => plain(String(one))).join("\n");
          read.setStyle(
            new Style({
              stroke: new Stroke({ color: ink, width: 1.5 }),
              image: new CircleStyle({ radius: 4, fill: new Fill({ color: ink }) }),
              text: text(named, ink, -12),
            }),
          );
          source?.addFeature(read);
        }
      }
    }
  }
}
