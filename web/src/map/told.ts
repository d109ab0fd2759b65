/** What the map tells the pane around it. */
import type { Polygon } from "geojson";

export type GeoPolygon = Polygon;

export interface Told {
  /** Somebody drew an area */
  area: (area: Polygon) => void;
  /** What the tool in hand measures, "" for nothing */
  measure: (text: string) => void;
  /** Where the pointer is */
  pointer: (text: string) => void;
  /** Where the cross of those who draw by keys stands */
  cross: (lon_deg: number, lat_deg: number) => void;
  /** Whether the coast could be loaded */
  coast: (isThere: boolean) => void;
  /** Why the site's own map could not be shown */
  ownMap: (trouble: string) => void;
  /** How many movers the map's filters hide */
  hidden: (count: number) => void;
}
