/** Files for a draft, each within what a line carries. */
import { signal, type Signal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import type { JSX } from "preact";
import type { AttachmentGiven } from "../../answers";
import { number, say } from "../../words";
import { Visible } from "../../visible";

const FILES_MOST = 16;
const BYTES_MOST = 64_000_000;

/** A file of a notice. sha256: of one that the draft has already, whose octets do not go over the line to the desk again. */
export interface Attached extends AttachmentGiven {
  name: string;
  size: number;
}

/** The files that a draft has already. */
export function heldFiles(attachments: readonly Readonly<Record<string, unknown>>[]): Attached[] {
  return attachments.map((one, index) => ({
    name: say("Attachment {number}", { number: index + 1 }),
    size: Number(one["size"] ?? 0),
    media_type: String(one["media_type"] ?? ""),
    octets: "",
    sha256: String(one["sha256"] ?? ""),
  }));
}

async function read(file: File): Promise<Attached> {
  const octets = new Uint8Array(await file.arrayBuffer());
  let raw = "";
  for (let at = 0; at < octets.length; at += 0x8000) raw += String.fromCharCode(...octets.subarray(at, at + 0x8000));
  return { name: file.name, size: file.size, media_type: file.type.toLowerCase().replace(/;.*$/, "") || "application/octet-stream", octets: btoa(raw), sha256: "" };
}

/** Write a size as people read it. */
export function size(octets: number): string {
  if (octets < 1000) return say("{count} bytes", { count: number(octets) });
  if (octets < 1_000_000) return say("{count} kB", { count: number(octets / 1000, 1) });
  return say("{count} MB", { count: number(octets / 1_000_000, 1) });
}

/** The files of a draft: added, listed with their size, taken out. */
export function Attachments({ files, touched }: { files: Signal<readonly Attached[]>; touched: () => void }): JSX.Element {
  const trouble = useMemo(() => signal(""), []);
  const total = files.value.reduce((sum, one) => sum + one.size, 0);
  const add = async (list: FileList | null) => {
    trouble.value = "";
    const chosen = [...(list ?? [])];
    if (files.peek().length + chosen.length > FILES_MOST) {
      trouble.value = say("At most {count} files go with one notice.", { count: FILES_MOST });
      return;
    }
    if (total + chosen.reduce((sum, one) => sum + one.size, 0) > BYTES_MOST) {
      trouble.value = say("All files of a notice together may have {size} at most.", { size: size(BYTES_MOST) });
      return;
    }
    const empty = chosen.find((one) => one.size === 0);
    if (empty) {
      trouble.value = say("{name} is empty.", { name: empty.name });
      return;
    }
    files.value = [...files.peek(), ...(await Promise.all(chosen.map(read)))];
    touched();
  };
  const takeOut = (index: number) => {
    files.value = files.peek().filter((_, at) => at !== index);
    touched();
  };
  return (
    <section class="part">
      <h3>{say("Attachments")}</h3>
      <div class="field">
        <label for="attachments">{say("Add files")}</label>
        <input
          id="attachments"
          type="file"
          multiple
          aria-describedby="attachments-help attachments-trouble"
          onChange={(event) => {
            const input = event.currentTarget;
            void add(input.files).then(() => (input.value = ""));
          }}
        />
        <p class="help" id="attachments-help">
          {say("At most {count} files, {size} together. Names of files are not sent.", { count: FILES_MOST, size: size(BYTES_MOST) })}
        </p>
        {trouble.value ? (
          <ul class="faults" id="attachments-trouble" role="alert">
            <li>{trouble.value}</li>
          </ul>
        ) : null}
      </div>
      <ul class="files">
        {files.value.map((one, index) => (
          <li key={index}>
            <Visible text={one.name} /> <span class="muted">{`${one.media_type}, ${size(one.size)}`}</span>{" "}
            <button type="button" class="small" onClick={() => takeOut(index)}>
              {say("Take out: {what}", { what: one.name })}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
