"""What all routes share: the way to the node, the picture, who is signed in, the clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from detente.desk.alarm_keeping import AlarmKeeping
from detente.desk.asking import Node
from detente.desk.events import Hub
from detente.desk.limiting import Limits
from detente.desk.picture.live import LivePicture
from detente.desk.visitors import SignIn
from detente.node.serving.log import Log
from detente.node.settings.structs import OtherFrame

__all__ = ["Room"]


_PAPERS_AT_ONCE = 2


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(slots=True)
class Room:
    """One desk. hosts: names by which it is reached; site: the domain of its passkeys; language: when none is asked.

    map_file: the site's own map, None for none. has_oidc: the site has a sign-in of its own. other_side: the frame of
    the other side's movers.
    """

    node: Node
    picture: LivePicture
    hub: Hub
    alarms: AlarmKeeping
    sign_in: SignIn
    log: Log
    static: Path
    hosts: frozenset[str]
    site: str = "localhost"
    language: str = "en"
    is_tls: bool = False
    map_file: Path | None = None
    has_oidc: bool = False
    other_side: OtherFrame = "neutral"
    limits: Limits = field(default_factory=Limits)
    papers: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_PAPERS_AT_ONCE))
    """For PDF files that are drawn at once: one of a long text takes seconds of a core."""
    now_ms: Callable[[], int] = _now_ms
    clock_s: Callable[[], float] = time.monotonic
