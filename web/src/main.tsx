/** The door: language and theme first, then who sits here, then the picture. */
import { render } from "preact";
import { isSignedOut, sentenceOf } from "./api";
import { placeName, route } from "./route";
import { Enrol } from "./screens/Enrol";
import { SignIn } from "./screens/SignIn";
import { me, recognise } from "./session";
import { Shell } from "./shell/Shell";
import { theme, wear } from "./theme";
import { choose, language, preferred, say } from "./words";
import { signal } from "@preact/signals";

const trouble = signal("");

function Desk() {
  void language.value;
  const code = placeName.value === "enrol" ? route.value.path[1] : "";
  if (code) return <Enrol code={code} />;
  if (trouble.value) return <p class="trouble" role="alert">{trouble.value}</p>;
  if (me.value === undefined) return <p class="muted" role="status">{say("Loading")}</p>;
  if (me.value === null || isSignedOut.value) return <SignIn wasSignedIn={isSignedOut.value && me.value !== null} />;
  return <Shell />;
}

async function start(): Promise<void> {
  wear(theme.peek());
  await choose(preferred());
  const place = document.getElementById("desk");
  if (place) render(<Desk />, place);
  try {
    await recognise();
  } catch (thrown) {
    trouble.value = sentenceOf(thrown);
    setTimeout(() => location.reload(), 10_000);
  }
}

void start();
