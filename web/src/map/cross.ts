/**
 * A cross in the middle of a map for those who draw without a pointer: arrow keys move the map under it, Enter puts a
 * corner, Backspace takes one back. It works while a tool is in hand and the map has the keys.
 */
import type OlMap from "ol/Map";
import { transform } from "ol/proj";

const STEP_PX = 32;
const FINE_PX = 4;
const SAID_AFTER_MS = 250;
const WAYS: Record<string, [number, number]> = { ArrowUp: [0, 1], ArrowDown: [0, -1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

export interface Crossed {
  isWanted: () => boolean;
  /** A corner is to be put here */
  put: (lon_deg: number, lat_deg: number) => void;
  /** The last corner is to be taken back */
  back: () => void;
  /** The cross stands here, said once it rests */
  at: (lon_deg: number, lat_deg: number) => void;
}

/** Where the cross stands, longitude and latitude. */
export function middleOf(map: OlMap): [number, number] {
  const view = map.getView();
  const [lon = 0, lat = 0] = transform(view.getCenter() ?? [0, 0], view.getProjection(), "EPSG:4326");
  return [((((lon + 180) % 360) + 360) % 360) - 180, lat];
}

/** Listen to the keys of a map's element until the returned function is called. */
export function crossOf(map: OlMap, element: HTMLElement, told: Crossed): () => void {
  let timer = 0;
  const tellSoon = () => {
    clearTimeout(timer);
    timer = setTimeout(() => told.at(...middleOf(map)), SAID_AFTER_MS);
  };
  const press = (event: KeyboardEvent) => {
    if (!told.isWanted() || event.target !== element || event.ctrlKey || event.metaKey || event.altKey) return;
    const way = WAYS[event.key];
    const view = map.getView();
    if (way) {
      const length = (view.getResolution() ?? 1) * (event.shiftKey ? FINE_PX : STEP_PX);
      const [x = 0, y = 0] = view.getCenter() ?? [0, 0];
      view.setCenter([x + way[0] * length, y + way[1] * length]);
      tellSoon();
    } else if (event.key === "Enter" || event.key === " ") {
      told.put(...middleOf(map));
    } else if (event.key === "Backspace") {
      told.back();
    } else {
      return;
    }
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  // before the map's own keys, which move it too
  element.addEventListener("keydown", press, { capture: true });
  element.addEventListener("focus", tellSoon);
  return () => {
    clearTimeout(timer);
    element.removeEventListener("keydown", press, { capture: true });
    element.removeEventListener("focus", tellSoon);
  };
}
