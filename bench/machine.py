"""What a page of figures says of where they were measured: the machine, and the revision."""

from __future__ import annotations

import os
import platform
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def revision() -> str:
    """Return the revision as git describes it; "-dirty" after it where something is not committed."""
    asked = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    return subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=False).stdout.strip()


def machine() -> str:
    """Return processor, cores, memory, system and Python in one line."""
    names = [
        line for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines() if line.startswith("model name")
    ]
    name = "AMD EPYC" if any("EPYC" in one for one in names) else names[0].partition(":")[2].strip()
    memory_gib = round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30))
    return f"{name}, {os.cpu_count()} cores, {memory_gib} GiB; Linux; Python {platform.python_version()}"
