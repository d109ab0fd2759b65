import { lines } from "../alarms";
import type { Party } from "../documents";
import { fromNow, span } from "../formats";
import { ticking_ms } from "../live";
import { partyState, runName } from "../names";
import { isMarked } from "../training";
import { number, say } from "../words";

function PartyRow({ party }: { party: Party }) {
  const now = ticking_ms();
  const isBad = party.state === "silent";
  return (
    <tr class={isBad ? "alarm" : ""}>
      <th scope="row">{party.member}</th>
      <td>{partyState(party.state)}</td>
      <td class="number">{party.heard_ms === null ? say("never") : fromNow(party.heard_ms, now)}</td>
      <td class="number">{number(party.held)}</td>
      <td class="number">{number(party.delivered)}</td>
    </tr>
  );
}

/** How each line stands with each of its parties. */
export function LineList() {
  const now = ticking_ms();
  const told = lines.value.value;
  return (
    <>
      {lines.trouble.value && <p class="trouble">{lines.trouble.value}</p>}
      {told.lines.map((line) => (
        <section key={line.line} class="line-detail">
          <h3>
            {isMarked(line.is_training) && <span class="training tag-training">{say("TRAINING")}</span>} {line.name}
          </h3>
          <p class={line.run === "running" ? "muted" : "trouble"}>
            {runName(line.run)}
            {line.reason && `: ${line.reason}`}
            {line.last_test_ms !== null && `, ${say("last test {span} ago", { span: span(now - line.last_test_ms) })}`}
          </p>
          <table>
            <thead>
              <tr>
                <th scope="col">{say("Party")}</th>
                <th scope="col">{say("State")}</th>
                <th scope="col">{say("Heard")}</th>
                <th scope="col">{say("Held")}</th>
                <th scope="col">{say("Delivered")}</th>
              </tr>
            </thead>
            <tbody>
              {line.parties
                .filter((party) => party.member !== told.member)
                .map((party) => (
                  <PartyRow key={party.member} party={party} />
                ))}
            </tbody>
          </table>
        </section>
      ))}
      <p class="muted">{say("node {version}", { version: told.version || "–" })}</p>
    </>
  );
}
