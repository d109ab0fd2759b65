import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { keyShown, offered, remap, resetKeys, type Command } from "../keys";
import { say } from "../words";
import { isHelpOpen } from "./state";

function KeyRow({ command }: { command: Command }) {
  const [isAsking, setAsking] = useState(false);
  const [trouble, setTrouble] = useState("");
  const take = (event: KeyboardEvent) => {
    if (!isAsking || ["Shift", "Control", "Alt", "Meta", "Tab"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    setAsking(false);
    const taken = remap(command.name, event.key.length === 1 ? event.key.toLowerCase() : event.key);
    setTrouble(taken && say("This key is taken: {title}", { title: taken }));
  };
  return (
    <tr>
      <td>
        <kbd>{keyShown(command.name)}</kbd>
      </td>
      <td>
        {command.title()}
        {trouble && <p class="trouble">{trouble}</p>}
      </td>
      <td>
        <button type="button" onClick={() => setAsking(!isAsking)} onKeyDown={take} onBlur={() => setAsking(false)}>
          {isAsking ? say("Press a key") : say("Change")}
        </button>
      </td>
    </tr>
  );
}

/** Every key, and other keys for those who want them. */
export function Help() {
  const frame = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    if (isHelpOpen.value) frame.current?.showModal();
  }, [isHelpOpen.value]);
  if (!isHelpOpen.value) return null;
  return (
    <dialog ref={frame} aria-labelledby="help-title" onClose={() => (isHelpOpen.value = false)}>
      <div class="panel-head">
        <h2 id="help-title">{say("Keys")}</h2>
        <button type="button" onClick={() => (isHelpOpen.value = false)}>
          {say("Close")}
        </button>
      </div>
      <p class="muted">{say("Single keys work outside of fields. On a Russian keyboard the place of the key counts.")}</p>
      <table>
        <tbody>
          {offered().map((command) => (
            <KeyRow key={command.name} command={command} />
          ))}
        </tbody>
      </table>
      <p>
        <button type="button" onClick={resetKeys}>
          {say("First keys again")}
        </button>
      </p>
      <h2>{say("What the picture says and does not say")}</h2>
      <p>{say("It shows where movers were last heard, where two of them will pass each other if both go on as they do, and what was announced. It advises no course, and computes no reach of a weapon.")}</p>
      <p>{say("An empty map means safety only while the bar above says LIVE and every feed below is good.")}</p>
    </dialog>
  );
}
