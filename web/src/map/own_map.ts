/**
 * The site's own detailed map, one PMTiles file that the node serves piece by piece; loaded where a site has one.
 *
 * Of vector tiles the land, the water, the ways and the names of towns are drawn, in the theme's colours; of the lines
 * that such maps call boundaries none is. Pictures are shown as they are.
 */
import { PMTilesRasterSource, PMTilesVectorSource } from "ol-pmtiles";
import type { FeatureLike } from "ol/Feature";
import type BaseLayer from "ol/layer/Base";
import TileLayer from "ol/layer/Tile";
import VectorTileLayer from "ol/layer/VectorTile";
import Fill from "ol/style/Fill";
import Stroke from "ol/style/Stroke";
import Style from "ol/style/Style";
import Text from "ol/style/Text";
import { PMTiles } from "pmtiles";
import { colour } from "../theme";
import { plain } from "../visible";
import { language } from "../words";

const VECTOR_TILES = 1;
/** Kinds of places whose names are written: towns, never states or regions. */
const TOWNS = new Set(["city", "town", "village", "locality"]);
/** Names of layers in the schemas of Protomaps and of OpenMapTiles. */
const KINDS: Readonly<Record<string, "land" | "water" | "green" | "way" | "house" | "name">> = {
  earth: "land",
  water: "water",
  waterway: "water",
  ocean: "water",
  landuse: "green",
  landcover: "green",
  natural: "green",
  park: "green",
  roads: "way",
  transportation: "way",
  transit: "way",
  buildings: "house",
  building: "house",
  places: "name",
  place: "name",
};

type Styles = Readonly<Record<"land" | "water" | "green" | "way" | "house", Style>>;

function stylesOf(): Styles {
  const [land, sea, grid, coast] = [colour("land"), colour("sea"), colour("grid"), colour("coast")];
  return {
    land: new Style({ fill: new Fill({ color: land }), stroke: new Stroke({ color: coast, width: 0.6 }), zIndex: 0 }),
    green: new Style({ fill: new Fill({ color: `${grid}30` }), zIndex: 1 }),
    water: new Style({ fill: new Fill({ color: sea }), stroke: new Stroke({ color: coast, width: 0.6 }), zIndex: 2 }),
    way: new Style({ stroke: new Stroke({ color: grid, width: 1 }), zIndex: 3 }),
    house: new Style({ fill: new Fill({ color: grid }), zIndex: 4 }),
  };
}

function nameOf(feature: FeatureLike): Style | undefined {
  const kind = String(feature.get("kind_detail") ?? feature.get("kind") ?? feature.get("class") ?? "");
  if (!TOWNS.has(kind) && !TOWNS.has(String(feature.get("kind")))) return undefined;
  const name = feature.get(`name:${language.peek()}`) ?? feature.get("name");
  if (typeof name !== "string" || !name) return undefined;
  return new Style({
    text: new Text({
      text: plain(name),
      font: "11px system-ui, 'DejaVu Sans', sans-serif",
      fill: new Fill({ color: colour("muted") }),
      stroke: new Stroke({ color: colour("map-halo"), width: 3 }),
    }),
    zIndex: 5,
  });
}

/** Draw a vector layer in the colours of the theme in use. */
export function wearOwnMap(layer: BaseLayer): void {
  if (!(layer instanceof VectorTileLayer)) return;
  const styles = stylesOf();
  layer.setStyle((feature) => {
    const kind = KINDS[String(feature.get("layer"))];
    if (!kind) return undefined;
    if (kind === "name") return nameOf(feature);
    const shape = feature.getGeometry()?.getType() ?? "";
    if (kind === "way" ? !shape.includes("LineString") : kind !== "water" && !shape.includes("Polygon")) return undefined;
    return styles[kind];
  });
}

/** Return the layer of a map that lies at an address of the node. Raises Error when it cannot be read. */
export async function ownMapLayer(address: string): Promise<BaseLayer> {
  const url = new URL(address, location.href).href;
  const { tileType } = await new PMTiles(url).getHeader();
  if (tileType !== VECTOR_TILES) return new TileLayer({ source: new PMTilesRasterSource({ url }), zIndex: 1 });
  const layer = new VectorTileLayer({ source: new PMTilesVectorSource({ url }), zIndex: 1, declutter: "own-map" });
  wearOwnMap(layer);
  return layer;
}
