/** Who may use the desk, and which machines may post to it: for keepers. */
import type { JSX } from "preact";
import { useSignal, type Signal } from "@preact/signals";
import { ask, sentenceOf, tell } from "../api";
import type { LinkDocument, PeopleDocument, PersonDocument, Role, TokenDocument, TokenMade } from "../answers";
import { me } from "../session";
import { many, say } from "../words";
import { Visible } from "../visible";
import { clock } from "./forms/moments";
import { useLoaded } from "./load";
import { Frame, Trouble } from "./pieces";

const ROLES: readonly Role[] = ["viewer", "drafter", "releaser", "keeper"];

/** A secret that is shown once: a link for a person, or a token for a machine. */
interface Shown {
  title: string;
  secret: string;
  words: string;
}

function roleName(role: Role): string {
  return { viewer: say("viewer"), drafter: say("drafter"), releaser: say("releaser"), keeper: say("keeper") }[role];
}

function roleHelp(role: Role): string {
  return {
    viewer: say("reads everything"),
    drafter: say("reads, writes drafts, acknowledges alarms"),
    releaser: say("all that, and releases drafts"),
    keeper: say("reads, manages people, sees the trail"),
  }[role];
}

export default function People(): JSX.Element {
  const loaded = useLoaded("people", ["people"], (stop) => ask<PeopleDocument>("people", {}, stop));
  const shown = useSignal<Shown | null>(null);
  const trouble = useSignal("");
  const act = async (what: () => Promise<void>) => {
    trouble.value = "";
    try {
      await what();
      loaded.again();
    } catch (thrown) {
      trouble.value = sentenceOf(thrown);
    }
  };
  return (
    <Frame title={say("People")}>
      {shown.value ? <Secret shown={shown as Signal<Shown>} close={() => (shown.value = null)} /> : null}
      {trouble.value ? <p class="trouble" role="alert">{trouble.value}</p> : null}
      <Trouble loaded={loaded} />
      {loaded.value ? (
        <>
          <ul class="people">
            {loaded.value.people.map((one) => (
              <li key={one.id}>
                <Person person={one} act={act} shown={shown} />
              </li>
            ))}
          </ul>
          <Add act={act} shown={shown} />
          <Tokens tokens={loaded.value.tokens} act={act} shown={shown} />
        </>
      ) : null}
    </Frame>
  );
}

type Act = (what: () => Promise<void>) => Promise<void>;

function link(made: LinkDocument, name: string): Shown {
  return {
    title: say("Link for {name}", { name }),
    secret: `${location.origin}/#/enrol/${encodeURIComponent(made.code)}`,
    words: say("Hand it over by a way that you trust. It works once, until {time}; it is not shown again.", { time: clock(made.until_ms) }),
  };
}

/** The secret, to be copied now or never. */
function Secret({ shown, close }: { shown: Signal<Shown>; close: () => void }): JSX.Element {
  const isCopied = useSignal(false);
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(shown.value.secret);
      isCopied.value = true;
    } catch {
      const field = document.getElementById("secret");
      if (field instanceof HTMLInputElement) field.select();
    }
  };
  return (
    <section class="card secret" role="alert">
      <h2>{shown.value.title}</h2>
      <div class="field-input">
        <input id="secret" type="text" readOnly value={shown.value.secret} aria-label={shown.value.title} onFocus={(event) => event.currentTarget.select()} />
        <button type="button" class="main" onClick={() => void copy()}>
          {isCopied.value ? say("Copied") : say("Copy")}
        </button>
      </div>
      <p>{shown.value.words}</p>
      <button type="button" onClick={close}>
        {say("I have it")}
      </button>
    </section>
  );
}

function Person({ person, act, shown }: { person: PersonDocument; act: Act; shown: Signal<Shown | null> }): JSX.Element {
  const isChanging = useSignal(false);
  const isSure = useSignal(false);
  const isMe = me.value?.person.id === person.id;
  const path = `people/${encodeURIComponent(person.id)}`;
  const lastUsed = Math.max(0, ...person.passkeys.map((one) => one.used_ms ?? 0));
  const reEnrol = () =>
    act(async () => {
      const made = await tell<LinkDocument>(`${path}/re-enrol`);
      if (made.code) shown.value = link(made, person.name);
    });
  if (isChanging.value) return <Change person={person} act={act} close={() => (isChanging.value = false)} />;
  return (
    <article class="card person">
      <h2>
        <Visible text={person.name} /> {isMe ? <span class="muted">{say("you")}</span> : null}
      </h2>
      <p>
        {person.roles.map((one) => (
          <span class="role" key={one} title={roleHelp(one)}>
            {roleName(one)}
          </span>
        ))}
      </p>
      <p class="muted">
        {person.is_waiting ? say("has not enrolled a passkey yet") : many("{count} passkey", "{count} passkeys", person.passkeys.length)}
        {lastUsed ? ` · ${say("used last {time}", { time: clock(lastUsed) })}` : ""}
        {person.outsider ? ` · ${say("known by the site's own sign-in")}` : ""} · {say("added {time}", { time: clock(person.added_ms) })}
      </p>
      {person.re_enrol_asked_by ? <p class="note">{say("{name} asked for a new passkey: another keeper has to confirm it.", { name: person.re_enrol_asked_by })}</p> : null}
      <div class="actions">
        <button type="button" onClick={() => (isChanging.value = true)}>
          {say("Change")}
        </button>
        <button type="button" onClick={() => void reEnrol()}>
          {person.re_enrol_asked_by ? say("Confirm the new passkey") : say("Passkey lost")}
        </button>
        {isSure.value ? (
          <>
            <button type="button" class="danger" onClick={() => void act(async () => void (await tell(path, {}, "DELETE")))}>
              {say("Yes, remove {name}", { name: person.name })}
            </button>
            <button type="button" onClick={() => (isSure.value = false)}>
              {say("No")}
            </button>
          </>
        ) : (
          <button type="button" disabled={isMe} onClick={() => (isSure.value = true)}>
            {say("Remove")}
          </button>
        )}
      </div>
    </article>
  );
}

function Roles({ roles, id }: { roles: Signal<readonly Role[]>; id: string }): JSX.Element {
  return (
    <fieldset class="part ticks">
      <legend>{say("Roles")}</legend>
      {ROLES.map((one) => (
        <label key={one}>
          <input
            type="checkbox"
            id={`${id}-${one}`}
            checked={roles.value.includes(one)}
            onChange={(event) => (roles.value = ROLES.filter((role) => (role === one ? event.currentTarget.checked : roles.peek().includes(role))))}
          />{" "}
          {roleName(one)} <span class="muted">{roleHelp(one)}</span>
        </label>
      ))}
    </fieldset>
  );
}

function Change({ person, act, close }: { person: PersonDocument; act: Act; close: () => void }): JSX.Element {
  const name = useSignal(person.name);
  const roles = useSignal<readonly Role[]>(person.roles);
  const save = () =>
    act(async () => {
      await tell(`people/${encodeURIComponent(person.id)}`, { name: name.peek().trim(), roles: roles.peek(), outsider: person.outsider }, "PATCH");
      close();
    });
  return (
    <form
      class="card person"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <div class="field">
        <label for={`name-${person.id}`}>{say("Name")}</label>
        <input id={`name-${person.id}`} type="text" value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
      </div>
      <Roles roles={roles} id={person.id} />
      <div class="actions">
        <button type="submit" class="main" disabled={!name.value.trim() || roles.value.length === 0}>
          {say("Keep the change")}
        </button>
        <button type="button" onClick={close}>
          {say("Leave it")}
        </button>
      </div>
    </form>
  );
}

function Add({ act, shown }: { act: Act; shown: Signal<Shown | null> }): JSX.Element {
  const name = useSignal("");
  const outsider = useSignal("");
  const roles = useSignal<readonly Role[]>(["viewer"]);
  const add = () =>
    act(async () => {
      const made = await tell<LinkDocument>("people", { name: name.peek().trim(), roles: roles.peek(), outsider: outsider.peek().trim() });
      shown.value = link(made, name.peek().trim());
      name.value = "";
      outsider.value = "";
      roles.value = ["viewer"];
    });
  return (
    <form
      class="card"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <h2>{say("Add a person")}</h2>
      <div class="field">
        <label for="add-name">{say("Name")}</label>
        <input id="add-name" type="text" autocomplete="off" value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
      </div>
      <Roles roles={roles} id="add" />
      <div class="field">
        <label for="add-outsider">{say("Known by the site's own sign-in as")}</label>
        <input id="add-outsider" type="text" autocomplete="off" value={outsider.value} aria-describedby="add-outsider-help" onInput={(event) => (outsider.value = event.currentTarget.value)} />
        <p class="help" id="add-outsider-help">
          {say("Blank when the person signs in with a passkey only. To release takes an enrolled passkey in any case.")}
        </p>
      </div>
      <button type="submit" class="main" disabled={!name.value.trim() || roles.value.length === 0}>
        {say("Add and show the link")}
      </button>
    </form>
  );
}

function Tokens({ tokens, act, shown }: { tokens: readonly TokenDocument[]; act: Act; shown: Signal<Shown | null> }): JSX.Element {
  const name = useSignal("");
  const days = useSignal("90");
  const count = days.value.trim() === "" ? null : Number(days.value);
  const isRight = name.value.trim() !== "" && (count === null || (Number.isInteger(count) && count > 0));
  const add = () =>
    act(async () => {
      const made = await tell<TokenMade>("people/tokens", { name: name.peek().trim(), days: count });
      shown.value = {
        title: say("Token for {name}", { name: made.token.name }),
        secret: made.secret,
        words: say("A machine with it may post positions, alarms and drafts, and nothing else. It is not shown again."),
      };
      name.value = "";
    });
  return (
    <section class="card">
      <h2>{say("Machines")}</h2>
      {tokens.length === 0 ? <p class="empty">{say("No machine has a token.")}</p> : null}
      <ul class="files">
        {tokens.map((one) => (
          <li key={one.id}>
            <Visible text={one.name} />{" "}
            <span class="muted">
              {say("by {name}, {time}", { name: one.added_by, time: clock(one.added_ms) })} · {one.until_ms === null ? say("without an end") : say("until {time}", { time: clock(one.until_ms) })}
              {one.used_ms ? ` · ${say("used last {time}", { time: clock(one.used_ms) })}` : ""}
            </span>{" "}
            <button type="button" class="small" onClick={() => void act(async () => void (await tell(`people/tokens/${encodeURIComponent(one.id)}`, {}, "DELETE")))}>
              {say("Take away: {what}", { what: one.name })}
            </button>
          </li>
        ))}
      </ul>
      <form
        class="filters"
        onSubmit={(event) => {
          event.preventDefault();
          if (isRight) void add();
        }}
      >
        <div class="field">
          <label for="token-name">{say("Name")}</label>
          <input id="token-name" type="text" autocomplete="off" value={name.value} onInput={(event) => (name.value = event.currentTarget.value)} />
        </div>
        <div class="field">
          <label for="token-days">{say("Good for days")}</label>
          <input id="token-days" type="text" inputMode="numeric" value={days.value} onInput={(event) => (days.value = event.currentTarget.value)} />
        </div>
        <button type="submit" disabled={!isRight}>
          {say("Make a token")}
        </button>
      </form>
    </section>
  );
}
