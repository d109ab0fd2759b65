import { deepEqual, equal } from "node:assert/strict";
import { test } from "node:test";
import { bearing, coordinates, distance, feet, fromNow, span } from "../src/formats";
import { readPosition } from "../src/map/position";
import { minuteOf, momentOf, tidied } from "../src/pages/forms/moments";
import { placeOf, typed } from "../src/pages/forms/places";
import { address, readRoute } from "../src/route";
import { plain, runs } from "../src/visible";
import { choose, many, number, say } from "../src/words";

test("figures, spans and distances read as people write them", () => {
  equal(number(1234567), "1,234,567");
  equal(number(-0.04, 1), "0.0");
  equal(number(-1234.5, 1), "−1,234.5");
  equal(span(3_000), "3 s");
  equal(span(20 * 60_000), "20 min");
  equal(span(5 * 3_600_000 + 20 * 60_000), "5 h 20 min");
  equal(span(72 * 3_600_000), "3 days");
  equal(span(-5), "0 s");
  equal(fromNow(1_000_000, 1_000_000 + 60_000 * 6), "6 min ago");
  equal(fromNow(1_000_000 + 360_000, 1_000_000), "in 6 min");
  equal(distance(925), "925 m");
  equal(distance(926), "0.50 NM");
  equal(distance(1852 * 42), "42.0 NM");
  equal(bearing(-1), "359°");
  equal(bearing(359.6), "000°");
  equal(feet(3048), "10,000 ft");
});

test("coordinates keep their letters on every side of the earth", () => {
  equal(coordinates(59.435, 24.75), "59°26.1′N 024°45.0′E");
  equal(coordinates(-0.5, -179.999), "00°30.0′S 179°59.9′W");
  equal(coordinates(10, 190), "10°00.0′N 170°00.0′W");
  equal(coordinates(59.99999, 0), "60°00.0′N 000°00.0′E");
});

test("Russian has three forms, its own figures and letters", async () => {
  await choose("ru");
  equal(many("{count} day", "{count} days", 1), "1 день");
  equal(many("{count} day", "{count} days", 22), "22 дня");
  equal(many("{count} day", "{count} days", 11), "11 дней");
  equal(number(1234.5, 1), "1\u202f234,5");
  equal(coordinates(59.435, 24.75), "59°26,1′С 024°45,0′В");
  equal(say("a sentence that nobody translated"), "a sentence that nobody translated");
  await choose("en");
});

test("positions are read off a chart in either alphabet", () => {
  const close = (text: string, lat: number, lon: number) => {
    const read = readPosition(text);
    deepEqual(read && [read.lat_deg.toFixed(4), read.lon_deg.toFixed(4)], [lat.toFixed(4), lon.toFixed(4)], text);
  };
  close("59 26.1 N 24 45 E", 59.435, 24.75);
  close("59°26.1′N 024°45.0′E", 59.435, 24.75);
  close("5926N 02445E", 59 + 26 / 60, 24.75);
  close("59.435, 24.75", 59.435, 24.75);
  close("59 26,1 С 24 45 В", 59.435, 24.75);
  close("10 30 Ю 170 00 З", -10.5, -170);
  for (const wrong of ["", "abc", "91, 0", "10, 181", "59 26 N"]) equal(readPosition(wrong), null, wrong);
});

test("positions of a form go there and back", () => {
  for (const text of ["54-30N 020-15E", "69-00N 031-30E", "00-01S 179-59W", "54.1234567N 020-30E"]) {
    const place = placeOf(text);
    equal(place && typed(place), text);
  }
  for (const wrong of ["54-60N 020-15E", "91-00N 020-15E", "54-30 020-15", "020-15E 54-30N"]) equal(placeOf(wrong), null, wrong);
});

test("moments are as precise as they were written", () => {
  equal(momentOf("2030-05")?.precision, "month");
  equal(momentOf("2030-05-01T06:00Z")?.precision, "minute");
  equal(momentOf("2030-02-30"), null);
  equal(momentOf("2030-05-01 06:00"), null);
  equal(tidied("2030-05-01 0600z"), "2030-05-01T06:00Z");
  equal(minuteOf(Date.UTC(2030, 4, 1, 6, 0, 59)), "2030-05-01T06:00Z");
});

test("what nobody sees is shown by its number", () => {
  equal(plain("a\u202eb"), "a[U+202E]b");
  deepEqual(runs("x\u200d").map((one) => one.isHidden), [false, true]);
  equal(plain("plain\ttext\n"), "plain\ttext\n");
});

test("an address holds what it is given", () => {
  const hash = address(["record", "line", "west/4 a?"], { f: "own;ship" });
  const read = readRoute(hash);
  deepEqual(read.path, ["record", "line", "west/4 a?"]);
  equal(read.query.get("f"), "own;ship");
  deepEqual(readRoute("#/%E0%A4%A").path, ["%E0%A4%A"]);
});
