import { hush, worries } from "../alarms";
import { say } from "../words";
import { canSound, sounding } from "../sound";

/** What is wrong with the picture itself, across the whole width: no data must never look like no danger. */
export function Worries() {
  const all = worries.value;
  if (all.length === 0) return null;
  return (
    <div class="worries" role="alert">
      <ul>
        {all.map((one) => (
          <li key={one.id} class={one.priority}>
            {one.sentence}
          </li>
        ))}
      </ul>
      {sounding.value && canSound.value && (
        <button type="button" onClick={hush}>
          {say("Seen here, no sound")}
        </button>
      )}
    </div>
  );
}
