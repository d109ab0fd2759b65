"""Which store keeps a home's records: a durable fact of the home, never its password.

A home that says nothing keeps them in SQLite files under HOME/lines. Where it says otherwise it is a home of format
2, which an older détente refuses: it would find no records, or old ones.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

__all__ = ["DEFAULT", "StorePlace"]


class StorePlace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Where records are kept.

    place: of SQLite the folder's name in the home; of PostgreSQL 16 hexadecimal digits that its schemas' names
    begin with. address: of a server, without a password; password_file: "" when libpq finds the password itself.
    """

    kind: Literal["sqlite", "postgresql"] = "sqlite"
    place: Annotated[str, Meta(pattern=r"\A(lines(\.[0-9a-f]{16})?|[0-9a-f]{16})\Z")] = "lines"
    address: Annotated[str, Meta(max_length=2000)] = ""
    password_file: Annotated[str, Meta(max_length=4000)] = ""

    def shown(self) -> str:
        """Return the place as it is shown to a person."""
        return self.address if self.kind == "postgresql" else self.place


DEFAULT = StorePlace()
