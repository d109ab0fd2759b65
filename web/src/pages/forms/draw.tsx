/** Draw where it is: a shape of a form from a small map, which opens in the form itself. */
import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Geometry } from "geojson";
import type { Drawn } from "../../map/AreaMap";
import { say } from "../../words";
import { geometryOf, shapeDrawn } from "./drawn";
import { idOf, type Form } from "./state";

type Shown = ComponentType<{ geometry: Geometry | null; shapes: readonly ("area" | "ring")[]; draw: (drawn: Drawn) => void; close: () => void }>;

/** A button that opens the map, and the map. tags: shapes that the form takes here. */
export function DrawShape({ form, path, tags }: { form: Form; path: string; tags: readonly string[] }): JSX.Element | null {
  const [isOpen, setOpen] = useState(false);
  const [Map, setMap] = useState<Shown | null>(null);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    if (!isOpen || Map) return;
    import("../../map/AreaMap").then(
      (module) => setMap(() => module.default),
      (thrown: unknown) => setTrouble(String(thrown)),
    );
  }, [isOpen]);
  const shapes = (["area", "ring"] as const).filter((one) => tags.includes(one === "area" ? "polygon" : "circle"));
  if (!shapes.length) return null;
  const close = () => {
    setOpen(false);
    requestAnimationFrame(() => document.getElementById(`${idOf(path)}-draw`)?.focus());
  };
  return (
    <div class="field draw-shape no-print">
      <button type="button" class="add" id={`${idOf(path)}-draw`} aria-expanded={isOpen} onClick={() => (isOpen ? close() : setOpen(true))}>
        {isOpen ? say("Close the map") : say("Draw it on a map")}
      </button>
      {trouble ? <p class="trouble">{say("The map could not be loaded: {reason}", { reason: trouble })}</p> : null}
      {isOpen && Map ? (
        <Map
          geometry={geometryOf(form.at(path))}
          shapes={shapes}
          draw={(drawn) => {
            form.set(path, shapeDrawn(drawn));
            form.leave(path);
          }}
          close={close}
        />
      ) : null}
    </div>
  );
}
