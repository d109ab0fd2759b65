/** Everything that a person who is signed in sees: bars, the picture, or a page in its place. */
import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { alarms, lines, open, silence } from "../alarms";
import { areas, notices, overlays, timeline } from "../announced";
import { offer } from "../keys";
import { listen, stopListening } from "../live";
import { PAGES, type Page } from "../pages";
import { replayAt_ms, replayFrom } from "../replay";
import { go, placeName, route } from "../route";
import { may } from "../session";
import { nextTheme } from "../theme";
import { trainingStrip } from "../training";
import { say } from "../words";
import { AcknowledgeDialog } from "./AlarmPanel";
import { FeedBar } from "./FeedBar";
import { Help } from "./Help";
import { Picture } from "./Picture";
import { acknowledging, isHelpOpen, isMenuOpen } from "./state";
import { keepTitle } from "./title";
import { TopBar } from "./TopBar";
import { Worries } from "./Worries";

/** A page that is loaded when it is first shown. */
export function LazyPage({ page }: { page: Page }) {
  const [loaded, setLoaded] = useState<ComponentType | null>(null);
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    setLoaded(null);
    page.load().then(
      (module) => setLoaded(() => module.default),
      (thrown: unknown) => setTrouble(String(thrown)),
    );
  }, [page]);
  if (trouble) return <p class="trouble">{say("This page could not be loaded: {reason}", { reason: trouble })}</p>;
  const Shown = loaded;
  return Shown ? <Shown /> : <p class="muted">{say("Loading")}</p>;
}

function useEverything(): void {
  useEffect(() => {
    const all = [alarms, lines, areas, notices, timeline, overlays];
    listen();
    for (const one of all) one.start();
    const asked = Number(route.peek().query.get("time"));
    if (asked > 0) replayFrom(asked);
    return () => {
      for (const one of all) one.stop();
      stopListening();
    };
  }, []);
}

function useKeys(): void {
  useEffect(() => {
    const ends = [
      offer({ name: "help", key: "?", title: () => say("This sheet"), act: () => (isHelpOpen.value = !isHelpOpen.value) }),
      offer({ name: "theme", key: "d", title: () => say("Day, dusk, night"), act: nextTheme }),
      offer({ name: "menu", key: "n", title: () => say("Menu of pages"), act: () => (isMenuOpen.value = !isMenuOpen.value) }),
      offer({ name: "picture", key: "h", title: () => say("Back to the picture"), act: () => go([]) }),
    ];
    if (may("acknowledge")) {
      ends.push(
        offer({ name: "acknowledge", key: "a", title: () => say("Acknowledge the first alarm"), act: () => (acknowledging.value = open.peek()[0]?.id ?? null) }),
        offer({ name: "silence", key: "m", title: () => say("Silence for 30 s, at every station"), act: () => void silence().catch(() => undefined) }),
      );
    }
    if (may("draft")) ends.push(offer({ name: "write", key: "w", title: () => say("Write a notice"), act: () => go(["compose"]) }));
    return () => ends.forEach((end) => end());
  }, []);
}

/** The frame. */
export function Shell() {
  useEverything();
  useKeys();
  const page = PAGES.find((one) => one.name === placeName.value && may(one.right));
  const pageTitle = page ? page.title() : say("Picture");
  useEffect(() => keepTitle(pageTitle), [pageTitle]);
  const training = trainingStrip();
  return (
    <div class="shell" data-time={replayAt_ms.value === null ? "live" : "past"}>
      <TopBar />
      {training && <p class="training-strip training">{training}</p>}
      <Worries />
      {page ? (
        <main class="page">
          <LazyPage page={page} />
        </main>
      ) : (
        <Picture />
      )}
      <FeedBar />
      <AcknowledgeDialog />
      <Help />
    </div>
  );
}
