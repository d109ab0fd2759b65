import { useEffect, useState } from "preact/hooks";
import { sentenceOf } from "../api";
import { go } from "../route";
import { enrol, openLink, type Enrolment } from "../session";
import { say } from "../words";
import { Comforts } from "./SignIn";

/** The page of a one-time link: whose it is, and a passkey for that person. */
export function Enrol({ code }: { code: string }) {
  const [enrolment, setEnrolment] = useState<Enrolment | null>(null);
  const [trouble, setTrouble] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = `${say("Enrol a passkey")} – détente`;
    openLink(code).then(setEnrolment, (thrown) => setTrouble(sentenceOf(thrown)));
  }, [code]);
  const start = async () => {
    if (!enrolment) return;
    setBusy(true);
    setTrouble("");
    try {
      await enrol(code, enrolment);
      go([]);
    } catch (thrown) {
      setTrouble(sentenceOf(thrown));
    }
    setBusy(false);
  };
  return (
    <main class="sign-in">
      <div class="card">
        <h1>{say("Enrol a passkey")}</h1>
        {trouble && (
          <p class="trouble" role="alert">
            {trouble}
          </p>
        )}
        {enrolment && (
          <>
            <p>{say("This link is for {name}. If that is not you, close this page and tell who gave you the link.", { name: enrolment.name })}</p>
            <p class="muted">{say("The passkey stays in your device or security key. With it you sign in, and release notices.")}</p>
          </>
        )}
        <div class="row">
          <button type="button" class="main" disabled={!enrolment || isBusy} onClick={() => void start()}>
            {say("Make the passkey")}
          </button>
        </div>
      </div>
      <Comforts />
    </main>
  );
}
