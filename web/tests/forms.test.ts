import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { test } from "node:test";
import { FEATURES_MAX, nameOfFile, overlayOf, readGeoJson } from "../src/overlay_reading";
import { geometryOf, shapeDrawn } from "../src/pages/forms/drawn";
import { fieldsOf, type Grammar } from "../src/pages/forms/model";
import { met, shapeOf, withoutHidden } from "../src/pages/forms/starts";
import { at, documentOf, numberOf, stepsOf, withAt } from "../src/pages/forms/values";
import { byTime, isOpen, narrowly, verdictsIn } from "../src/pages/verdicts";

const GRAMMAR: Grammar = {
  terms: { Troops: "Личный состав, m" },
  definitions: { Force: { type: "object", properties: { troops: { type: "integer", title: "Troops" }, state: { pattern: "^[A-Z]{2}$" } }, required: ["state"] } },
};
const SCHEMA = {
  type: "object",
  properties: { kind: { enum: ["x"] }, title: { type: "string", maxLength: 300 }, forces: { type: "array", items: { $ref: "#/$defs/Force" } }, live: { type: "boolean" } },
  required: ["title"],
};

test("a schema becomes fields with their words, units and widgets", () => {
  const fields = fieldsOf(GRAMMAR, SCHEMA);
  deepEqual(fields.map((one) => [one.name, one.widget, one.isRequired]), [["title", "line", true], ["forces", "list", false], ["live", "yes-no", false]]);
  const [troops, state] = fieldsOf(GRAMMAR, { $ref: "#/$defs/Force" });
  deepEqual([troops?.label, troops?.unit, troops?.widget, state?.widget], ["Личный состав", "m", "number", "state"]);
});

test("what is typed becomes a document: blanks out, figures as figures, items at their place", () => {
  const values = { kind: "x", title: " Exercise ", forces: [{}, { state: "NO", troops: "9,100" }], live: false };
  deepEqual(documentOf(GRAMMAR, fieldsOf(GRAMMAR, SCHEMA), values), { kind: "x", title: "Exercise", forces: [{}, { state: "NO", troops: 9100 }], live: false });
  equal(numberOf("12 000"), 12000);
  equal(numberOf("12.5"), "12.5");
  deepEqual(stepsOf("forces[1].troops"), ["forces", 1, "troops"]);
  const changed = withAt(values, "forces[1].troops", "8");
  equal(at(changed, "forces[1].troops"), "8");
  equal(at(values, "forces[1].troops"), "9,100");
});

test("a shape goes from the map into the form and back onto the map", () => {
  const ring = [[20.25, 54.5], [21, 54.5], [21, 54], [20.25, 54.5]];
  const shape = shapeDrawn({ ring });
  deepEqual(shape, { shape: "polygon", ring: ["54-30N 020-15E", "54-30N 021-00E", "54-00N 021-00E"] });
  deepEqual(geometryOf(shape), { type: "Polygon", coordinates: [ring] });
  const circle = shapeDrawn({ centre: [200, 10], radius_m: 9260.4 });
  deepEqual(circle, { shape: "circle", centre: "10-00N 160-00W", radius_m: "9260" });
  const rim = geometryOf(circle);
  ok(rim?.type === "Polygon" && rim.coordinates[0]?.length === 65);
  equal(geometryOf({ shape: "polygon", ring: ["54-30N 020-15E", "not yet"] }), null);
  equal(geometryOf(undefined), null);
});

test("what the picture hands over is a shape or nothing", () => {
  deepEqual(shapeOf('{"type":"Polygon","coordinates":[[[20,54],[21,54],[21,55],[20,54]]]}')?.["ring"], ["54-00N 020-00E", "54-00N 021-00E", "55-00N 021-00E"]);
  deepEqual(shapeOf("20,54;r=500"), { shape: "circle", centre: "54-00N 020-00E", radius_m: "500" });
  equal(shapeOf("{broken"), null);
  equal(withoutHidden("a\u202e b\n c"), "a b c");
});

test("an overlay keeps what can be shown and says why there is nothing", () => {
  const document = {
    type: "FeatureCollection",
    features: [
      { type: "Feature", geometry: { type: "Point", coordinates: [20, 58, 12.5] }, properties: { name: "Light", height: 12, nested: { a: 1 } } },
      { type: "Feature", geometry: { type: "GeometryCollection", geometries: [{ type: "LineString", coordinates: [[20, 58], [21, 58]] }] }, properties: null },
      { type: "Feature", geometry: { type: "Point", coordinates: [400, 58] }, properties: {} },
      { type: "Feature", geometry: null, properties: {} },
    ],
  };
  const read = overlayOf(document, "ours");
  deepEqual(read.features.map((one) => one.geometry), [{ type: "Point", coordinates: [20, 58] }, { type: "LineString", coordinates: [[20, 58], [21, 58]] }]);
  deepEqual(read.features[0]?.properties, { name: "Light", height: 12, title: "Light", claim: "ours" });
  equal(readGeoJson('{"type":"Point","coordinates":[1,2]}', "").features.length, 1);
  throws(() => readGeoJson("<kml/>", ""), { reason: "no-json" });
  throws(() => overlayOf({ type: "Polygon", coordinates: [[1, 2]] }, ""), { reason: "no-features" });
  throws(() => overlayOf({ features: Array.from({ length: FEATURES_MAX + 1 }, () => ({ type: "Point", coordinates: [1, 2] })) }, ""), { reason: "too-many" });
  equal(nameOfFile("Fairway/north.KML"), "Fairway north");
});

test("verdicts are sorted by when they are due, and narrow ones are found", () => {
  const one = (clause: string, latest: string, more = {}) => ({ clause, outcome: "owed", told: { outcome: "open" }, due: { latest }, agreement: "A", ...more });
  const found = verdictsIn([one("b", "2030-01-02T00:00:00Z"), one("a", "2030-01-01T00:00:00Z"), one("c", ""), { flag: "x" }]);
  deepEqual(byTime(found).map((each) => each.clause), ["a", "b", "c"]);
  equal(found.every(isOpen), true);
  const [near] = verdictsIn([one("n", "", { outcome: "not_owed", below: [{ metric: "troops", op: ">=", limit: 9000, value: 8900 }, { metric: "tanks", limit: 250, value: 1 }] })]);
  deepEqual(near && narrowly(near).map((each) => each.metric), ["troops"]);
});

test("an incident in an area names the area as its place, and not as a ship", () => {
  const seen = { a: "mmsi:1", side_a: "other", side_b: "neutral", entered_ms: 0, closest_lon_deg: 20, closest_lat_deg: 56, closest_distance_m: 0, vertical_m: null };
  const inside = met({ ...seen, b: "area:X0001/26" }, [], () => "Ship");
  deepEqual([inside["place"], inside["incident_type"], inside["distance_m"]], ["X0001/26", undefined, undefined]);
  deepEqual(inside["others"], [{ type: "Ship", name: "mmsi:1" }]);
  const pair = met({ ...seen, b: "mmsi:2" }, [], () => "Ship");
  deepEqual([pair["place"], pair["incident_type"], pair["distance_m"]], [undefined, "close_approach", "0"]);
});
