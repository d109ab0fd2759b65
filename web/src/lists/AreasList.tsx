import { useState } from "preact/hooks";
import { areas, times, windowOf } from "../announced";
import type { Area } from "../documents";
import { goTo } from "../map/goto";
import { selected } from "../map/view";
import { shown_ms } from "../replay";
import { address } from "../route";
import { say } from "../words";
import { paneShown } from "../shell/state";

type Order = "time" | "name" | "member";

function begins(area: Area, at_ms: number): number {
  return windowOf(area, at_ms)?.from_ms ?? Infinity;
}

/** Announced areas that are in force now or within a day. */
export function AreasList() {
  const [order, setOrder] = useState<Order>("time");
  const at = Math.floor(shown_ms() / 60_000) * 60_000;
  const all = areas.value.value.areas
    .filter((area) => windowOf(area, at))
    .sort((a, b) => (order === "time" ? begins(a, at) - begins(b, at) : order === "name" ? a.title.localeCompare(b.title) : a.member.localeCompare(b.member)));
  return (
    <>
      {areas.trouble.value && <p class="trouble">{areas.trouble.value}</p>}
      <label class="order">
        {say("Order")}{" "}
        <select value={order} onChange={(event) => setOrder(event.currentTarget.value as Order)}>
          <option value="time">{say("by time")}</option>
          <option value="name">{say("by name")}</option>
          <option value="member">{say("by side")}</option>
        </select>
      </label>
      {all.length === 0 && <p class="muted">{areas.isThere.value ? say("No area is announced for now or the next day.") : say("Loading")}</p>}
      <ul class="items">
        {all.map((area) => (
          <li key={area.ref} aria-current={selected.value === `area:${area.ref}` ? "true" : undefined}>
            <p>
              <a href={address(["record", area.line, area.ref])}>{area.title}</a> <span class="muted">{area.member}</span>
            </p>
            <p>
              <span class={`tag ${windowOf(area, at)?.isNow ? "caution" : ""}`}>{windowOf(area, at)?.isNow ? say("in force") : say("soon")}</span>{" "}
              <span class="number">{times(area, at)}</span>
              {area.standing === "corrected" && <span class="tag caution">{say("corrected")}</span>}
              {area.standing === "cancelled" && <span class="tag warning">{say("cancelled")}</span>}
            </p>
            <div class="item-buttons">
              <button
                type="button"
                onClick={() => {
                  paneShown.value = "map";
                  goTo(`area:${area.ref}`);
                }}
              >
                {say("Go to")}
              </button>
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}
