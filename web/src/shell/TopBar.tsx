/** Above everything: how the lines stand, alarms, the clock and what is shown: live, old, or the past. */
import { useState } from "preact/hooks";
import { lines, open, PRIORITIES, priorityName, silence, silenced_ms } from "../alarms";
import { sentenceOf } from "../api";
import type { Line, Party } from "../documents";
import { clock, day, span } from "../formats";
import { silent_ms, ticking_ms } from "../live";
import { partyState } from "../names";
import { PAGES } from "../pages";
import { backToLive, replayAt_ms } from "../replay";
import { address, route } from "../route";
import { may, me, signOut } from "../session";
import { nextTheme, theme } from "../theme";
import { isMarked } from "../training";
import { choose, language, many, number, say } from "../words";
import { themeName } from "../screens/SignIn";
import { KeyCap } from "./KeyCap";
import { acknowledging, isHelpOpen, isMenuOpen, paneShown } from "./state";

function gravity(line: Line, party: Party | undefined): string {
  if (line.run === "halted" || line.run === "stopped" || party?.state === "silent") return "alarm";
  if (line.run !== "running" || (party && party.state !== "open" && party.state !== "resumed") || line.held > 0) return "caution";
  return "good";
}

function LineChip({ line, own }: { line: Line; own: string }) {
  const now = ticking_ms();
  const others = line.parties.filter((one) => one.member !== own && one.is_member);
  const worst = others.find((one) => one.state === "silent") ?? others.find((one) => one.state !== "open") ?? others[0];
  const parts = [
    line.run === "running" ? worst && partyState(worst.state) : line.run === "refilling" ? say("refilling") : say("STANDS STILL"),
    line.held > 0 && many("{count} held", "{count} held", line.held),
    worst && say("{count} delivered", { count: number(worst.delivered) }),
    line.last_test_ms !== null && say("test {span} ago", { span: span(now - line.last_test_ms) }),
  ].filter(Boolean);
  return (
    <li class={`line-chip ${gravity(line, worst)}`}>
      {isMarked(line.is_training) && <span class="training">{say("TRAINING")}</span>}
      <strong>{line.name}</strong> <span>{[own, ...others.map((one) => one.member)].join(" ↔ ")}</span>
      <span class="number">{parts.join(" · ")}</span>
    </li>
  );
}

function Mode() {
  const at = replayAt_ms.value;
  const shown = at ?? ticking_ms();
  const isStale = silent_ms.value !== null;
  return (
    <div class={`mode ${isStale ? "stale" : at === null ? "live" : "replay"}`}>
      <time class="number" dateTime={new Date(shown).toISOString()} title={day(shown)}>
        {at !== null && `${day(shown)} `}
        {clock(shown)}
      </time>
      <strong>{isStale ? say("STALE") : at === null ? say("LIVE") : say("REPLAY")}</strong>
      {at !== null && (
        <button type="button" onClick={backToLive}>
          {say("Back to live")}
        </button>
      )}
    </div>
  );
}

function AlarmCount() {
  const gravest = PRIORITIES.find((one) => open.value.some((alarm) => alarm.priority === one));
  const counts = PRIORITIES.map((one) => [one, open.value.filter((alarm) => alarm.priority === one).length] as const).filter(([, count]) => count > 0);
  return (
    <button type="button" class={`alarm-count ${gravest ?? "none"}`} title={say("Alarms that nobody acknowledged")} onClick={() => (paneShown.value = "alarms")}>
      {gravest ? counts.map(([priority, count]) => `${number(count)} ${priorityName(priority)}`).join(" · ") : say("No alarm")}
    </button>
  );
}

function Menu() {
  return (
    <nav id="menu" class="menu panel" aria-label={say("Pages")}>
      <a href="#/" aria-current={route.value.path.length === 0 ? "page" : undefined} onClick={() => (isMenuOpen.value = false)}>
        {say("Picture")}
      </a>
      {PAGES.filter((page) => page.isInMenu && may(page.right)).map((page) => (
        <a key={page.name} href={address([page.name])} aria-current={route.value.path[0] === page.name ? "page" : undefined} onClick={() => (isMenuOpen.value = false)}>
          {page.title()}
        </a>
      ))}
      <hr />
      <button type="button" onClick={() => void choose(language.value === "ru" ? "en" : "ru")} lang={language.value === "ru" ? "en" : "ru"}>
        {language.value === "ru" ? "English" : "Русский"}
      </button>
      <p class="muted">
        {me.value?.person.name}
        <br />
        {me.value?.person.roles.map(roleName).join(", ")}
      </p>
      <button type="button" onClick={() => void signOut()}>
        {say("Sign out")}
      </button>
    </nav>
  );
}

/** A role as people read it. */
export function roleName(role: string): string {
  const names: Record<string, string> = { viewer: say("viewer"), drafter: say("drafter"), releaser: say("releaser"), keeper: say("keeper") };
  return names[role] ?? role;
}

/** The bar. */
export function TopBar() {
  const [trouble, setTrouble] = useState("");
  const quiet = silenced_ms.value;
  const hush = () => {
    silence().then(() => setTrouble(""), (thrown: unknown) => setTrouble(sentenceOf(thrown)));
  };
  const { member, lines: all } = lines.value.value;
  return (
    <header class="top-bar">
      <button type="button" class="brand" aria-expanded={isMenuOpen.value} aria-controls="menu" onClick={() => (isMenuOpen.value = !isMenuOpen.value)}>
        ☰ détente
      </button>
      {isMenuOpen.value && <Menu />}
      <ul class="line-chips" aria-label={say("Lines")}>
        {all.map((line) => (
          <LineChip key={line.line} line={line} own={member} />
        ))}
        {lines.isThere.value && all.length === 0 && <li class="line-chip caution">{say("No line is set up")}</li>}
      </ul>
      <AlarmCount />
      <Mode />
      <div class="top-buttons">
        {may("acknowledge") && (
          <>
            <button type="button" disabled={open.value.length === 0} onClick={() => (acknowledging.value = open.value[0]?.id ?? null)}>
              {say("Acknowledge")}
              <KeyCap of="acknowledge" />
            </button>
            <button type="button" onClick={hush}>
              {quiet === null ? say("Silence 30 s") : say("Silent for {span}", { span: span(quiet - ticking_ms()) })}
              <KeyCap of="silence" />
            </button>
          </>
        )}
        <button type="button" onClick={nextTheme}>
          {themeName(theme.value)}
          <KeyCap of="theme" />
        </button>
        <button type="button" aria-label={say("Keys and help")} onClick={() => (isHelpOpen.value = true)}>
          ?
        </button>
      </div>
      {trouble && (
        <p class="trouble" role="alert">
          {trouble}
        </p>
      )}
    </header>
  );
}
