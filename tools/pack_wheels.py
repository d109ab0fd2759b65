"""Pack a folder of wheels with which détente is installed where there is no network; see docs/install.md.

The package itself is built from this tree; the others are fetched by the hashes of locks/node.txt. Beside them are
written requirements.txt (every file by its hash, the package's own too) and SHA256SUMS.
"""

from __future__ import annotations

import argparse
import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCK = ROOT / "locks" / "node.txt"


def pip(*arguments: str | Path) -> None:
    """Run pip of this Python; its messages go to standard error. Raises CalledProcessError."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, arguments)]
    subprocess.run(command, check=True, stdout=sys.stderr)


def build(folder: Path) -> Path:
    """Build the package's wheel in the folder; returns it."""
    pip("wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("detente-*.whl")
    return built


def fetch(folder: Path, target: list[str]) -> None:
    """Fetch every package of the lock as a wheel, by hash. target: options of pip that name another machine's kind."""
    pip(
        "download", "--quiet", "--no-deps", "--require-hashes", "--only-binary", ":all:", *target, "--dest", folder,
        "--requirement", LOCK,
    )  # fmt: skip


def sha256(path: Path) -> str:
    """Return the hash of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def main(argv: list[str]) -> int:
    """Pack; 0 when done, 2 when the folder is not empty, 1 when pip could not build or fetch."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path, help="a new or empty folder")
    parser.add_argument(
        "--python-version", metavar="3.N", help="of the machine without a network; else this one's"
    )
    parser.add_argument("--platform", help="of that machine, as manylinux_2_28_aarch64; else this one's")
    arguments = parser.parse_args(argv)
    folder: Path = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        print(f"{folder}: not empty; name a new folder", file=sys.stderr)
        return 2
    target = [f"--{name.replace('_', '-')}={value}" for name in ("python_version", "platform")
              if (value := getattr(arguments, name))]  # fmt: skip
    try:
        built = build(folder)
        fetch(folder, target)
    except subprocess.CalledProcessError as failure:
        print(f"pip ended with {failure.returncode}; the folder is not complete", file=sys.stderr)
        return 1
    version = built.name.split("-")[1]
    own = f"detente=={version} \\\n    --hash=sha256:{sha256(built)}\n"
    (folder / "requirements.txt").write_text(LOCK.read_text(encoding="utf-8") + own, encoding="utf-8")
    sums = "".join(f"{sha256(one)}  {one.name}\n" for one in sorted(folder.iterdir()))
    (folder / "SHA256SUMS").write_text(sums, encoding="utf-8")
    print(f"{folder}: {len(list(folder.glob('*.whl')))} wheels; compare: {sha256(folder / 'SHA256SUMS')}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
