/** Alarms, the gravest first; each acknowledged by itself, with a note, by a person whose name is kept. */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { acknowledge, alarms, encounterOf, isActive, isOpen, open, priorityName, sentenceOfAlarm, sorted } from "../alarms";
import { sentenceOf } from "../api";
import type { Alarm } from "../documents";
import { fromNow, nearMoment } from "../formats";
import { ticking_ms } from "../live";
import { keep } from "../kept";
import { goTo } from "../map/goto";
import { address } from "../route";
import { may } from "../session";
import { canSound, sounding, testSound } from "../sound";
import { many, say } from "../words";
import { acknowledging, hidesClosed, paneShown } from "./state";

/** The state of an alarm as people read it. */
export function stateName(alarm: Alarm): string {
  if (isOpen(alarm)) return isActive(alarm) ? say("not acknowledged") : say("over, not acknowledged");
  return isActive(alarm) ? say("acknowledged, goes on") : say("closed");
}

function AlarmItem({ alarm }: { alarm: Alarm }) {
  const now = ticking_ms();
  const encounter = encounterOf(alarm);
  return (
    <li class={`alarm-item ${alarm.priority} ${isOpen(alarm) ? "open" : "seen"}`}>
      <p class="alarm-head">
        <span class={`tag ${alarm.priority}`}>{priorityName(alarm.priority)}</span> <span>{stateName(alarm)}</span>{" "}
        <span class="muted number" title={nearMoment(alarm.raised_ms, now)}>
          {fromNow(alarm.raised_ms, now)}
        </span>
        {alarm.count > 1 && <span class="muted"> {many("raised {count} time", "raised {count} times", alarm.count)}</span>}
      </p>
      <p class="alarm-sentence">{sentenceOfAlarm(alarm)}</p>
      {alarm.acknowledged_ms !== null && (
        <p class="muted">
          {say("Acknowledged by {name} at {moment}", { name: alarm.acknowledged_by, moment: nearMoment(alarm.acknowledged_ms, now) })}
          {alarm.note && `: ${alarm.note}`}
        </p>
      )}
      <div class="item-buttons">
        {isOpen(alarm) && may("acknowledge") && (
          <button type="button" class="main" onClick={() => (acknowledging.value = alarm.id)}>
            {say("Acknowledge")}
          </button>
        )}
        {encounter && (
          <button
            type="button"
            onClick={() => {
              paneShown.value = "map";
              goTo(`encounter:${encounter}`);
            }}
          >
            {say("Go to")}
          </button>
        )}
        {alarm.ref && alarm.line && (
          <a class="button" href={address(["record", alarm.line, alarm.ref])}>
            {say("Open the notice")}
          </a>
        )}
      </div>
    </li>
  );
}

/** The list with its own filter, which never hides what nobody acknowledged, nor what goes on. */
export function AlarmPanel() {
  const all = sorted.value;
  const shown = hidesClosed.value ? all.filter((one) => isOpen(one) || isActive(one)) : all;
  return (
    <section class="alarm-panel" aria-label={say("Alarms")}>
      <div class="panel-head">
        <h2>
          {say("Alarms")}{" "}
          <span class="muted">
            {open.value.length > 0 ? many("{count} not acknowledged", "{count} not acknowledged", open.value.length) : say("none open")}
          </span>
        </h2>
        {/* the same place in both states: what moved away under a finger would not be pressed */}
        <button type="button" class={canSound.value ? "" : "no-sound"} title={canSound.value ? "" : say("The browser lets the page make no sound before it was touched once.")} onClick={testSound}>
          {canSound.value ? say("Test sound") : say("No sound yet: test")}
        </button>
      </div>
      <span class="visually-hidden" role="status">
        {sounding.value ? say("An alarm sounds: {priority}", { priority: priorityName(sounding.value) }) : ""}
      </span>
      {alarms.trouble.value && (
        <p class="trouble" role="alert">
          {say("Alarms could not be asked for: {reason}", { reason: alarms.trouble.value })}
        </p>
      )}
      <ul class="alarm-list">
        {shown.map((alarm) => (
          <AlarmItem key={alarm.id} alarm={alarm} />
        ))}
      </ul>
      {shown.length === 0 && !alarms.trouble.value && <p class="muted">{alarms.isThere.value ? say("No alarm is active.") : say("Loading")}</p>}
      <label class="muted">
        <input
          type="checkbox"
          checked={!hidesClosed.value}
          onChange={(event) => {
            hidesClosed.value = !event.currentTarget.checked;
            keep("hides-closed", hidesClosed.value);
          }}
        />{" "}
        {say("Show closed ones too")}
      </label>
    </section>
  );
}

/** Asks for the note of one acknowledgement. */
export function AcknowledgeDialog() {
  const id = acknowledging.value;
  const alarm = alarms.value.value.alarms.find((one) => one.id === id);
  const frame = useRef<HTMLDialogElement>(null);
  const [remark, setRemark] = useState("");
  const [trouble, setTrouble] = useState("");
  const [isBusy, setBusy] = useState(false);
  const isWanted = Boolean(alarm && isOpen(alarm));
  // at once: a key pressed before the next frame belongs to the dialog already
  useLayoutEffect(() => {
    setRemark("");
    setTrouble("");
    if (isWanted) frame.current?.showModal();
    else if (id) acknowledging.value = null;
  }, [id, isWanted]);
  if (!alarm || !isWanted) return null;
  const send = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    try {
      await acknowledge(alarm, remark);
      acknowledging.value = null;
    } catch (thrown) {
      setTrouble(sentenceOf(thrown));
    }
    setBusy(false);
  };
  return (
    <dialog ref={frame} aria-labelledby="acknowledge-title" onClose={() => (acknowledging.value = null)}>
      <form onSubmit={(event) => void send(event)}>
        <h2 id="acknowledge-title">{say("Acknowledge this alarm")}</h2>
        <p>
          <span class={`tag ${alarm.priority}`}>{priorityName(alarm.priority)}</span> {sentenceOfAlarm(alarm)}
        </p>
        {trouble && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        <p>
          <label for="acknowledge-note">{say("Note, if there is something to say")}</label>
          <input id="acknowledge-note" class="wide" maxLength={500} value={remark} onInput={(event) => setRemark(event.currentTarget.value)} autofocus />
        </p>
        <p class="muted">{say("It is kept with your name and the time, and clears at every station. It ends nothing: the encounter goes on until it is over.")}</p>
        <div class="item-buttons">
          <button type="submit" class="main" disabled={isBusy}>
            {say("Acknowledge")}
          </button>
          <button type="button" onClick={() => (acknowledging.value = null)}>
            {say("Not now")}
          </button>
        </div>
      </form>
    </dialog>
  );
}
