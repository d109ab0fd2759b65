"""Measure détente and its peers on the same archives, one at a time, each in a fresh process, section by section.

.venv/bin/python bench/run.py                            # every section; over an hour on two cores
.venv/bin/python bench/run.py --only search-1m,odd-1m    # some, in a quiet hour; the others stay as they were
.venv/bin/python bench/run.py --quick                    # the sections of one million fixes, once, kept apart
.venv/bin/python bench/run.py --render                   # nothing but the page

A section holds whatever it compares, so that all of it is measured in one run on one machine. It is written to
bench/results/SECTION.json with date, machine, load and revision; bench/RESULTS.md is made from those files.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import version
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


DETENTE = Contender(results.OWN, OWN, "detente_search.py")
DETENTE_SEARCH = Contender(results.OWN, OWN, "detente_search.py", ("--search-only",))
DUCKDB = Contender(results.DUCKDB, PEERS, "duckdb_sql.py", ("--plan", "movers", "--slot-s", "180"))
DUCKDB_LEGS = Contender(results.DUCKDB_LEGS, PEERS, "duckdb_sql.py", ("--plan", "legs", "--slot-s", "180"))
DUCKDB_ONE = Contender(
    results.DUCKDB_ONE, PEERS, "duckdb_sql.py", ("--plan", "movers", "--slot-s", "180", "--threads", "1")
)
AREAS = Contender(results.AREAS, OWN, "detente_areas.py")
AREAS_COVERED = Contender(results.AREAS_COVERED, OWN, "detente_areas.py", ("--coverage",))
KDTREE = Contender("KD-tree on a 10 s grid", PEERS, "kdtree.py")
POLARS = Contender(results.POLARS, OWN, "polars_sort.py")
MOVINGPANDAS = Contender("movingpandas, aligned at 10 s", PEERS, "movingpandas_align.py", timeout_s=400)
TRAFFIC = Contender("traffic, closest_point_of_approach", PEERS, "traffic_cpa.py", timeout_s=400)
BLUESKY = Contender(results.BLUESKY, PEERS, "bluesky_picture.py", ("--within-m", str(PICTURE_WITHIN_M)))
PREDICT = Contender(results.OWN, OWN, "detente_picture.py", ("--within-m", str(PICTURE_WITHIN_M)))

ARCHIVES: dict[str, tuple[str, ...]] = {
    "1m": ("1_000_000",),
    "2m": ("2_000_000",),
    "5m": ("5_000_000",),
    "10m": ("10_000_000",),
    "1m-broken": ("1_000_000", "--broken-rest"),
    "1m-teleport": ("1_000_000", "--plant", "teleport"),
    "1m-fast": ("1_000_000", "--plant", "fast"),
    "10m-teleport": ("10_000_000", "--plant", "teleport"),
    "10m-fast": ("10_000_000", "--plant", "fast"),
    "hour": ("500_000", "--hours", "1"),
    "minutes": ("500_000", "--hours", "0.1667"),
}
"""Of each archive, what generate.py is told after --fixes."""


@dataclass(slots=True)
class Section:
    """What one section measured so far, by archive and contender; ``repeats`` of what does not take long."""

    repeats: int
    measured: dict[str, Result] = field(default_factory=dict)

    def race(self, title: str, *contenders: Contender, repeats: int | None = None) -> None:
        """Let contenders run on an archive in turn, so that a busy moment hits none alone."""
        self.races((title,), *contenders, repeats=repeats)

    def races(self, titles: tuple[str, ...], *contenders: Contender, repeats: int | None = None) -> None:
        """Let contenders run on several archives in turn; those are written that are missing."""
        archives = {title: archive(title) for title in titles}
        runs: dict[tuple[str, str], list[Result]] = {}
        for _ in range(repeats or self.repeats):
            for title in titles:
                for contender in contenders:
                    came = run(contender, archives[title], title)
                    runs.setdefault((title, contender.name), []).append(came)
        for (title, name), several in runs.items():
            self.measured.setdefault(title, {})[name] = middle(several)


def search_1m(section: Section) -> None:
    """Ask everyone who can answer it the question at one million fixes."""
    section.race("1m", DETENTE, DUCKDB, DUCKDB_ONE, DUCKDB_LEGS, KDTREE, POLARS)
    exactness(section, "1m", DUCKDB, DUCKDB_ONE, DUCKDB_LEGS, KDTREE)


def broken_1m(section: Section) -> None:
    """Ask the same where jitter breaks half of all motion at rest."""
    section.race("1m-broken", DETENTE, DUCKDB, DUCKDB_LEGS, POLARS)
    exactness(section, "1m-broken", DUCKDB, DUCKDB_LEGS)


def search_10m(section: Section) -> None:
    """Search ten million fixes, against the plan of SQL that is better at one million."""
    section.race("10m", DETENTE, POLARS)
    section.race("10m", DUCKDB, DUCKDB_ONE, repeats=1)
    exactness(section, "10m", DUCKDB, DUCKDB_ONE)


def legs_10m(section: Section) -> None:
    """Search ten million fixes, against the other plan of SQL."""
    section.race("10m", DETENTE, DUCKDB_LEGS, repeats=1)
    exactness(section, "10m", DUCKDB_LEGS)


def kdtree_10m(section: Section) -> None:
    """Search ten million fixes, against the KD-tree."""
    section.race("10m", DETENTE, KDTREE, repeats=1)
    exactness(section, "10m", KDTREE)


def odd_1m(section: Section) -> None:
    """Plant one bad fix, or one fast mover, in a million fixes; five runs, for the differences are small."""
    section.races(("1m", "1m-teleport", "1m-fast"), DETENTE_SEARCH, repeats=section.repeats + 2)


def odd_duckdb(section: Section) -> None:
    """Plant the same for DuckDB."""
    section.races(("1m", "1m-teleport", "1m-fast"), DUCKDB, repeats=1)


def odd_10m(section: Section) -> None:
    """Plant one bad fix, or one fast mover, in ten million fixes."""
    section.races(("10m", "10m-teleport", "10m-fast"), DETENTE_SEARCH)


def areas_10m(section: Section) -> None:
    """Look through 500 areas with their windows in ten million fixes, against the search for pairs."""
    section.race("10m", DETENTE_SEARCH, AREAS, AREAS_COVERED)


def curve(section: Section) -> None:
    """Measure cost against size at equal density."""
    section.races(("1m", "2m", "5m", "10m"), DETENTE_SEARCH)


def slow_peers(section: Section) -> None:
    """Measure the slower ones on what they can finish."""
    section.race("hour", DETENTE, DUCKDB, MOVINGPANDAS, repeats=1)
    exactness(section, "hour", DUCKDB, MOVINGPANDAS)
    section.race("minutes", DETENTE, DUCKDB, TRAFFIC, repeats=1)
    exactness(section, "minutes", DUCKDB, TRAFFIC)


def picture(section: Section) -> None:
    """Predict all pairs of one picture, and count those that only one of both detectors has."""
    section.race("picture", PREDICT, BLUESKY)
    own, other = pairs_path("picture", PREDICT), pairs_path("picture", BLUESKY)
    if own.exists() and other.exists():
        ours, theirs = pl.read_parquet(own), pl.read_parquet(other)
        section.measured["picture"][BLUESKY.name] |= {
            "missed": ours.join(theirs, on=["a", "b"], how="anti").height,
            "extra": theirs.join(ours, on=["a", "b"], how="anti").height,
        }


def solent(section: Section) -> None:
    """Hold the exact ones, and the KD-tree, against the geodesic pairs of a real harbour, where these lie."""
    expected = SHARED / "encounters" / "solent_clean_R500_gap180_pairs.csv"
    if not expected.exists():
        return
    solent_archive(SHARED / "ais" / "SolentAIS_20160112_130211.csv").write_parquet(DATA / "solent.parquet")
    section.race("solent", DETENTE, DUCKDB, KDTREE, repeats=1)
    reference = pl.read_csv(expected).select(
        a=pl.format("mmsi:{}", "id_a"), b=pl.format("mmsi:{}", "id_b"), distance_m="d_cpa_m"
    )
    for contender in (DETENTE, DUCKDB, KDTREE):
        one = section.measured["solent"][contender.name]
        if "failed" not in one:
            one |= difference(pl.read_parquet(pairs_path("solent", contender)), reference)


def starting(section: Section) -> None:
    """Take the wall seconds of ``detente --help`` and of loading kernels, compiled and from the cache."""
    program = OWN.parent / "detente"
    command = [str(program)] if program.exists() else [str(OWN), "-m", "detente"]
    helps = [wall_s([*command, "--help"], os.environ.copy()) for _ in range(7)]
    load = (
        "from detente.encounters.compiled import FINDING, PREDICTING, compile_kernels;"
        "compile_kernels(modules=(*FINDING, *PREDICTING))"
    )
    with tempfile.TemporaryDirectory() as cache:
        environment = os.environ | {"NUMBA_CACHE_DIR": cache}
        first = wall_s([str(OWN), "-c", load], environment)
        later = wall_s([str(OWN), "-c", load], environment)
    section.measured["start"] = {
        "help_s": statistics.median(helps),
        "help_best_s": min(helps),
        "first_s": first,
        "later_s": later,
    }


SECTIONS: dict[str, Callable[[Section], None]] = {
    "search-1m": search_1m,
    "search-10m": search_10m,
    "odd-1m": odd_1m,
    "odd-10m": odd_10m,
    "areas-10m": areas_10m,
    "odd-duckdb": odd_duckdb,
    "curve": curve,
    "picture": picture,
    "starting": starting,
    "solent": solent,
    "broken-1m": broken_1m,
    "legs-10m": legs_10m,
    "kdtree-10m": kdtree_10m,
    "slow-peers": slow_peers,
}
QUICK = ("search-1m", "odd-1m", "picture", "solent")


def main(argv: list[str] | None = None) -> int:
    """Measure and write; returns 0."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", type=sections_named, help=f"of {', '.join(SECTIONS)}; with commas")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--render", action="store_true", help="measure nothing")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args(argv)
    folder, page = (DATA / "quick", DATA / "quick.md") if given.quick else (HERE / "results", HERE / "RESULTS.md")
    folder.mkdir(parents=True, exist_ok=True)
    names = given.only or (QUICK if given.quick else tuple(SECTIONS))
    for name in () if given.render else names:
        path = folder / f"{name}.json"
        path.write_text(json.dumps(measure(name, 1 if given.quick else given.repeats), indent=1) + "\n", "utf-8")
    sections = {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(folder.glob("*.json"))}
    remarks = folder / "remarks.md"
    text = results.page(sections, remarks.read_text("utf-8") if remarks.exists() else "")
    page.write_text(text, "utf-8")
    print(text)
    return 0


def sections_named(text: str) -> tuple[str, ...]:
    """Return names of sections given with commas between them."""
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in SECTIONS]
    if unknown:
        raise argparse.ArgumentTypeError(f"{', '.join(unknown)}: not of {', '.join(SECTIONS)}")
    return names


def measure(name: str, repeats: int) -> Result:
    """Run one section; returns what it measured, and when, where and of what."""
    section = Section(repeats)
    begun, load = dt.datetime.now(dt.UTC), os.getloadavg()[0]
    SECTIONS[name](section)
    return {
        "begun": f"{begun:%Y-%m-%d %H:%M} UTC",
        "revision": revision(),
        "machine": machine(),
        "load": [round(load, 2), round(os.getloadavg()[0], 2)],
        "measured": rounded(section.measured),
    }


def rounded(value: Any) -> Any:
    """Return what was measured to the microsecond, which is less than any clock here tells."""
    if isinstance(value, float):
        return float(f"{value:.6f}") if abs(value) > 1e-3 else value
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    return [rounded(one) for one in value] if isinstance(value, list) else value


def machine() -> str:
    """Return processor, cores, memory, system and Python in one line."""
    lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    memory_gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{(models or [platform.processor()])[0]}, {os.cpu_count()} cores, {memory_gib:.0f} GiB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}, numba {version('numba')}"
    )


def archive(title: str) -> Path:
    """Return where an archive lies, written now if it is missing."""
    made_by = "picture.py" if title == "picture" else "generate.py"
    path = DATA / ("picture.csv" if title == "picture" else f"{title}.parquet")
    if not path.exists():
        options = ("--aircraft", "10_000") if title == "picture" else ("--fixes", *ARCHIVES[title])
        subprocess.run([str(OWN), str(HERE / made_by), *options, "--out", str(path)], check=True)
    return path


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


def exactness(section: Section, title: str, *others: Contender) -> None:
    """Count what each missed and invented: détente against DuckDB's exact set, the others against détente's."""
    own = pairs_path(title, DETENTE)
    found = section.measured[title]
    for contender in others:
        exact = pairs_path(title, contender)
        if contender.script == DUCKDB.script and own.exists() and exact.exists():
            found[DETENTE.name] |= difference(pl.read_parquet(own), pl.read_parquet(exact))
            break
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


def revision() -> str:
    """Return the commit that was measured, and whether anything differed from it."""
    git = ["git", "-C", str(ROOT)]
    commit = subprocess.run([*git, "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout[:12]
    # what other sections just wrote is no change of what is measured
    apart = ("--", ".", ":!bench/results", ":!bench/RESULTS.md")
    changed = subprocess.run(
        [*git, "diff", "--quiet", "HEAD", *apart], capture_output=True, check=False
    ).returncode
    return f"{commit or 'unknown'}{' with changes' if changed else ''}"


def wall_s(command: list[str], environment: dict[str, str]) -> float:
    """Return how long a command takes."""
    begun = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - begun


if __name__ == "__main__":
    sys.exit(main())
