/** Files to take along, as the desk offers them: what each holds, and why one is not offered. */
import { useEffect, useMemo } from "preact/hooks";
import { AFTER_MS, BEFORE_MS } from "../announced";
import { withQuery } from "../api";
import { fresh } from "../fresh";
import { now_ms } from "../live";
import { say } from "../words";

interface ExportFile {
  name: string;
  address: string;
  is_offered: boolean;
  remedy: string;
}

const OFTEN_MS = 3_600_000;
/** Files of a span of time: the one that the timeline shows. */
const SPANNED = new Set(["areas.geojson", "areas.kml", "picture.zip"]);

function addressOf(file: ExportFile): string {
  const now = Math.round(now_ms());
  return SPANNED.has(file.name) ? withQuery(file.address, { from_ms: now - BEFORE_MS, until_ms: now + AFTER_MS }) : file.address;
}

/** What a file holds, as people read it. */
function titleOf(name: string): string {
  const titles: Record<string, string> = {
    "entries.csv": say("Record as a table, CSV"),
    "entries.parquet": say("Record as a table, Parquet"),
    "areas.geojson": say("Announced areas, GeoJSON"),
    "areas.kml": say("Announced areas, KML"),
    "tracks.geojson": say("Own side's tracks, GeoJSON"),
    "picture.zip": say("Own side, areas and alarms, Cursor-on-Target"),
  };
  return titles[name] ?? name;
}

/** A list that opens where it is asked for. */
export function Exports() {
  const files = useMemo(() => fresh<{ exports: ExportFile[] }>("exports", [], { exports: [] }, OFTEN_MS), []);
  useEffect(() => {
    files.start();
    return files.stop;
  }, [files]);
  const all = files.value.value.exports;
  if (all.length === 0) return null;
  return (
    <details class="exports">
      <summary>{say("Export")}</summary>
      <ul class="panel">
        {all.map((one) => (
          <li key={one.name}>
            {one.is_offered ? (
              <a href={addressOf(one)} download={one.name}>
                {titleOf(one.name)}
              </a>
            ) : (
              <span class="muted">
                {titleOf(one.name)}: {one.remedy}
              </span>
            )}
          </li>
        ))}
      </ul>
    </details>
  );
}
