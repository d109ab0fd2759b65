/**
 * The coast, from Natural Earth (public domain) by way of world-atlas, loaded from the node. No border is drawn: which
 * line is a border is for nobody's software to say. Land has one colour, whoever owns it.
 */
import type { Geometry as GeoGeometry, MultiPolygon, Polygon } from "geojson";
import Feature from "ol/Feature";
import GeoJSON from "ol/format/GeoJSON";
import MultiLineString from "ol/geom/MultiLineString";
import VectorImageLayer from "ol/layer/VectorImage";
import type { ProjectionLike } from "ol/proj";
import VectorSource from "ol/source/Vector";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import { colour } from "../theme";

declare const LAND_110M: string;
declare const LAND_10M: string;

/** The fine coast takes over where a pixel is smaller than this. */
const FINE_BELOW_M = 8_500;
/** In the Arctic projection land beyond this latitude would cover everything. */
const SOUTHERN_RIM_DEG = 5;

type Ring = number[][];

async function polygons(url: string): Promise<Ring[][]> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`);
  const world = (await answer.json()) as Topology<{ land: GeometryCollection }>;
  const collection = feature(world, world.objects.land);
  return collection.features.flatMap((one) => {
    const geometry = one.geometry as GeoGeometry as MultiPolygon | Polygon;
    return geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates];
  });
}

/** The shore of a ring: what follows the cut at 180 degrees or at the pole is no shore. */
function shores(ring: Ring): Ring[] {
  const found: Ring[] = [];
  let piece: Ring = [];
  const isCut = ([lon = 0, lat = 0]: number[]) => Math.abs(lon) > 179.99 || lat < -89.9;
  ring.forEach((point, index) => {
    const before = ring[index - 1];
    if (before && isCut(before) && isCut(point)) {
      if (piece.length > 1) found.push(piece);
      piece = [];
    }
    piece.push(point);
  });
  if (piece.length > 1) found.push(piece);
  return found;
}

function featuresOf(land: Ring[][], projection: ProjectionLike, isArctic: boolean): Feature[] {
  const format = new GeoJSON();
  const shown = isArctic ? land.filter((one) => (one[0] ?? []).some((point) => (point[1] ?? 0) > SOUTHERN_RIM_DEG)) : land;
  const made = shown.map((coordinates) => {
    const read = format.readFeature({ type: "Feature", properties: {}, geometry: { type: "Polygon", coordinates } }, { featureProjection: projection });
    return (Array.isArray(read) ? read[0] : read) as Feature;
  });
  for (const polygon of shown) {
    const coast = new Feature(new MultiLineString(polygon.flatMap(shores)).transform("EPSG:4326", projection));
    coast.set("isCoast", true);
    made.push(coast);
  }
  return made;
}

/** The two layers of the coast; colours come from the theme when they are asked to. */
export class Basemap {
  readonly coarse = this.#layer({ minResolution: FINE_BELOW_M });
  readonly fine = this.#layer({ maxResolution: FINE_BELOW_M });
  #land = new Map<string, Promise<Ring[][]>>();
  #round = 0;

  #layer(reach: { minResolution?: number; maxResolution?: number }): VectorImageLayer<VectorSource> {
    return new VectorImageLayer({ source: new VectorSource(), imageRatio: 2, zIndex: 0, ...reach });
  }

  /** Draw in the theme's colours. */
  wear(): void {
    const fill = new Style({ fill: new Fill({ color: colour("land") }) });
    const shore = new Style({ stroke: new Stroke({ color: colour("coast"), width: 1 }) });
    for (const layer of [this.coarse, this.fine]) layer.setStyle((one) => (one.get("isCoast") ? shore : fill));
  }

  /** Fill both layers for a projection: the coarse coast at once, the fine one when it is here. Raises Error. */
  async fillFor(projection: ProjectionLike, isArctic: boolean): Promise<void> {
    const round = ++this.#round;
    for (const [url, layer] of [[LAND_110M, this.coarse], [LAND_10M, this.fine]] as const) {
      const land = this.#land.get(url) ?? polygons(url);
      this.#land.set(url, land);
      land.catch(() => this.#land.delete(url));
      const rings = await land;
      if (round !== this.#round) return;
      const source = layer.getSource();
      source?.clear(true);
      source?.addFeatures(featuresOf(rings, projection, isArctic));
      if (layer === this.coarse) {
        // the coarse coast stands in for the fine one until that is here
        const stand = this.fine.getSource();
        stand?.clear(true);
        stand?.addFeatures(featuresOf(rings, projection, isArctic));
        await new Promise((resume) => setTimeout(resume, 300));
      }
    }
  }
}
