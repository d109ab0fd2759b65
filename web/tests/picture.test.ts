import { deepEqual, equal, ok } from "node:assert/strict";
import { test } from "node:test";
import type { Mover } from "../src/documents";
import { commandsNumber, keyOf, keyShown, offer, remap, resetKeys } from "../src/keys";
import { bearingBetween } from "../src/map/bearings";
import { LabelBoard } from "../src/map/label_board";
import { fromArctic, toArctic } from "../src/map/projections";
import { stampInto } from "../src/map/stamping";
import { codeOf } from "../src/map/symbols";
import { filterBy, filters, passes } from "../src/map/view";
import { Scene, type SceneChange } from "../src/scene";

function mover(id: string, more: Partial<Mover> = {}): Mover {
  const still = { altitude_m: null, speed_kn: 10, course_deg: 90, heading_deg: null, vertical_rate_ftmin: null };
  return { id, kind: "ship", side: "own", name: id, lon_deg: 20, lat_deg: 58, at_ms: 0, feed: "AIS", symbol: "", ...still, ...more };
}

function change(movers: Mover[], more: Partial<SceneChange> = {}): SceneChange {
  return { number: 1, movers, gone: [], encounters: null, feeds: null, ...more };
}

test("a change moves, adds and takes away, and a full one is all there is", () => {
  const scene = new Scene();
  scene.apply(change([mover("a"), mover("b")]));
  scene.apply(change([mover("a", { lon_deg: 21, at_ms: 20_000 })], { gone: ["b"] }));
  deepEqual([...scene.tracks.keys()], ["a"]);
  deepEqual(scene.tracks.get("a")?.trail, [20, 58, 0, 21, 58, 20_000]);
  scene.apply(change([mover("c")], { full: true }));
  deepEqual([...scene.tracks.keys()], ["c"]);
});

test("a large change is taken in slices, in its order, and is whole at its end", async () => {
  const scene = new Scene();
  const many = (lon_deg: number) => Array.from({ length: 3_000 }, (_, index) => mover(String(index), { lon_deg, at_ms: lon_deg * 1_000 }));
  scene.take(change(many(20)));
  scene.take(change([mover("0", { lon_deg: 30, at_ms: 30_000 })]));
  equal(scene.version.value, 0); // nothing is drawn half
  while (scene.version.value < 2) await new Promise((resume) => setTimeout(resume, 1));
  equal(scene.tracks.size, 3_000);
  equal(scene.tracks.get("0")?.mover.lon_deg, 30);
  equal(scene.tracks.get("2999")?.mover.lon_deg, 20);
  equal(scene.tracks.get("5")?.trail.length, 3); // one position, taken once
});

test("changes that come faster than they are taken in end up whole all the same", async () => {
  const scene = new Scene();
  for (let lon = 0; lon < 8; lon += 1) {
    scene.take(change(Array.from({ length: 2_000 }, (_, index) => mover(String(index), { lon_deg: lon }))));
  }
  while (scene.version.value < 8) await new Promise((resume) => setTimeout(resume, 1));
  equal(scene.tracks.get("1999")?.mover.lon_deg, 7);
});

test("filters of the map stand in the address and hide by side, kind and age", () => {
  filterBy({ sides: ["own"], heardWithin_min: 3 });
  ok(location.hash.includes("f=own%3B%3B3%3B"), location.hash);
  equal(passes(mover("a"), filters.value, 60_000), true);
  equal(passes(mover("a"), filters.value, 181_000), false);
  equal(passes(mover("a", { side: "other" }), filters.value, 0), false);
  filterBy({ sides: ["own", "other", "neutral", "unknown"], heardWithin_min: 0 });
  equal(location.hash.includes("f="), false);
});

test("the frame of the other side is the site's choice, whatever a feed says", () => {
  equal(codeOf(mover("a", { side: "other" }), "neutral").slice(0, 6), "100430");
  equal(codeOf(mover("a", { side: "other" }), "suspect").slice(3, 4), "5");
  equal(codeOf(mover("a", { side: "other", symbol: "10063000001202000000" }), "neutral"), "10043000001202000000");
  equal(codeOf(mover("a", { side: "other", symbol: "SHSPCLFF------" }), "neutral"), "SNSPCLFF------");
  equal(codeOf(mover("a", { symbol: "10033000001202000000" }), "neutral"), "10033000001202000000");
  equal(codeOf(mover("a", { symbol: "<script>" })).slice(0, 6), "100330");
});

test("no label covers another", () => {
  const board = new LabelBoard();
  board.clear(200, 60);
  const drawn: [number, number][] = [];
  const pen = { measureText: (text: string) => ({ width: text.length * 7 }), strokeText: () => undefined, fillText: (_: string, x: number, y: number) => drawn.push([x, y]) };
  for (let count = 0; count < 5; count += 1) board.write(pen as unknown as CanvasRenderingContext2D, "VARMA", { x: 100, y: 30, gap: 18 }, "#000", "#fff");
  equal(new Set(drawn.map(String)).size, drawn.length);
  ok(drawn.length >= 2 && drawn.length < 5, String(drawn.length));
  const before = drawn.length;
  board.write(pen as unknown as CanvasRenderingContext2D, "740 m in 6 min", { x: 100, y: 30, gap: 12, isForced: true }, "#000", "#fff");
  equal(drawn.length, before + 1); // how near two will pass is said in any crowd
});

test("bearings and the Arctic go round the earth", () => {
  equal(Math.round(bearingBetween([0, 0], [0, 1])), 0);
  equal(Math.round(bearingBetween([0, 0], [1, 0])), 90);
  equal(Math.round(bearingBetween([179, 0], [-179, 0])), 90);
  for (const at of [[20, 80], [-170, 66], [0, 90]]) {
    const back = fromArctic(toArctic(at));
    equal(back[1]?.toFixed(6), at[1]?.toFixed(6));
    if (at[1] !== 90) equal(back[0]?.toFixed(6), at[0]?.toFixed(6));
  }
});

test("keys can be given to others, never twice, and are off while somebody types", () => {
  let pressed = 0;
  const ends = [
    offer({ name: "acknowledge", key: "a", title: () => "Acknowledge", act: () => (pressed += 1) }),
    offer({ name: "play", key: " ", title: () => "Play", act: () => undefined }),
  ];
  const press = (key: string, code: string, target: unknown = null) =>
    happened("keydown", { key, code, target, ctrlKey: false, metaKey: false, altKey: false, defaultPrevented: false, preventDefault: () => undefined });
  press("a", "KeyA");
  press("ф", "KeyA"); // the same place on a Russian keyboard
  equal(pressed, 2);
  const field = Object.assign(new HTMLElement(), { tagName: "INPUT" });
  press("a", "KeyA", field);
  equal(pressed, 2);
  equal(remap("acknowledge", " "), "Play");
  equal(remap("acknowledge", "x"), "");
  equal(keyShown("acknowledge"), "X");
  press("a", "KeyA");
  press("x", "KeyX");
  equal(pressed, 3);
  resetKeys();
  equal(keyOf("acknowledge"), "a");
  const before = commandsNumber.value;
  ends.forEach((end) => end());
  ok(commandsNumber.value > before);
  equal(keyShown("acknowledge"), "");
});

test("stamps lie over each other as their opacity says, and nothing is put outside", () => {
  const picture = new Uint32Array(9);
  const [red, half] = [0xff0000ff, 0x80ff0000];
  const stamp = { pixels: Uint32Array.from([red, 0, half, red]), width: 2, height: 2 };
  stampInto(picture, 3, 3, stamp, 0, 0);
  deepEqual([...picture], [red, 0, 0, half, red, 0, 0, 0, 0]);
  stampInto(picture, 3, 3, stamp, 1, 0); // half blue over red: both, opaque
  deepEqual([picture[1], picture[2], picture[4], picture[5]], [red, 0, 0xff80007f, red]);
  for (const [left, top] of [[-1, -1], [2, 2], [-2, 0], [3, 3], [0, -5]] as const) stampInto(picture, 3, 3, stamp, left, top);
  equal(picture[0], red);
  equal(picture.length, 9);
});
