"""Run every contender on the same archives, one at a time, each in a fresh process; write bench/RESULTS.md.

.venv/bin/python bench/run.py            # everything; about an hour on two cores
.venv/bin/python bench/run.py --quick    # 1 M fixes, once
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import results

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
DATA = HERE / "data"
OWN = Path(sys.executable)
PEERS = ROOT / ".venv-bench" / "bin" / "python"
SHARED = ROOT.parent / "shared" / "data"
WITHIN_M, SLACK_M = 500.0, 0.5
PICTURE_WITHIN_M = 9260.0

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Contender:
    """A script of bench/peers and the Python that runs it."""

    name: str
    python: Path
    script: str
    options: tuple[str, ...] = ()
    timeout_s: float = 1800.0


DETENTE = Contender("détente", OWN, "detente_search.py")
DUCKDB = Contender(
    "DuckDB, box per mover and slot", PEERS, "duckdb_sql.py", ("--plan", "movers", "--slot-s", "180")
)
DUCKDB_LEGS = Contender("DuckDB, box per leg", PEERS, "duckdb_sql.py", ("--plan", "legs", "--slot-s", "180"))
KDTREE = Contender("KD-tree on a 10 s grid", PEERS, "kdtree.py")
POLARS = Contender("Polars, read and sort", OWN, "polars_sort.py")
MOVINGPANDAS = Contender("movingpandas, aligned at 10 s", PEERS, "movingpandas_align.py", timeout_s=400)
TRAFFIC = Contender("traffic, closest_point_of_approach", PEERS, "traffic_cpa.py", timeout_s=400)
BLUESKY = Contender("bluesky, compiled", PEERS, "bluesky_picture.py", ("--within-m", str(PICTURE_WITHIN_M)))
PREDICT = Contender("détente", OWN, "detente_picture.py", ("--within-m", str(PICTURE_WITHIN_M)))


@dataclass(slots=True)
class Session:
    """What this run measured so far; ``repeats`` of small archives."""

    quick: bool
    repeats: int
    measured: dict[str, Result] = field(default_factory=dict)

    def race(self, title: str, archive: Path, contenders: tuple[Contender, ...], repeats: int) -> None:
        """Let the contenders run in turn, ``repeats`` times, so that a busy moment hits none alone."""
        runs: dict[str, list[Result]] = {contender.name: [] for contender in contenders}
        for _ in range(repeats):
            for contender in contenders:
                runs[contender.name].append(run(contender, archive, title))
        found = {name: middle(several) for name, several in runs.items()}
        self.measured.setdefault(title, {}).update(found)


def main(argv: list[str] | None = None) -> int:
    """Measure and write; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--out", type=Path, default=HERE / "RESULTS.md")
    given = parser.parse_args(argv)
    session = Session(given.quick, 1 if given.quick else given.repeats)
    begun = os.getloadavg()[0]
    prepare(quick=given.quick)
    session.race("1m", DATA / "1m.parquet", (DETENTE, DUCKDB, DUCKDB_LEGS, KDTREE, POLARS), session.repeats)
    exactness(session, "1m", (DUCKDB, DUCKDB_LEGS, KDTREE))
    solent(session)
    session.race("picture", DATA / "picture.csv", (PREDICT, BLUESKY), session.repeats)
    pictures_compared(session)
    for plant in ("teleport", "fast"):
        session.race(f"1m-{plant}", DATA / f"1m-{plant}.parquet", (DETENTE, DUCKDB), session.repeats)
    session.race("1m-broken", DATA / "1m-broken.parquet", (DETENTE, DUCKDB, DUCKDB_LEGS, POLARS), session.repeats)
    exactness(session, "1m-broken", (DUCKDB, DUCKDB_LEGS))
    if not given.quick:
        session.race("hour", DATA / "hour.parquet", (DETENTE, DUCKDB, MOVINGPANDAS), 1)
        exactness(session, "hour", (DUCKDB, MOVINGPANDAS))
        session.race("minutes", DATA / "minutes.parquet", (DETENTE, DUCKDB, TRAFFIC), 1)
        exactness(session, "minutes", (DUCKDB, TRAFFIC))
        for size in ("2m", "5m"):
            session.race(size, DATA / f"{size}.parquet", (DETENTE, POLARS), session.repeats)
        session.race("10m", DATA / "10m.parquet", (DETENTE, POLARS), session.repeats)
        session.race("10m", DATA / "10m.parquet", (DUCKDB, DUCKDB_LEGS, KDTREE), 1)
        exactness(session, "10m", (DUCKDB, DUCKDB_LEGS, KDTREE))
        for plant in ("teleport", "fast"):
            session.race(f"10m-{plant}", DATA / f"10m-{plant}.parquet", (DETENTE,), session.repeats)
    session.measured["start"] = start_times()
    session.measured["revision"] = {"text": revision()}
    session.measured["load"] = {"before": begun, "after": os.getloadavg()[0]}
    (DATA / "measured.json").write_text(json.dumps(session.measured, indent=1), "utf-8")
    command = " ".join(["python", "bench/run.py", *(argv if argv is not None else sys.argv[1:])])
    text = results.page(session.measured, command)
    given.out.write_text(text, "utf-8")
    print(text)
    return 0


def prepare(*, quick: bool) -> None:
    """Write the archives that are missing."""
    wanted: dict[str, tuple[str, ...]] = {"1m": ("1_000_000",)}
    wanted |= {"1m-broken": ("1_000_000", "--broken-rest")}
    wanted |= {f"1m-{plant}": ("1_000_000", "--plant", plant) for plant in ("teleport", "fast")}
    if not quick:
        wanted |= {"hour": ("500_000", "--hours", "1"), "minutes": ("500_000", "--hours", "0.1667")}
        wanted |= {f"{millions}m": (f"{millions}_000_000",) for millions in (2, 5, 10)}
        wanted |= {f"10m-{plant}": ("10_000_000", "--plant", plant) for plant in ("teleport", "fast")}
    for name, options in wanted.items():
        path = DATA / f"{name}.parquet"
        if not path.exists():
            generate = [str(OWN), str(HERE / "generate.py"), "--fixes", *options, "--out", str(path)]
            subprocess.run(generate, check=True)
    if not (DATA / "picture.csv").exists():
        picture = [str(OWN), str(HERE / "picture.py"), "--aircraft", "10_000", "--out", str(DATA / "picture.csv")]
        subprocess.run(picture, check=True)


def run(contender: Contender, archive: Path, title: str) -> Result:
    """Run one contender once in a fresh process; what failed says so in ``failed``, and is no figure."""
    pairs = pairs_path(title, contender)
    pairs.unlink(missing_ok=True)
    command = [str(contender.python), str(HERE / "peers" / contender.script), "--data", str(archive)]
    command += [*contender.options, "--pairs", str(pairs)]
    print(f"{title}: {contender.name} ...", file=sys.stderr, flush=True)
    begun = time.perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=contender.timeout_s, check=False)
    except subprocess.TimeoutExpired:
        return {"name": contender.name, "failed": f"not done after {contender.timeout_s:.0f} s"}
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        return {"name": contender.name, "failed": last[:200]}
    return parsed(done.stdout) | {"whole_wall_s": time.perf_counter() - begun}


def parsed(output: str) -> Result:
    """Return what a contender printed on its last line."""
    found: Result = json.loads(output.strip().splitlines()[-1])
    return found


def middle(several: list[Result]) -> Result:
    """Return the run with the median CPU time of the search (or the reading), with all of them beside it."""
    good = [one for one in several if "failed" not in one]
    if not good:
        return several[0]
    ordered = sorted(good, key=work_cpu_s)
    chosen = dict(ordered[(len(ordered) - 1) // 2])
    chosen["all_cpu_s"] = [work_cpu_s(one) for one in several if "failed" not in one]
    chosen["peak_mib"] = max(one["peak_mib"] for one in good)
    phases = {name for one in good for name in one["phases"]}
    chosen["phases"] = {
        name: {unit: statistics.median(one["phases"][name][unit] for one in good) for unit in ("cpu_s", "wall_s")}
        for name in phases
    }
    return chosen


def work_cpu_s(one: Result) -> float:
    """CPU seconds of the search; of reading and sorting for the yardstick, which does not search."""
    phases = one["phases"]
    if "search" in phases:
        return float(phases["search"]["cpu_s"])
    return float(phases["read"]["cpu_s"] + phases["sort_mover_time"]["cpu_s"])


def pairs_path(title: str, contender: Contender) -> Path:
    """Return where a contender's pairs lie."""
    folder = DATA / "pairs"
    folder.mkdir(parents=True, exist_ok=True)
    word = contender.script.removesuffix(".py") + "".join(contender.options).replace("-", "").replace(".", "")
    return folder / f"{title}-{word}.parquet"


def exactness(session: Session, title: str, others: tuple[Contender, ...]) -> None:
    """Count what each missed and invented: détente against DuckDB's exact set, the others against détente's."""
    own, exact = pairs_path(title, DETENTE), pairs_path(title, DUCKDB)
    found = session.measured[title]
    if own.exists() and exact.exists():
        found[DETENTE.name] |= difference(pl.read_parquet(own), pl.read_parquet(exact))
    for contender in others:
        path = pairs_path(title, contender)
        if own.exists() and path.exists() and "failed" not in found[contender.name]:
            found[contender.name] |= difference(pl.read_parquet(path), pl.read_parquet(own))


def difference(found: pl.DataFrame, reference: pl.DataFrame) -> Result:
    """Return pairs missed and extra beyond half a metre of the limit, and the largest difference in distance."""
    sure = pl.col("distance_m") < WITHIN_M - SLACK_M
    keys = ["a", "b"]
    both = found.join(reference, on=keys, suffix="_reference")
    apart = (both["distance_m"] - both["distance_m_reference"]).abs().max() if both.height else None
    return {
        "missed": reference.filter(sure).join(found, on=keys, how="anti").height,
        "extra": found.filter(sure).join(reference, on=keys, how="anti").height,
        "apart_m": apart,
    }


def solent(session: Session) -> None:
    """Hold the exact ones, and the KD-tree, against the geodesic pairs of a real harbour, where these lie."""
    expected = SHARED / "encounters" / "solent_clean_R500_gap180_pairs.csv"
    if not expected.exists():
        session.measured["solent"] = {}
        return
    archive = DATA / "solent.parquet"
    solent_archive(SHARED / "ais" / "SolentAIS_20160112_130211.csv").write_parquet(archive)
    session.race("solent", archive, (DETENTE, DUCKDB, KDTREE), 1)
    reference = pl.read_csv(expected).select(
        a=pl.format("mmsi:{}", "id_a"), b=pl.format("mmsi:{}", "id_b"), distance_m="d_cpa_m"
    )
    for contender in (DETENTE, DUCKDB, KDTREE):
        one = session.measured["solent"][contender.name]
        if "failed" not in one:
            one |= difference(pl.read_parquet(pairs_path("solent", contender)), reference)


def solent_archive(path: Path) -> pl.DataFrame:
    """Return the file's fixes, cleaned as its expected answers are: one real teleport and duplicates dropped."""
    rows = (
        pl.read_csv(path)
        .select(
            mover=pl.format("mmsi:{}", "MMSI"),
            time=pl.col("Time").str.to_datetime(time_unit="us").dt.replace_time_zone("UTC"),
            lon=pl.col("Longitude_degrees").cast(pl.Float64),
            lat=pl.col("Latitude_degrees").cast(pl.Float64),
            speed_kn=pl.col("SOG_knots").cast(pl.Float64),
            course_deg=pl.col("COG_degrees").cast(pl.Float64),
            kind=pl.lit("ship"),
        )
        .unique(["mover", "time"], keep="first", maintain_order=True)
        .sort("mover", "time", maintain_order=True)
    )
    east = (pl.col("lon").diff() * pl.col("lat").radians().cos()).over("mover") * 111_195
    hop = (east**2 + (pl.col("lat").diff().over("mover") * 111_195) ** 2).sqrt()
    rows = rows.with_columns(
        hop=hop, speed=hop / (pl.col("time").diff().dt.total_microseconds() / 1e6).over("mover")
    )
    far = ((pl.col("hop") > 1000) & (pl.col("speed") > 60)).fill_null(value=False)
    rows = rows.with_columns(far=far)
    thrown = pl.col("far") & pl.col("far").shift(-1).over("mover").fill_null(value=False)
    return rows.filter(~thrown).drop("hop", "speed", "far").sort("time", "mover")


def pictures_compared(session: Session) -> None:
    """Say how many pairs of one picture only one of both detectors has."""
    own, other = pairs_path("picture", PREDICT), pairs_path("picture", BLUESKY)
    if own.exists() and other.exists():
        ours, theirs = pl.read_parquet(own), pl.read_parquet(other)
        session.measured["picture"][BLUESKY.name] |= {
            "missed": ours.join(theirs, on=["a", "b"], how="anti").height,
            "extra": theirs.join(ours, on=["a", "b"], how="anti").height,
        }


def start_times() -> Result:
    """Return wall seconds of ``detente --help`` and of loading kernels, compiled and from the cache."""
    helps = [wall_s([str(OWN.parent / "detente"), "--help"], os.environ.copy()) for _ in range(7)]
    load = (
        "from detente.encounters.compiled import FINDING, PREDICTING, compile_kernels;"
        "compile_kernels(modules=(*FINDING, *PREDICTING))"
    )
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        first = wall_s([str(OWN), "-c", load], environment)
        later = wall_s([str(OWN), "-c", load], environment)
    return {"help_s": statistics.median(helps), "help_best_s": min(helps), "first_s": first, "later_s": later}


def revision() -> str:
    """Return the commit that was measured, and whether anything differed from it."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout[:12]
    changed = subprocess.run([*git, "diff", "--quiet", "HEAD"], capture_output=True, check=False).returncode
    return f"{commit or 'unknown'}{' with changes' if changed else ''}"


def wall_s(command: list[str], environment: dict[str, str]) -> float:
    """Return how long a command takes."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
