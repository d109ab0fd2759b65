"""A real desk for the benchmark of the watch, in a process of its own: says when each encounter came.

python bench/watch/desk_side.py FOLDER; prints {"url": ..., "token": ...}, then {"encounter": [a, b], "at_s": ...} for
the first time that each is taken into the picture, which is when its alarm is raised. Ends when its input does.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from tests.desk.desks import TOKEN, running

from detente.desk.picture.documents import Encounter


def main(folder: Path) -> None:
    """Run until standard input ends."""
    with running(folder) as desk:
        picture = desk.room.picture
        take = picture.take_encounters
        seen: set[str] = set()

        def stamped(encounters: Iterable[Encounter], now_ms: int) -> Any:
            encounters = tuple(encounters)
            taken = take(encounters, now_ms)
            for one in encounters:
                if one.id not in seen:
                    seen.add(one.id)
                    print(json.dumps({"encounter": [one.a, one.b], "at_s": time.time()}), flush=True)
            return taken

        picture.take_encounters = stamped  # type: ignore[method-assign]
        print(json.dumps({"url": desk.url, "token": TOKEN}), flush=True)
        sys.stdin.read()
        print(json.dumps({"movers": len(picture.movers), "alarms": len(picture.encounters.alarms())}), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
