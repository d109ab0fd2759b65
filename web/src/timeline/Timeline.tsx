/** Below the map: what was said, what is announced, encounters and outages, and the way into the past. */
import { useEffect, useRef, useState } from "preact/hooks";
import { AFTER_MS, BEFORE_MS, HOUR_MS, timeline } from "../announced";
import type { Encounter, TimelineItem } from "../documents";
import { hourMinute, moment, nearMoment } from "../formats";
import { goTo } from "../map/goto";
import { scene, backToLive, keptFrom_ms, play, replayAt_ms, replayFrom, replayTrouble, speed, SPEEDS } from "../replay";
import { live, ticking_ms } from "../live";
import { offer } from "../keys";
import { address } from "../route";
import { say } from "../words";
import { Exports } from "./Exports";

const LANE_PX = 15;
const LEFT_PX = 92;
const TOP_PX = 16;
const LANES = ["notice", "area", "encounter", "outage", "due"] as const;
type Lane = (typeof LANES)[number];

function laneName(lane: Lane): string {
  return { notice: say("notices"), area: say("areas"), encounter: say("encounters"), outage: say("outages"), due: say("due") }[lane];
}

function laneOf(item: TimelineItem): Lane {
  if (item.what.endsWith("_due")) return "due";
  return LANES.find((one) => one === item.what) ?? "notice";
}

interface Scale {
  from: number;
  until: number;
  width: number;
}

function x(scale: Scale, at_ms: number): number {
  const share = (at_ms - scale.from) / (scale.until - scale.from);
  return LEFT_PX + Math.max(-0.02, Math.min(1.02, share)) * (scale.width - LEFT_PX - 8);
}

function y(lane: Lane): number {
  return TOP_PX + LANES.indexOf(lane) * LANE_PX + 3;
}

function Bar({ item, scale }: { item: TimelineItem; scale: Scale }) {
  const lane = laneOf(item);
  const [from, until] = [x(scale, item.from_ms), x(scale, item.until_ms ?? (lane === "notice" || lane === "due" ? item.from_ms : scale.until))];
  const title = `${item.title}, ${item.member}, ${moment(item.from_ms)}`;
  const shape =
    lane === "due" ? (
      <path class="due" d={`M${from} ${y(lane)}l5 4.5l-5 4.5l-5 -4.5z`}>
        <title>{title}</title>
      </path>
    ) : (
      <rect class={lane} x={from} y={y(lane)} width={Math.max(4, until - from)} height={9} rx={lane === "notice" ? 2 : 1}>
        <title>{title}</title>
      </rect>
    );
  return item.ref ? (
    <a href={address(["record", item.line, item.ref])} aria-label={title} tabIndex={-1}>
      {shape}
    </a>
  ) : (
    shape
  );
}

function Dot({ encounter, scale }: { encounter: Encounter; scale: Scale }) {
  const title = `${scene.value.nameOf(encounter.a)} × ${scene.value.nameOf(encounter.b)}, ${moment(encounter.closest_ms)}`;
  return (
    <circle class={`encounter ${encounter.priority}`} cx={x(scale, encounter.closest_ms)} cy={y("encounter") + 4.5} r={4.5} onClick={() => goTo(`encounter:${encounter.id}`)}>
      <title>{title}</title>
    </circle>
  );
}

function Hours({ scale, height }: { scale: Scale; height: number }) {
  const step = scale.width < 600 ? 6 : 3;
  const first = Math.ceil(scale.from / (step * HOUR_MS)) * step * HOUR_MS;
  const marks = [];
  for (let at = first; at <= scale.until; at += step * HOUR_MS) marks.push(at);
  return (
    <>
      {marks.map((at) => (
        <g key={at}>
          <line class="hour" x1={x(scale, at)} x2={x(scale, at)} y1={TOP_PX - 2} y2={height} />
          <text x={x(scale, at)} y={11} text-anchor="middle">
            {hourMinute(at)}
          </text>
        </g>
      ))}
    </>
  );
}

/** The same as a table, for those who read rather than look. */
function AsTable({ items }: { items: TimelineItem[] }) {
  const now = ticking_ms();
  return (
    <table class="timeline-table">
      <thead>
        <tr>
          <th scope="col">{say("From")}</th>
          <th scope="col">{say("Until")}</th>
          <th scope="col">{say("What")}</th>
          <th scope="col">{say("By")}</th>
        </tr>
      </thead>
      <tbody>
        {[...items]
          .sort((a, b) => a.from_ms - b.from_ms)
          .map((item, index) => (
            <tr key={index} class={item.what}>
              <td class="number">{nearMoment(item.from_ms, now)}</td>
              <td class="number">{item.until_ms === null ? "" : nearMoment(item.until_ms, now)}</td>
              <td>
                {laneName(laneOf(item))}: {item.ref ? <a href={address(["record", item.line, item.ref])}>{item.title}</a> : item.title}
              </td>
              <td>{item.member}</td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function Controls({ isTable, setTable }: { isTable: boolean; setTable: (wanted: boolean) => void }) {
  const at = replayAt_ms.value;
  const now = ticking_ms();
  const first = Math.max(now - BEFORE_MS, keptFrom_ms.value ?? 0);
  const value = Math.min(at ?? now, now);
  const back = (minutes: number) => replayFrom((replayAt_ms.peek() ?? ticking_ms()) - minutes * 60_000);
  return (
    <div class="timeline-controls" role="group" aria-label={say("Replay")}>
      <button type="button" onClick={() => back(10)}>
        {say("−10 min")}
      </button>
      <input
        type="range"
        aria-label={say("Moment that is shown")}
        aria-valuetext={moment(value)}
        min={first}
        max={now}
        step={10_000}
        value={value}
        onInput={(event) => replayFrom(Number(event.currentTarget.value))}
      />
      {at !== null &&
        SPEEDS.map((one) => (
          <button key={one} type="button" aria-pressed={speed.value === one} onClick={() => play(speed.peek() === one ? 0 : one)}>
            {one}×
          </button>
        ))}
      {at !== null && (
        <button type="button" onClick={backToLive}>
          {say("Live")}
        </button>
      )}
      <button type="button" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
        {say("As a table")}
      </button>
      <Exports />
    </div>
  );
}

/** Lanes, slider and speeds. */
export function Timeline() {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(900);
  const [isTable, setTable] = useState(false);
  useEffect(() => {
    const ends = [
      offer({ name: "back", key: "[", title: () => say("Ten minutes back"), act: () => replayFrom((replayAt_ms.peek() ?? Date.now()) - 600_000) }),
      offer({ name: "play", key: " ", title: () => say("Replay: go on or stand still"), act: () => play(speed.peek() ? 0 : 1) }),
      offer({ name: "live", key: "]", title: () => say("Back to live"), act: backToLive }),
    ];
    const watch = new ResizeObserver(([entry]) => entry && setWidth(Math.max(320, entry.contentRect.width)));
    if (box.current) watch.observe(box.current);
    return () => {
      watch.disconnect();
      ends.forEach((end) => end());
    };
  }, []);
  void live.encountersVersion.value;
  const now = Math.floor(ticking_ms() / 10_000) * 10_000;
  const at = replayAt_ms.value;
  const middle = at !== null && at < now - BEFORE_MS ? at : now;
  const scale: Scale = { from: middle - BEFORE_MS, until: middle + AFTER_MS, width };
  const items = timeline.value.value.items.filter((item) => item.from_ms < scale.until && (item.until_ms ?? Infinity) > scale.from);
  const height = TOP_PX + LANES.length * LANE_PX + 2;
  return (
    <section class="timeline" aria-label={say("Timeline")}>
      <Controls isTable={isTable} setTable={setTable} />
      {(replayTrouble.value || timeline.trouble.value) && <p class="trouble">{replayTrouble.value || timeline.trouble.value}</p>}
      <div ref={box} class="lanes">
        {isTable ? (
          <AsTable items={items} />
        ) : (
          <svg width={width} height={height} viewBox={`0 0 ${width} ${height}`} role="group" aria-label={say("Notices, areas, encounters and outages by time; the button As a table gives them as text.")}>
            {LANES.map((lane) => (
              <text key={lane} class="lane-name" x={4} y={y(lane) + 9}>
                {laneName(lane)}
              </text>
            ))}
            <Hours scale={scale} height={height} />
            {items.map((item, index) => (
              <Bar key={index} item={item} scale={scale} />
            ))}
            {live.encounters.map((one) => (
              <Dot key={one.id} encounter={one} scale={scale} />
            ))}
            <line class="now" x1={x(scale, now)} x2={x(scale, now)} y1={0} y2={height} />
            {at !== null && <line class="then" x1={x(scale, at)} x2={x(scale, at)} y1={0} y2={height} />}
          </svg>
        )}
      </div>
    </section>
  );
}
