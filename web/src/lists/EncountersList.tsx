import { useState } from "preact/hooks";
import { alarms, isOpen, PRIORITIES, priorityName } from "../alarms";
import type { Encounter } from "../documents";
import { distance, feet, fromNow, hourMinute } from "../formats";
import { nearness } from "../map/encounter_marks";
import { goTo } from "../map/goto";
import { selected } from "../map/view";
import { sideName } from "../names";
import { scene, shown_ms } from "../replay";
import { address } from "../route";
import { may } from "../session";
import { say } from "../words";
import { acknowledging, paneShown } from "../shell/state";

type Order = "gravest" | "soonest" | "nearest";

const ORDERS: Record<Order, (a: Encounter, b: Encounter) => number> = {
  gravest: (a, b) => PRIORITIES.indexOf(a.priority) - PRIORITIES.indexOf(b.priority) || a.closest_ms - b.closest_ms,
  soonest: (a, b) => a.closest_ms - b.closest_ms,
  nearest: (a, b) => a.closest_distance_m - b.closest_distance_m,
};

function Item({ encounter }: { encounter: Encounter }) {
  const at = shown_ms();
  const shown = scene.value;
  const alarm = alarms.value.value.alarms.find((one) => isOpen(one) && one.id.startsWith(`encounter:${encounter.id}@`));
  const isPast = encounter.state === "past";
  return (
    <li class={`encounter ${encounter.priority} ${isPast ? "past" : ""}`} aria-current={selected.value === `encounter:${encounter.id}` ? "true" : undefined}>
      <p class="encounter-head">
        <span class={`tag ${isPast ? "" : encounter.priority}`}>{isPast ? say("past") : priorityName(encounter.priority)}</span>{" "}
        <strong>{shown.nameOf(encounter.a)}</strong> <span class="muted">{sideName(encounter.side_a)}</span> × <strong>{shown.nameOf(encounter.b)}</strong>{" "}
        <span class="muted">{sideName(encounter.side_b)}</span>
      </p>
      <p class="encounter-facts">
        <strong class="number">{nearness(encounter, at)}</strong>
        {encounter.predicted && ` (${say("forecast")})`}
        {encounter.in_area.length > 0 && `, ${say("in {areas}", { areas: encounter.in_area.join(", ") })}`}
      </p>
      <p class="muted">
        {say("now {distance} apart", { distance: distance(encounter.distance_m) })}
        {encounter.vertical_m !== null && `, ${say("{height} apart in height", { height: feet(encounter.vertical_m) })}`}
        {", "}
        {isPast && encounter.left_ms !== null ? say("over at {time}", { time: hourMinute(encounter.left_ms) }) : say("began {span}", { span: fromNow(encounter.entered_ms, at) })}
      </p>
      {encounter.evidence && <p class="muted">{encounter.evidence}</p>}
      <div class="item-buttons">
        {alarm && may("acknowledge") && (
          <button type="button" class="main" onClick={() => (acknowledging.value = alarm.id)}>
            {say("Acknowledge")}
          </button>
        )}
        <button
          type="button"
          onClick={() => {
            paneShown.value = "map";
            goTo(`encounter:${encounter.id}`);
          }}
        >
          {say("Go to")}
        </button>
        {may("draft") && (
          <a class="button" href={address(["compose", "incident"], { encounter: encounter.id })}>
            {say("Draft notice")}
          </a>
        )}
      </div>
    </li>
  );
}

/** Encounters that go on, then those that are over. */
export function EncountersList() {
  const [order, setOrder] = useState<Order>("gravest");
  void scene.value.encountersVersion.value;
  const all = [...scene.value.encounters].sort(ORDERS[order]);
  const [active, past] = [all.filter((one) => one.state === "active"), all.filter((one) => one.state === "past")];
  return (
    <>
      <label class="order">
        {say("Order")}{" "}
        <select value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
          <option value="gravest">{say("gravest first")}</option>
          <option value="soonest">{say("soonest first")}</option>
          <option value="nearest">{say("nearest first")}</option>
        </select>
      </label>
      {active.length === 0 && <p class="muted">{say("No encounter goes on.")}</p>}
      <ul class="items">
        {active.map((one) => (
          <Item key={one.id} encounter={one} />
        ))}
      </ul>
      {past.length > 0 && <h3>{say("Over")}</h3>}
      <ul class="items">
        {past.slice(0, 50).map((one) => (
          <Item key={one.id} encounter={one} />
        ))}
      </ul>
    </>
  );
}
