"""After the story: the desks go on, and whoever sits here may come in with a passkey of the own browser.

Links are good once, and for synthetic officers of training lines alone: a home on a real line is refused.
"""

from __future__ import annotations

import contextlib
import time

from detente import words
from detente.scenario.play import Play

__all__ = ["stay"]

say = words.speaker("scenario")

_LOOK_S = 3.0
_ROLES = ("drafter", "releaser", "keeper")


def stay(play: Play) -> None:
    """Keep every node that runs, and hand out a link for each member's desk, until Ctrl-C. Raises RealLine."""
    guests: dict[str, str] = {}
    for who in play.members:
        home = play.homes[who]
        if home.running is None or not home.running.is_alive:
            continue
        guests[who] = say("Visitor at {who} (SYNTHETIC)", who=who)
        link = home.add_person(guests[who], *_ROLES)
        play.story.told(say("the desk of {who} goes on; a link that works once: {link}", who=who, link=link))
    play.story.told(say("open the links in a browser that keeps passkeys; Ctrl-C ends everything"))
    with contextlib.suppress(KeyboardInterrupt):
        while guests:
            for who in list(guests):
                home = play.homes[who]
                if home.has_passkeys((guests[who],)):
                    home.name_officers()
                    play.story.told(say("{name} may write and release now", name=guests.pop(who)))
            time.sleep(_LOOK_S)
        while True:
            time.sleep(_LOOK_S)
