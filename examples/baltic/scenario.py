"""Write the synthetic scenario: three days in the Baltic, 4 to 6 April 2018, with planted encounters.

    python examples/baltic/scenario.py FOLDER

Files: ships.csv (as the Danish Maritime Authority writes), station.nmea (AIS sentences with tag blocks),
trace_full_f0a001.json and trace_full_f0b001.json (as tar1090 writes), states.csv (one picture of positions for
``detente predict``), sides.toml. Deterministic: the same bytes in every run.
"""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from motions import HOURS, KNOT_KM_PER_HOUR, START, Floats, Waypoint, meeting, place_deg, plane_km, route, sampled
from numpy.random import Generator, default_rng
from pyais.encode import encode_dict

HERE = Path(__file__).parent
NOISE_M = 4.0
"""Standard deviation of a position in each axis, as a GNSS receiver at sea has."""


@dataclass(frozen=True, slots=True)
class Planted:
    """One planted encounter: who, when (hours from START), true least distance, what it is for."""

    a: str
    b: str
    hour: float
    apart_m: float
    what: str
    rivals: bool = True


@dataclass(frozen=True, slots=True)
class Lure:
    """What only looks like an encounter: who, when (hours from START), what it is."""

    a: str
    b: str
    hour: float
    what: str


FRIGATE, DESTROYER, HUNTER, FIGHTER = "mmsi:200001001", "mmsi:200001002", "mmsi:200001003", "icao24:f0a001"
CORVETTE, LANDING, LISTENER, PATROL = "mmsi:200002001", "mmsi:200002002", "mmsi:200002003", "icao24:f0b001"
FERRY, TRAWLER = "mmsi:200003901", "mmsi:200003902"

PLANTED = (
    Planted(FRIGATE, CORVETTE, 9.5, 90.0, "a corvette crosses close ahead of a frigate: a near collision"),
    Planted(PATROL, FRIGATE, 14.25, 120.0, "a patrol aircraft passes low over the frigate"),
    Planted(DESTROYER, LANDING, 26.0, 420.0, "two warships meet head-on at night"),
    Planted(FIGHTER, PATROL, 38.2, 150.0, "a fighter flies beside the patrol aircraft"),
    Planted(
        HUNTER, LISTENER, 44.5, 260.0, "an intelligence ship overtakes a minehunter, heard by one station only"
    ),
    Planted(DESTROYER, CORVETTE, 58.0, 600.0, "a corvette shadows the destroyer for three hours"),
    Planted(FERRY, TRAWLER, 33.75, 45.0, "a ferry and a trawler, of no side, nearly collide", rivals=False),
)
LURES = (
    Lure(FRIGATE, LANDING, 50.0, "the landing ship passes 200 m from the frigate inside a hole in coverage"),
    Lure(HUNTER, CORVETTE, 20.0, "a teleport puts the corvette beside the minehunter for one fix"),
)
"""What must not be found: hours from START."""
_HOLE_H = (49.6, 50.4)

NAMES = {
    FRIGATE: "SYNTHETIC FRIGATE W1", DESTROYER: "SYNTHETIC DESTROYER W2", HUNTER: "SYNTHETIC MINEHUNTER W3",
    CORVETTE: "SYNTHETIC CORVETTE E1", LANDING: "SYNTHETIC LANDING E2", LISTENER: "SYNTHETIC LISTENER E3",
    FERRY: "SYNTHETIC FERRY", TRAWLER: "SYNTHETIC TRAWLER",
}  # fmt: skip


def naval_waypoints() -> dict[str, list[Waypoint]]:
    """Return the waypoints of both groups' ships: the meetings, and straight legs between them."""
    legs: dict[str, list[Waypoint]] = {
        name: [] for name in (FRIGATE, DESTROYER, HUNTER, CORVETTE, LANDING, LISTENER)
    }

    def begin(name: str, lon_deg: float, lat_deg: float, hour: float = 0.0) -> None:
        legs[name].append(Waypoint(hour, *plane_km(lon_deg, lat_deg)))

    for name, lon, lat in (
        (FRIGATE, 16.6, 55.35), (DESTROYER, 16.2, 55.75), (HUNTER, 16.75, 55.9),
        (CORVETTE, 18.6, 55.2), (LANDING, 19.1, 55.4), (LISTENER, 18.9, 55.75),
    ):  # fmt: skip
        begin(name, lon, lat)
    for one, other, legs_of_both in (
        (FRIGATE, CORVETTE, meeting(9.5, (17.45, 55.38), (75.0, 14.0), (345.0, 17.0), apart_m=90.0)),
        (DESTROYER, LANDING, meeting(26.0, (17.6, 55.95), (80.0, 13.0), (262.0, 12.0), apart_m=420.0)),
        (HUNTER, LISTENER, meeting(44.5, (17.9, 56.15), (30.0, 6.0), (35.0, 12.0), apart_m=260.0, lasting_h=1.0)),
        (
            FRIGATE,
            LANDING,
            meeting(50.0, (17.2, 55.6), (350.0, 12.0), (180.0, 12.0), apart_m=200.0, lasting_h=1.0),
        ),
        (
            CORVETTE,
            DESTROYER,
            meeting(58.0, (18.0, 55.45), (60.0, 11.0), (60.0, 11.0), apart_m=600.0, lasting_h=3.0),
        ),
    ):
        legs[one].extend(legs_of_both[0])
        legs[other].extend(legs_of_both[1])
    for name, lon, lat, hour in (
        (FRIGATE, 17.6, 55.27, 14.0), (FRIGATE, 17.71, 55.27, 14.5), (FRIGATE, 16.9, 55.75, 24.0),
        (FRIGATE, 16.5, 55.4, 36.0), (FRIGATE, 17.1, 55.3, 46.0), (DESTROYER, 17.1, 56.05, 40.0),
        (CORVETTE, 18.6, 55.0, 24.0), (CORVETTE, 18.7, 55.5, 40.0), (CORVETTE, 17.3, 55.15, 54.0),
        (LANDING, 18.6, 55.7, 36.0), (LANDING, 17.5, 55.9, 46.0),
    ):  # fmt: skip
        begin(name, lon, lat, hour)
    for name, lon, lat in (
        (FRIGATE, 16.3, 56.0), (DESTROYER, 18.5, 56.2), (HUNTER, 18.3, 56.5),
        (CORVETTE, 18.9, 55.1), (LANDING, 17.5, 55.1), (LISTENER, 19.2, 56.6),
    ):  # fmt: skip
        begin(name, lon, lat, HOURS)
    return {name: sorted(points, key=lambda point: point.hour) for name, points in legs.items()}


def ferry_and_trawler() -> dict[str, list[Waypoint]]:
    """Return a ferry on its way to and fro, and a trawler whose way it cuts."""
    ferry, trawler = meeting(33.75, (16.4, 55.85), (165.0, 19.0), (250.0, 3.5), apart_m=45.0)
    north, south = plane_km(15.75, 56.08), plane_km(18.9, 54.75)
    return {
        FERRY: [
            Waypoint(30.5, *north),
            *ferry,
            Waypoint(41.0, *south),
            Waypoint(42.5, *south),
            Waypoint(53.0, *north),
        ],
        TRAWLER: [Waypoint(20.0, *plane_km(16.7, 56.0)), *trawler, Waypoint(52.0, *plane_km(16.0, 55.5))],
    }


def merchants(rng: Generator) -> dict[str, list[Waypoint]]:
    """Return ships in the two lanes between Bornholm and the Gulf of Finland, each keeping to starboard."""
    lane = [(13.6, 54.85), (14.7, 55.33), (16.5, 55.62), (19.4, 56.7), (20.1, 57.9), (21.2, 59.1), (23.4, 59.6)]
    fleet = {}
    for number in range(24):
        way = lane if number % 2 == 0 else lane[::-1]
        fleet[f"mmsi:{200003100 + number}"] = route(
            way, start_h=float(rng.uniform(-24, 52)), speed_kn=float(rng.uniform(10, 15.5)),
            aside_km=float(rng.uniform(1.2, 2.6)),
        )  # fmt: skip
    return fleet


def fishing_boats(rng: Generator) -> dict[str, list[Waypoint]]:
    """Return boats that tow to and fro on their grounds."""
    fleet = {}
    for number in range(8):
        east, north = plane_km(float(rng.uniform(15.6, 18.4)), float(rng.uniform(54.95, 55.25)))
        hours = np.arange(0.0, HOURS, 1.5)
        walk = np.cumsum(rng.normal(0.0, 3.0, (len(hours), 2)), axis=0) * 0.5
        fleet[f"mmsi:{200003300 + number}"] = [
            Waypoint(float(h), east + float(e), north + float(n)) for h, (e, n) in zip(hours, walk, strict=True)
        ]
    return fleet


def fixes(mover: str, waypoints: list[Waypoint], every_s: float, rng: Generator) -> pl.DataFrame:
    """Return what a receiver reports of a mover: noisy places, speed and course over ground, whole seconds."""
    seconds, east, north = sampled(waypoints, every_s, offset_s=float(rng.integers(0, max(int(every_s), 1))))
    lon, lat = place_deg(
        east + rng.normal(0.0, NOISE_M / 1000.0, len(east)), north + rng.normal(0.0, NOISE_M / 1000.0, len(north))
    )
    before = sampled_at(waypoints, seconds - 1.0)
    after = sampled_at(waypoints, seconds + 1.0)
    step_km = (after - before) * 1800.0
    return pl.DataFrame(
        {
            "mover": pl.Series([mover] * len(seconds), dtype=pl.String),
            "second": seconds.astype(np.int64),
            "lon": np.round(lon, 6),
            "lat": np.round(lat, 6),
            "speed_kn": np.round(np.hypot(step_km[:, 0], step_km[:, 1]) / KNOT_KM_PER_HOUR, 1),
            "course_deg": np.round(np.degrees(np.arctan2(step_km[:, 0], step_km[:, 1])) % 360.0, 1) % 360.0,
            "status": pl.Series(["Under way using engine"] * len(seconds), dtype=pl.String),
        }
    )


def sampled_at(waypoints: list[Waypoint], seconds: Floats) -> Floats:
    """Return the true places in km at these seconds, shape (n, 2)."""
    hours = [point.hour for point in waypoints]
    return np.column_stack(
        [
            np.interp(seconds / 3600.0, hours, [point.east_km for point in waypoints]),
            np.interp(seconds / 3600.0, hours, [point.north_km for point in waypoints]),
        ]
    )


def moored(rng: Generator) -> list[pl.DataFrame]:
    """Return three boats alongside each other in a harbour."""
    berth = plane_km(18.557, 54.535)
    frames = []
    for number in range(3):
        at = [Waypoint(h, berth[0] + 0.03 * number, berth[1]) for h in (0.0, HOURS)]
        frame = fixes(f"mmsi:{200003800 + number}", at, 170.0, rng)
        frames.append(frame.with_columns(status=pl.lit("Moored"), speed_kn=pl.lit(0.0)))
    return frames


def with_faults(frames: list[pl.DataFrame], rng: Generator) -> pl.DataFrame:
    """Return all rows with the faults of real archives: a teleport, stale repeats, a shared identity, a hole."""
    hole = (pl.col("second") > _HOLE_H[0] * 3600) & (pl.col("second") < _HOLE_H[1] * 3600)
    rows = pl.concat(frames).filter(~(pl.col("mover").is_in([FRIGATE, LANDING]) & hole)).sort("second", "mover")
    beside = rows.filter((pl.col("mover") == HUNTER) & (pl.col("second") >= 20 * 3600)).row(0, named=True)
    at = (pl.col("mover") == CORVETTE) & pl.col("second").is_between(20 * 3600, 20 * 3600 + 29)
    rows = rows.with_columns(
        lon=pl.when(at).then(beside["lon"] + 0.001).otherwise("lon"),
        lat=pl.when(at).then(beside["lat"]).otherwise("lat"),
    )
    # a merchant's receiver repeats one position for half an hour while it says 12 kn
    merchant = "mmsi:200003100"
    own = rows.filter(pl.col("mover") == merchant)
    frozen = own.row(own.height // 2, named=True)
    stuck = (pl.col("mover") == merchant) & pl.col("second").is_between(frozen["second"], frozen["second"] + 1800)
    rows = rows.with_columns(
        lon=pl.when(stuck).then(frozen["lon"]).otherwise("lon"),
        lat=pl.when(stuck).then(frozen["lat"]).otherwise("lat"),
    )
    # two fishing boats 100 km apart use one identity
    rows = rows.with_columns(mover=pl.col("mover").replace("mmsi:200003307", "mmsi:200003306"))
    again = rows.sample(40, seed=int(rng.integers(1 << 30)))  # one station's copy of what another heard
    return pl.concat([rows, again]).sort("second", "mover", maintain_order=True)


def write_csv(rows: pl.DataFrame, target: Path) -> None:
    """Write rows as the Danish Maritime Authority's archive: its header, its day-first times."""
    known = {f"mmsi:{n}": f"SYNTHETIC {w} {n % 100:02d}" for n, w in _names()}
    moment = pl.lit(START).dt.replace_time_zone(None) + pl.duration(seconds=pl.col("second"))
    rows.select(
        moment.dt.strftime("%d/%m/%Y %H:%M:%S").alias("# Timestamp"),
        pl.lit("Class A").alias("Type of mobile"),
        pl.col("mover").str.strip_prefix("mmsi:").alias("MMSI"),
        pl.col("lat").alias("Latitude"),
        pl.col("lon").alias("Longitude"),
        pl.col("status").alias("Navigational status"),
        pl.lit(None, dtype=pl.String).alias("ROT"),
        pl.col("speed_kn").alias("SOG"),
        pl.col("course_deg").alias("COG"),
        pl.lit(None, dtype=pl.String).alias("Heading"),
        pl.col("mover").replace_strict(NAMES | known, default="SYNTHETIC").alias("Name"),
    ).write_csv(target)


def _names() -> list[tuple[int, str]]:
    return [
        *((200003100 + n, "MERCHANT") for n in range(24)),
        *((200003300 + n, "FISHER") for n in range(8)),
        *((200003800 + n, "TUG") for n in range(3)),
    ]


def write_nmea(rows: pl.DataFrame, target: Path) -> None:
    """Write rows as AIS sentences, position reports and now and then a name, each with its tag block."""
    lines = []
    for count, row in enumerate(rows.iter_rows(named=True)):
        mmsi = int(row["mover"].removeprefix("mmsi:"))
        stamp = int(START.timestamp()) + row["second"]
        report = {
            "type": 1, "mmsi": mmsi, "status": 0, "lon": row["lon"], "lat": row["lat"], "speed": row["speed_kn"],
            "course": row["course_deg"], "heading": 511, "second": stamp % 60,
        }  # fmt: skip
        messages = [report]
        if count % 61 == 0:
            messages.append({"type": 5, "mmsi": mmsi, "shipname": NAMES[row["mover"]][:20], "ship_type": 35})
        for message in messages:
            lines.extend(
                _tagged(sentence, stamp) for sentence in encode_dict(message, talker_id="AI", sentence_type="VDM")
            )
    target.write_text("\n".join(lines) + "\n", encoding="ascii")


def _tagged(sentence: str, stamp: int) -> str:
    tag = f"s:synthetic,c:{stamp}"
    checksum = 0
    for letter in tag.encode():
        checksum ^= letter
    return f"\\{tag}*{checksum:02X}\\{sentence}"


def aircraft_waypoints(frigate: list[Waypoint]) -> dict[str, tuple[list[Waypoint], list[tuple[float, float]]]]:
    """Return for each aircraft its waypoints and its (hour, altitude in feet) profile."""
    over_s = 14.25 * 3600.0
    at_km = sampled_at(frigate, np.array([over_s - 60.0, over_s, over_s + 60.0]))
    ship = (at_km[2] - at_km[0]) / 2.0 * 60.0  # km an hour
    plane_speed = np.array([0.0, -220.0 * KNOT_KM_PER_HOUR])
    relative = plane_speed - ship
    across = np.array([relative[1], -relative[0]]) / np.hypot(*relative) * 0.120
    low = [
        Waypoint(14.25 + h, float(p[0]), float(p[1]))
        for h in (-0.1, 0.1)
        for p in (at_km[1] + across + plane_speed * h,)
    ]
    patrol, fighter = meeting(38.2, (17.9, 55.6), (35.0, 300.0), (35.0, 300.0), apart_m=150.0, lasting_h=0.1)
    base_east, base_west = plane_km(19.9, 55.3), plane_km(16.2, 56.0)
    return {
        PATROL: (
            [Waypoint(13.6, *base_east), *low, Waypoint(14.95, *base_east),
             Waypoint(37.7, *base_east), *patrol, Waypoint(38.9, *base_east)],
            [(13.6, 1000), (13.9, 3000), (14.15, 400), (14.35, 400), (14.6, 3000), (14.95, 1000),
             (37.7, 1500), (38.0, 20000), (38.4, 20000), (38.9, 1500)],
        ),
        FIGHTER: (
            [Waypoint(37.8, *base_west), *fighter, Waypoint(38.7, *base_west)],
            [(37.8, 1500), (38.05, 20150), (38.35, 20150), (38.7, 1500)],
        ),
    }  # fmt: skip


def write_traces(frigate: list[Waypoint], folder: Path, rng: Generator) -> None:
    """Write one trace a mover as tar1090 does: seconds, place, altitude, speed, course, rate every 5 s."""
    for mover, (waypoints, heights) in aircraft_waypoints(frigate).items():
        frame = fixes(mover, waypoints, 5.0, rng)
        flying = pl.any_horizontal(
            pl.col("second").is_between(a * 3600, b * 3600) for a, b in ((13.6, 14.95), (37.7, 38.9))
        )
        frame = frame.filter(flying)
        feet = np.interp(frame["second"] / 3600.0, [h for h, _ in heights], [f for _, f in heights])
        rate = np.gradient(feet, frame["second"].to_numpy() / 60.0)
        trace = [
            [row["second"], row["lat"], row["lon"], round(float(up) / 25) * 25, row["speed_kn"],
             row["course_deg"], 0, round(float(fpm) / 64) * 64, None]
            for row, up, fpm in zip(frame.iter_rows(named=True), feet, rate, strict=True)
        ]  # fmt: skip
        icao = mover.removeprefix("icao24:")
        document = {"icao": icao, "desc": "SYNTHETIC", "timestamp": START.timestamp(), "trace": trace}
        (folder / f"trace_full_{icao}.json").write_text(json.dumps(document), encoding="utf-8")


def write_states(naval: dict[str, list[Waypoint]], target: Path, *, hour: float) -> None:
    """Write one picture of positions, as ``detente predict`` reads it: the naval ships at this hour."""
    rows = []
    second = np.array([hour * 3600.0])
    for mover, waypoints in naval.items():
        here = sampled_at(waypoints, second)[0]
        step = (sampled_at(waypoints, second + 1.0)[0] - here) * 3600.0
        lon, lat = place_deg(np.array([here[0]]), np.array([here[1]]))
        rows.append(
            {
                "id": mover, "lat": round(float(lat[0]), 6), "lon": round(float(lon[0]), 6), "altitude_ft": 0,
                "speed_kn": round(float(np.hypot(*step)) / KNOT_KM_PER_HOUR, 2),
                "course_deg": round(float(np.degrees(np.arctan2(step[0], step[1]))) % 360.0, 2),
                "vertical_fpm": 0,
            }
        )  # fmt: skip
    pl.DataFrame(rows).write_csv(target)


def write_scenario(folder: Path) -> list[Path]:
    """Write every file of the scenario into the folder; returns the files of tracks."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = default_rng(20180404)
    naval = naval_waypoints()
    slow = merchants(rng) | fishing_boats(rng)
    frames = [fixes(mover, points, 60.0, rng) for mover, points in slow.items()]
    frames += [fixes(mover, points, 20.0, rng) for mover, points in ferry_and_trawler().items()]
    heard_by_station = (HUNTER, LISTENER)
    frames += [fixes(m, points, 30.0, rng) for m, points in naval.items() if m not in heard_by_station]
    station = pl.concat([fixes(m, naval[m], 60.0, rng) for m in heard_by_station]).sort("second", "mover")
    hunter_then = station.filter(pl.col("mover") == HUNTER)
    everything = with_faults([*frames, *moored(rng), hunter_then], rng)
    write_csv(everything.filter(pl.col("mover") != HUNTER), folder / "ships.csv")
    write_nmea(station, folder / "station.nmea")
    write_traces(naval[FRIGATE], folder, rng)
    write_states(naval, folder / "states.csv", hour=9.5 - 5.0 / 60.0)
    shutil.copyfile(HERE / "sides.toml", folder / "sides.toml")
    return [folder / "ships.csv", folder / "station.nmea", *sorted(folder.glob("trace_full_*.json"))]


def moment_of(hour: float) -> str:
    """Return an hour of the scenario as ISO 8601 UTC."""
    return f"{START + timedelta(hours=hour):%Y-%m-%dT%H:%M:%SZ}"


if __name__ == "__main__":
    for written in write_scenario(Path(sys.argv[1])):
        print(written)
