/** KML as GeoJSON; loaded when the first such file is read. */
import GeoJSON from "ol/format/GeoJSON";
import KML from "ol/format/KML";

/** Parts that name pictures and files elsewhere: a reader would ask for them, and nothing is asked of anybody. */
const LEFT_OUT = new Set(["Style", "StyleMap", "styleUrl", "Icon", "Link", "NetworkLink", "GroundOverlay", "ScreenOverlay", "PhotoOverlay", "Model"]);

/** Return the features of a KML text in longitude and latitude; what it says about styles and pictures is left out. */
export function geoJsonOfKml(text: string): unknown {
  const document = new DOMParser().parseFromString(text, "application/xml");
  for (const one of [...document.getElementsByTagName("*")]) if (LEFT_OUT.has(one.localName)) one.remove();
  const features = new KML({ extractStyles: false, showPointNames: false }).readFeatures(document);
  return JSON.parse(new GeoJSON().writeFeatures(features)) as unknown;
}
