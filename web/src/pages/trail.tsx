/** The trail of acts: who did what and when, without a gap. */
import type { JSX } from "preact";
import { useSignal } from "@preact/signals";
import { ask, sentenceOf } from "../api";
import type { ActDocument, TrailDocument } from "../answers";
import { say } from "../words";
import { Visible } from "../visible";
import { clock } from "./forms/moments";
import { useLoaded } from "./load";
import { Frame, Trouble } from "./pieces";

const PAGE = 100;

export default function Trail(): JSX.Element {
  const loaded = useLoaded("trail", ["trail"], (stop) => ask<TrailDocument>("trail", { limit: PAGE }, stop));
  return (
    <Frame title={say("Trail of acts")}>
      <p class="muted">{say("Every act at this desk, newest first. Nothing is ever taken out; the node signs its newest hash into its own record each day.")}</p>
      <Trouble loaded={loaded} />
      {loaded.value ? <Acts first={loaded.value} /> : null}
    </Frame>
  );
}

function Acts({ first }: { first: TrailDocument }): JSX.Element {
  const older = useSignal<readonly ActDocument[]>([]);
  const next = useSignal<number | null | undefined>(undefined);
  const trouble = useSignal("");
  const upTo = next.value === undefined ? first.next : next.value;
  const known = new Set(first.acts.map((one) => one.number));
  const acts = [...first.acts, ...older.value.filter((one) => !known.has(one.number))];
  const more = async () => {
    try {
      const page = await ask<TrailDocument>("trail", { before: upTo, limit: PAGE });
      older.value = [...older.peek(), ...page.acts];
      next.value = page.next;
    } catch (thrown) {
      trouble.value = sentenceOf(thrown);
    }
  };
  return (
    <>
      <div class="wide" tabIndex={0} role="region" aria-label={say("Acts")}>
        <table>
          <thead>
            <tr>
              <th scope="col">{say("Number")}</th>
              <th scope="col">{say("When (UTC)")}</th>
              <th scope="col">{say("Who")}</th>
              <th scope="col">{say("What")}</th>
              <th scope="col">{say("About")}</th>
              <th scope="col">{say("Hash")}</th>
            </tr>
          </thead>
          <tbody>
            {acts.map((one) => (
              <tr key={one.number}>
                <td>{one.number}</td>
                <td>
                  <time>{clock(one.at_ms)}</time>
                </td>
                <td>
                  <Visible text={one.actor_name || one.actor || say("the desk")} />
                </td>
                <td>
                  <Visible text={one.sentence || one.act} />
                </td>
                <td>
                  {Object.entries(one.detail).map(([name, value]) => (
                    <div key={name}>
                      <span class="muted">{name}</span> <Visible text={value} />
                    </div>
                  ))}
                </td>
                <td class="hash" title={one.hash}>
                  {one.hash.slice(0, 12)}
                  {one.signed_in ? <div>{say("signed in {ref}", { ref: one.signed_in })}</div> : null}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {trouble.value ? <p class="trouble" role="alert">{trouble.value}</p> : null}
      {upTo !== null ? (
        <button type="button" onClick={() => void more()}>
          {say("Show older ones")}
        </button>
      ) : null}
    </>
  );
}
