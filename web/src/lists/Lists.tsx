/** Tabs with everything that the map shows, and the record's side of it, as text: sortable, reachable by keys. */
import { useEffect } from "preact/hooks";
import { areas } from "../announced";
import { offer } from "../keys";
import { live } from "../live";
import { scene } from "../replay";
import { note, route } from "../route";
import { number, say } from "../words";
import { TABS, type Tab } from "../shell/state";
import { AreasList } from "./AreasList";
import { EncountersList } from "./EncountersList";
import { LineList } from "./LineList";
import { NoticesList } from "./NoticesList";
import { TracksList } from "./TracksList";

function titles(): Record<Tab, string> {
  void live.encountersVersion.value;
  const active = scene.value.encounters.filter((one) => one.state === "active").length;
  return {
    encounters: `${say("Encounters")} ${number(active)}`,
    notices: say("Notices"),
    line: say("Line"),
    tracks: say("Tracks"),
    areas: `${say("Areas")} ${number(areas.value.value.areas.length)}`,
  };
}

/** The tab that the address names. */
export function tabShown(): Tab {
  const named = route.value.query.get("tab");
  return TABS.find((one) => one === named) ?? "encounters";
}

/** Tabs and the list of the one that is chosen. */
export function Lists() {
  const shown = tabShown();
  useEffect(() => {
    const names: Record<Tab, () => string> = {
      encounters: () => say("List of encounters"),
      notices: () => say("List of notices"),
      line: () => say("State of the lines"),
      tracks: () => say("Table of tracks"),
      areas: () => say("List of areas"),
    };
    const ends = TABS.map((tab, index) =>
      offer({
        name: `tab-${tab}`,
        key: String(index + 1),
        title: names[tab],
        act: () => {
          note({ tab });
          document.getElementById(`tab-${tab}`)?.focus();
        },
      }),
    );
    return () => ends.forEach((end) => end());
  }, []);
  const named = titles();
  const move = (event: KeyboardEvent) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const tab = TABS[(TABS.indexOf(shown) + step + TABS.length) % TABS.length] ?? "encounters";
    note({ tab });
    document.getElementById(`tab-${tab}`)?.focus();
  };
  return (
    <section class="lists" aria-label={say("Lists")}>
      <div class="tabs" role="tablist" aria-label={say("Lists")} onKeyDown={move}>
        {TABS.map((tab) => (
          <button
            key={tab}
            id={`tab-${tab}`}
            type="button"
            role="tab"
            aria-selected={tab === shown}
            aria-controls="list-shown"
            tabIndex={tab === shown ? 0 : -1}
            onClick={() => note({ tab })}
          >
            {named[tab]}
          </button>
        ))}
      </div>
      <div id="list-shown" class="list" role="tabpanel" aria-labelledby={`tab-${shown}`} tabIndex={0}>
        {shown === "encounters" && <EncountersList />}
        {shown === "notices" && <NoticesList />}
        {shown === "line" && <LineList />}
        {shown === "tracks" && <TracksList />}
        {shown === "areas" && <AreasList />}
      </div>
    </section>
  );
}
