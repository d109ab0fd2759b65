import { lines } from "../alarms";
import type { Feed } from "../documents";
import { span } from "../formats";
import { clockOffset_ms, live, nodeAnswers, ticking_ms } from "../live";
import { number, say } from "../words";

/** The state of a feed as people read it. */
export function feedState(state: Feed["state"]): string {
  return { good: say("good"), stale: say("STALE"), down: say("DOWN") }[state];
}

const GRAVITY: Record<Feed["state"], string> = { good: "good", stale: "warning", down: "alarm" };

/** Below everything: where positions come from, the clocks, and whether the record is kept. */
export function FeedBar() {
  void live.feedsVersion.value;
  const now = ticking_ms();
  const { ready, waits } = lines.value.value;
  const apart = Math.abs(clockOffset_ms.value) / 1000;
  return (
    <footer class="feed-bar">
      <ul aria-label={say("Feeds")} tabIndex={0}>
        {live.feeds.map((feed) => (
          <li key={feed.name} class={GRAVITY[feed.state]}>
            <strong>{feed.name}</strong> {feedState(feed.state)} · <span class="number">{number(feed.movers)}</span> ·{" "}
            <span class="number">{feed.last_ms === 0 ? say("not heard yet") : span(now - feed.last_ms)}</span>
          </li>
        ))}
        {live.feeds.length === 0 && <li class="warning">{say("No feed: nothing is seen from here")}</li>}
        <li class={apart < 2 ? "good" : "caution"}>
          {say("clock")} <span class="number">±{say("{count} s", { count: number(apart, 1) })}</span>
        </li>
        <li class={nodeAnswers.value && ready ? "good" : "alarm"}>
          {nodeAnswers.value && ready ? say("record OK") : say("record does not answer: {reason}", { reason: waits || say("the node is away") })}
        </li>
      </ul>
    </footer>
  );
}
