import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { PAGES, type Page } from "../pages";
import { route } from "../route";
import { say } from "../words";

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

/** Everything that a person who is signed in sees. */
export function Shell() {
  const page = PAGES.find((one) => one.name === route.value.path[0]);
  return (
    <div class="shell">
      <main class="page">{page && <LazyPage page={page} />}</main>
    </div>
  );
}
