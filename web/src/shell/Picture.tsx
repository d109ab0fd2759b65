/** The picture: map left, alarms and lists right, the timeline below; on a narrow screen one of them at a time. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { open } from "../alarms";
import { number, say } from "../words";
import { Lists } from "../lists/Lists";
import { Timeline } from "../timeline/Timeline";
import { AlarmPanel } from "./AlarmPanel";
import { paneShown, type Pane } from "./state";

/** The panes of a narrow screen. */
function PaneChoice() {
  const panes: [Pane, string][] = [
    ["map", say("Map")],
    ["alarms", open.value.length ? `${say("Alarms")} ${number(open.value.length)}` : say("Alarms")],
    ["lists", say("Lists")],
    ["timeline", say("Time")],
  ];
  return (
    <nav class="pane-choice" aria-label={say("Parts of the picture")}>
      {panes.map(([pane, title]) => (
        <button key={pane} type="button" aria-pressed={paneShown.value === pane} onClick={() => (paneShown.value = pane)}>
          {title}
        </button>
      ))}
    </nav>
  );
}

/** Everything of it. */
export function Picture() {
  const [Map, setMap] = useState<ComponentType | null>(null);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    import("../map/MapPane").then(
      (module) => setMap(() => module.default),
      (thrown: unknown) => setTrouble(String(thrown)),
    );
  }, []);
  return (
    <main class="picture" data-pane={paneShown.value}>
      <h1 class="visually-hidden">{say("Picture")}</h1>
      <div class="map-side">
        {trouble ? (
          <p class="trouble" role="alert">
            {say("The map could not be loaded: {reason}. The lists show everything that it would.", { reason: trouble })}
          </p>
        ) : (
          Map && <Map />
        )}
      </div>
      <div class="list-side">
        <AlarmPanel />
        <Lists />
      </div>
      <Timeline />
      <PaneChoice />
    </main>
  );
}
