"""What the README and the tour show is run: commands on small made-up files, Python, the example programs."""

from __future__ import annotations

import gzip
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
TOUR = (ROOT / "docs" / "tour.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def blocks(page: str, language: str = "") -> list[str]:
    """Return the fenced blocks of one language of a page, in order."""
    fences = page.split("```")[1::2]  # what stands between an opening and its closing fence
    parts = [fence.partition("\n") for fence in fences]
    return [body for name, _, body in parts if name == language]


@pytest.fixture(scope="module")
def desk(scenario: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with files of the names that the README uses."""
    folder = tmp_path_factory.mktemp("desk")
    with zipfile.ZipFile(folder / "aisdk-2018-04-04.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.write(scenario / "ships.csv", "aisdk-2018-04-04.csv")
    shutil.copy(scenario / "ships.csv", folder / "aisdk-2018-04-04.csv")
    (folder / "ships.csv.gz").write_bytes(gzip.compress((scenario / "ships.csv").read_bytes(), mtime=0))
    (folder / "traces").mkdir()
    for trace in scenario.glob("trace_*.json"):
        shutil.copy(trace, folder / "traces")
    shutil.copy(next(scenario.glob("*.nmea")), folder / "receiver.nmea")
    shutil.copy(scenario / "sides.toml", folder)
    shutil.copy(scenario / "states.csv", folder / "picture.csv")
    shell("detente notice new exercise --example > plan.toml", folder)
    shell("detente encounters aisdk-2018-04-04.csv --within 0.5nm --out e.parquet", folder)
    return folder


def commands(page: str, first: str) -> list[str]:
    """Return the commands of the block that begins so."""
    block = next(block for block in blocks(page) if block.lstrip().startswith(first))
    return [line for line in block.splitlines() if line.startswith("detente ")]


EXAMPLES = commands(README, "# who came too close")
COMMANDS = EXAMPLES[:-1] + commands(TOUR, "# every pair")


def test_the_readme_shows_five_examples() -> None:
    assert len(EXAMPLES) == 5
    assert EXAMPLES[-1].startswith("detente scenario play baltic-2018.toml")  # test_demo plays it
    assert (ROOT / "examples" / "scenarios" / "baltic-2018.toml").exists()


@pytest.mark.timeout(300)
@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_works(desk: Path, tmp_path: Path, command: str) -> None:
    folder = desk
    if command.startswith("detente watch"):  # three days at full speed take minutes; the first pass is enough
        folder = tmp_path
        shutil.copy(desk / "sides.toml", folder)
        rows = (desk / "aisdk-2018-04-04.csv").read_text(encoding="utf-8").splitlines()
        kept = [row for row in rows[1:] if "04/04/2018 09:05" <= row[:16] <= "04/04/2018 09:45"]
        (folder / "aisdk-2018-04-04.csv").write_text("\n".join([rows[0], *kept, ""]), encoding="utf-8")
    run = subprocess.run(
        ["bash", "-c", command],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "PATH": f"{BIN}:/usr/bin:/bin"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip()


@pytest.mark.timeout(300)
def test_the_line_of_the_tour_works(tmp_path: Path) -> None:
    (story,) = [block for block in blocks(TOUR) if block.startswith("detente line init")]
    story = story.replace("verifier/verify.py", str(ROOT / "verifier" / "verify.py"))
    (tmp_path / "passphrase").write_text("a passphrase for a test\n", encoding="utf-8")
    (tmp_path / "stick").mkdir()
    east = "detente line init east --member east && detente line card east > east.card\n"
    first, rest = story.split("\n", 1)
    joined = rest.replace("\n", "\ndetente line join east --line baltic west.card east.card\n", 1)
    run = subprocess.run(
        ["bash", "-ec", f"{east}{first}\n{joined}"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
        env={
            **os.environ,
            "PATH": f"{BIN}:/usr/bin:/bin",
            "DETENTE_PASSPHRASE_FILE": str(tmp_path / "passphrase"),
        },
    )  # fmt: skip
    assert run.returncode == 0, run.stdout + run.stderr
    assert "west signed entry 0" in run.stdout


@pytest.mark.timeout(300)
def test_the_python_of_the_tour_works(desk: Path) -> None:
    (program,) = blocks(TOUR, "python")
    run = subprocess.run([sys.executable, "-c", program], cwd=desk, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "distance_m" in run.stdout


@pytest.mark.timeout(300)
@pytest.mark.parametrize("program", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.stem)
def test_each_example_program_runs(desk: Path, program: Path) -> None:
    arguments = [str(desk / "aisdk-2018-04-04.csv")] if "TRACKS" in program.read_text(encoding="utf-8") else []
    run = subprocess.run([sys.executable, str(program), *arguments], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert "distance_m" in run.stdout


@pytest.mark.parametrize("page", ["README.md", "docs/tour.md"])
def test_every_page_that_is_named_is_there(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)", text):
        if "://" not in target:
            assert ((ROOT / page).parent / target).exists(), target


def shell(block: str, folder: Path) -> None:
    run = subprocess.run(
        ["bash", "-ec", block],
        cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, "PATH": f"{BIN}:/usr/bin:/bin"},
    )  # fmt: skip
    assert run.returncode == 0, run.stderr


@pytest.mark.timeout(300)
def test_the_notices_of_the_tour_work(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(TOUR) if block.startswith("# a form with every field")]
    shell(block, tmp_path)
    assert (tmp_path / "due.ics").read_text(encoding="utf-8").startswith("BEGIN:VCALENDAR")


@pytest.mark.timeout(300)
def test_the_announcements_and_contacts_of_the_tour_work(desk: Path, tmp_path: Path) -> None:
    for name in ("aisdk-2018-04-04.csv", "picture.csv"):
        shutil.copy(desk / name, tmp_path)
    notice = ROOT / "examples" / "notices" / "baltic-firing-2018.toml"
    for kind, name in (("warning", "warnings"), ("notam", "notams")):
        (tmp_path / name).mkdir()
        shell(f"detente areas write {notice} --as {kind} > {name}/one.txt", tmp_path)
    (tmp_path / "contacts.csv").write_text(
        "date,precision,type,participants,subject,source\n2018-04-19,day,meeting,Able - Baker,talks,made up\n"
    )
    (tmp_path / "offices.csv").write_text(
        "person,office,side,from,to\nA. Able,Supreme Allied Commander Europe,W,2016,\n"
        "B. Baker,Chief of the General Staff,E,2012,\n"
    )
    (block,) = [block for block in blocks(TOUR) if block.startswith("# announcements in")]
    shell(block, tmp_path)
    for name in ("lead-time.html", "visits.html"):
        assert (tmp_path / name).stat().st_size > 2000
    assert "Able" in (tmp_path / "story.html").read_text(encoding="utf-8")
