import { useEffect, useState } from "preact/hooks";
import { sentenceOf } from "../api";
import { placeName } from "../route";
import { signIn } from "../session";
import { hasOidc, learnWays } from "../site";
import { nextTheme, theme } from "../theme";
import { choose, language, say } from "../words";

/** Language and theme, where nobody is signed in yet. */
export function Comforts() {
  const other = language.value === "ru" ? "en" : "ru";
  return (
    <div class="row comforts">
      <button type="button" lang={other} onClick={() => void choose(other)}>
        {other === "ru" ? "Русский" : "English"}
      </button>
      <button type="button" onClick={nextTheme}>
        {themeName(theme.value)}
      </button>
    </div>
  );
}

/** The theme's name as people read it. */
export function themeName(name: string): string {
  return { day: say("Day"), dusk: say("Dusk"), night: say("Night") }[name] ?? name;
}

/** Sign in with a passkey, or through the site's own sign-in where the desk offers one. */
export function SignIn({ wasSignedIn }: { wasSignedIn: boolean }) {
  const [trouble, setTrouble] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = `${say("Sign in")} – détente`;
  });
  useEffect(() => void learnWays(), []);
  const start = async () => {
    setBusy(true);
    setTrouble("");
    try {
      await signIn();
    } catch (thrown) {
      setTrouble(sentenceOf(thrown));
    }
    setBusy(false);
  };
  return (
    <main class="sign-in">
      <div class="card">
        <h1>détente</h1>
        {wasSignedIn && <p>{say("Your session ended. Nothing on this page is kept up to date until you sign in again.")}</p>}
        {placeName.value === "sign-in-refused" && (
          <p class="trouble" role="alert">
            {say("The site's own sign-in did not open this desk: nobody is enrolled under that name, or it gave no answer that holds. Sign in with a passkey, or ask a keeper.")}
          </p>
        )}
        {trouble && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        <p class="muted">{say("Everything that is done here is written into the trail under your name.")}</p>
        <div class="row">
          <button type="button" class="main" disabled={isBusy} onClick={() => void start()}>
            {say("Sign in with a passkey")}
          </button>
          {hasOidc.value && (
            <a class="button" href="/api/v1/sign-in/oidc">
              {say("Sign in through the site")}
            </a>
          )}
        </div>
      </div>
      <Comforts />
    </main>
  );
}
