import { areas, times } from "../announced";
import type { Encounter, Mover } from "../documents";
import { bearing, clock, coordinates, distance, feet, span } from "../formats";
import { scene, shown_ms } from "../replay";
import { address } from "../route";
import { number, say } from "../words";
import { kindName, sideName } from "../names";
import { nearness } from "./encounter_marks";
import { STALE_AFTER_MS } from "../scene";
import { select, selected } from "./view";

function MoverFacts({ mover }: { mover: Mover }) {
  const age = shown_ms() - mover.at_ms;
  const rows: [string, string][] = [
    [say("Position"), coordinates(mover.lat_deg, mover.lon_deg)],
    [say("Speed"), mover.speed_kn === null ? "–" : say("{count} kn", { count: number(mover.speed_kn, 1) })],
    [say("Course"), mover.course_deg === null ? "–" : bearing(mover.course_deg)],
    ...(mover.altitude_m === null ? [] : [[say("Height"), feet(mover.altitude_m)] as [string, string]]),
    [say("Heard"), `${clock(mover.at_ms)}, ${say("{span} ago", { span: span(age) })}`],
    [say("Feed"), mover.feed || "–"],
  ];
  return (
    <>
      <p>
        {kindName(mover.kind)}, {sideName(mover.side)} <span class="muted">{mover.id}</span>{" "}
        {age > STALE_AFTER_MS && <span class="tag warning">{say("STALE")}</span>}
      </p>
      <dl>
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd class="number">{value}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function EncounterFacts({ encounter }: { encounter: Encounter }) {
  return (
    <>
      <p>
        {encounter.predicted ? say("closest, forecast") : say("closest")}: {nearness(encounter, shown_ms())}
        {encounter.vertical_m !== null && `, ${say("{height} apart in height", { height: feet(encounter.vertical_m) })}`}
      </p>
      <p>{say("now {distance} apart", { distance: distance(encounter.distance_m) })}</p>
      {encounter.in_area.length > 0 && <p>{say("in {areas}", { areas: encounter.in_area.join(", ") })}</p>}
      <p class="muted">{encounter.evidence}</p>
    </>
  );
}

/** What is selected, in words. */
export function SelectedCard() {
  void scene.value.version.value;
  const [kind, id = ""] = selected.value.split(/:(.*)/s);
  const mover = kind === "mover" ? scene.value.tracks.get(id)?.mover : undefined;
  const encounter = kind === "encounter" ? scene.value.encounters.find((one) => one.id === id) : undefined;
  const area = kind === "area" ? areas.value.value.areas.find((one) => one.ref === id) : undefined;
  if (!mover && !encounter && !area) return null;
  const title = mover ? mover.name || mover.id : encounter ? `${scene.value.nameOf(encounter.a)} × ${scene.value.nameOf(encounter.b)}` : (area?.title ?? "");
  return (
    <div class="selected panel" role="group" aria-label={say("Selected")}>
      <div class="panel-head">
        <h2>{title}</h2>
        <button type="button" aria-label={say("Close")} onClick={() => select("")}>
          ×
        </button>
      </div>
      {mover && <MoverFacts mover={mover} />}
      {encounter && <EncounterFacts encounter={encounter} />}
      {area && (
        <>
          <p>
            {area.member}: {times(area, shown_ms())}
          </p>
          <p>
            <a href={address(["record", area.line, area.ref])}>{say("Open the notice")}</a>
          </p>
        </>
      )}
    </div>
  );
}
