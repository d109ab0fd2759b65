/**
 * Texts of the other side, shown as what they are.
 *
 * A character that draws nothing, or turns the order of those around it, can make a text read otherwise than it was
 * signed. Each stands in view as its number, "U+202E", and every text is isolated from what stands beside it.
 */
import type { JSX } from "preact";

/** A run of characters as they are, or one that cannot be seen, by its number. */
export interface Run {
  text: string;
  isHidden: boolean;
}

// controls but tab and line feed; soft hyphen; marks and overrides of direction; joiners and fillers without width;
// line and paragraph separators; tags; variation selectors; noncharacters and halves of characters
const HIDDEN = new RegExp(
  "[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180f" +
    "\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\u3164\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\uffff" +
    "\\u{1bca0}-\\u{1bca3}\\u{e0000}-\\u{e0fff}\\p{Cs}]",
  "gu",
);

function numbered(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Cut a text into runs: what can be seen as it is, and each hidden character by its number. */
export function runs(text: string): Run[] {
  const found: Run[] = [];
  const whole = text.replace(/\r\n/g, "\n");
  let from = 0;
  for (const match of whole.matchAll(HIDDEN)) {
    if (match.index > from) found.push({ text: whole.slice(from, match.index), isHidden: false });
    found.push({ text: numbered(match[0]), isHidden: true });
    from = match.index + match[0].length;
  }
  const rest = whole.slice(from);
  if (rest) found.push({ text: rest, isHidden: false });
  return found;
}

/** The same as plain text, for titles and labels: hidden characters in square brackets. */
export function plain(text: string): string {
  return runs(text)
    .map((run) => (run.isHidden ? `[${run.text}]` : run.text))
    .join("");
}

/** A text as it is, isolated, with its hidden characters in view. */
export function Visible({ text }: { text: string }): JSX.Element {
  return (
    <bdi class="said">
      {runs(text).map((run, index) =>
        run.isHidden ? (
          <span class="unseen" key={index}>
            {run.text}
          </span>
        ) : (
          run.text
        ),
      )}
    </bdi>
  );
}

/** A text of several lines, its blanks and line ends kept. */
export function VisibleText({ text }: { text: string }): JSX.Element {
  return (
    <div class="said-text" dir="auto">
      <Visible text={text} />
    </div>
  );
}
