/** What is drawn, by pointer or by keys: where to put the next corner, what was put, and how to end it. */
import { useSignal, type ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useMemo } from "preact/hooks";
import { coordinates } from "../formats";
import { say } from "../words";
import { readPosition } from "./position";
import type { Tools } from "./tools";
import type { Tool } from "./view";

const MILE_M = 1852;

function titleOf(kind: Tool): string {
  return { select: "", measure: say("Measure a distance"), ring: say("Draw a circle of a radius"), area: say("Draw an area") }[kind];
}

function nextOf(kind: Tool, count: number): string {
  if (kind === "ring") return count ? say("A point of the rim, or a radius") : say("Centre");
  return say("Position {number}", { number: count + 1 });
}

interface Given {
  kind: Tool;
  tools: Tools;
  /** Where the cross stands, for those who hear it */
  at: ReadonlySignal<string>;
  close: () => void;
  /** It stands in a form, and can be no form itself */
  isInForm?: boolean;
}

/** A field whose Enter is taken where it stands: a form within a form would send the outer one. */
function Entry({ label, button, isOff, act, leave, children }: { label: string; button: string; isOff: boolean; act: () => void; leave: (() => void) | undefined; children: ComponentChildren }) {
  return (
    <div
      class="tool-entry"
      onKeyDown={(event) => {
        if (!(event.target instanceof HTMLInputElement)) return;
        if (event.key === "Escape") leave?.();
        if (event.key !== "Enter") return;
        event.preventDefault();
        event.stopPropagation();
        if (!isOff) act();
      }}
    >
      <label>
        {label} {children}
      </label>{" "}
      <button type="button" disabled={isOff} onClick={act}>
        {button}
      </button>
    </div>
  );
}

/** The panel; nothing while no tool is in hand. */
export function ToolPanel({ kind, tools, at, close, isInForm = false }: Given) {
  const typed = useSignal("");
  const miles = useSignal("5");
  const trouble = useSignal("");
  const corners = tools.corners.value;
  const put = () => {
    const position = readPosition(typed.peek());
    trouble.value = position ? "" : say("This is not read as a position. Write it as {example}.", { example: "59 26.1 N 024 45.0 E" });
    if (!position) return;
    tools.put(position.lon_deg, position.lat_deg);
    typed.value = "";
  };
  const leave = isInForm ? undefined : close;
  const [centre] = corners;
  const radius = Number(miles.value.replace(",", "."));
  const isRadius = radius > 0 && radius < 3000;
  // on a small screen the map stays in view: whoever wants the fields opens them
  const isWide = useMemo(() => matchMedia("(min-width: 56rem)").matches, []);
  if (kind === "select") return null;
  return (
    <div class="tool-panel panel" role="group" aria-label={titleOf(kind)}>
      <div class="panel-head">
        <strong>{titleOf(kind)}</strong>
        {!isInForm && (
          <button type="button" class="small" onClick={close}>
            {say("Put away")}
          </button>
        )}
      </div>
      <details open={isInForm || isWide}>
        <summary>{say("By typed positions and keys")}</summary>
        <Entry label={nextOf(kind, corners.length)} button={say("Put it")} isOff={!typed.value.trim()} act={put} leave={leave}>
          <input
            class="tool-position"
            size={22}
            autocomplete="off"
            placeholder="59 26.1 N 024 45.0 E"
            value={typed.value}
            aria-invalid={trouble.value !== ""}
            onInput={(event) => (typed.value = event.currentTarget.value)}
          />
        </Entry>
        {trouble.value && (
          <p class="trouble" role="alert">
            {trouble.value}
          </p>
        )}
        {kind === "ring" && centre && (
          <Entry label={say("Radius, NM")} button={say("Draw")} isOff={!isRadius} act={() => tools.circle(centre[0] ?? 0, centre[1] ?? 0, radius * MILE_M)} leave={leave}>
            <input class="tool-radius" size={5} inputMode="decimal" value={miles.value} onInput={(event) => (miles.value = event.currentTarget.value)} />
          </Entry>
        )}
        <p class="muted">{say("By keys: on the map, arrows move it under the cross (with Shift a little), Enter puts a point, Backspace takes it back, Enter twice ends.")}</p>
      </details>
      {corners.length > 0 && (
        <ol class="corners number">
          {corners.map(([lon = 0, lat = 0], index) => (
            <li key={index} value={index + 1}>
              {coordinates(lat, lon)}
            </li>
          ))}
        </ol>
      )}
      <div class="item-buttons">
        <button type="button" disabled={corners.length === 0} onClick={() => tools.back()}>
          {say("Take the last one back")}
        </button>
        {kind !== "ring" && (
          <button type="button" disabled={!tools.isEnough(corners.length)} onClick={() => tools.finish()}>
            {say("Done")}
          </button>
        )}
      </div>
      <p class="visually-hidden" role="status">
        {at.value}
      </p>
    </div>
  );
}
