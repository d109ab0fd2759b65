"""Who may do what: one table from routes to rights, one from rights to roles. Nothing else decides it.

A route that is in neither table cannot be built; a test walks every role over every route.
"""

from __future__ import annotations

from typing import Literal

from detente.node.desk_door.people_questions import PersonDocument, Role

__all__ = ["RIGHTS", "RIGHT_OF", "Right", "may", "rights_of"]

Right = Literal[
    "anyone", "signed-in", "read", "draft", "acknowledge", "overlays", "release", "people", "trail", "watch"
]
"""anyone: before sign-in. signed-in: whatever the role. watch: a machine's token, and no person."""

RIGHTS: dict[Right, frozenset[Role]] = {
    "anyone": frozenset(),
    "signed-in": frozenset(),
    "read": frozenset({"viewer", "drafter", "releaser", "keeper"}),
    "draft": frozenset({"drafter", "releaser"}),
    "acknowledge": frozenset({"drafter", "releaser"}),
    "overlays": frozenset({"drafter", "releaser"}),
    "release": frozenset({"releaser"}),
    "people": frozenset({"keeper"}),
    "trail": frozenset({"keeper"}),
    "watch": frozenset(),
}
"""Each right, and the roles that have it. A keeper manages people, and drafts, acknowledges and releases nothing."""

RIGHT_OF: dict[str, Right] = {
    # before sign-in
    "openapi": "anyone",
    "health": "anyone",
    "sign_in_ways": "anyone",
    "sign_in_begin": "anyone",
    "sign_in_finish": "anyone",
    "enrol_begin": "anyone",
    "enrol_finish": "anyone",
    "oidc_begin": "anyone",
    "oidc_back": "anyone",
    "sign_out": "signed-in",
    "me": "signed-in",
    # the record
    "lines": "read",
    "entries": "read",
    "entry": "read",
    "content": "read",
    "activities": "read",
    "incidents": "read",
    "contacts": "read",
    "areas": "read",
    "obligations": "read",
    "timeline": "read",
    "handover": "read",
    "print_entry": "read",
    "pdf_entry": "read",
    # drafts
    "forms": "read",
    "drafts": "read",
    "draft_content": "read",
    "check": "draft",
    "draft_keep": "draft",
    "draft_discard": "draft",
    "release_begin": "release",
    "release_finish": "release",
    # the picture
    "picture": "read",
    "events": "read",
    "replay": "read",
    "trails": "read",
    "site_map": "read",
    "overlays": "read",
    "overlay_put": "overlays",
    "overlay_remove": "overlays",
    "alarms": "read",
    "alarm_acknowledge": "acknowledge",
    "alarms_silence": "acknowledge",
    # people
    "people": "people",
    "person_add": "people",
    "person_change": "people",
    "person_remove": "people",
    "person_re_enrol": "people",
    "token_add": "people",
    "token_remove": "people",
    "trail": "trail",
    # exports
    "exports": "read",
    "export_entries": "read",
    "export_areas_geojson": "read",
    "export_areas_kml": "read",
    "export_tracks": "read",
    "export_entries_parquet": "read",
    "export_picture_cot": "read",
    # machines
    "watch_positions": "watch",
    "watch_encounters": "watch",
    "watch_feeds": "watch",
    "watch_drafts": "watch",
}
"""Each route by its name in the description, and the right that it needs."""


def may(person: PersonDocument, right: Right) -> bool:
    """Tell whether somebody who is signed in has a right."""
    return right == "signed-in" or not RIGHTS[right].isdisjoint(person.roles)


def rights_of(person: PersonDocument) -> tuple[Right, ...]:
    """Return the rights of a person, as ``me`` tells them."""
    return tuple(right for right in RIGHTS if RIGHTS[right] and may(person, right))
