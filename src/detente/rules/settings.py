"""The cut-offs of what is flagged: proposals, each configurable, each shown with what it flags."""

from __future__ import annotations

import tomllib
from typing import Annotated

import msgspec
from msgspec import Meta

from detente import words
from detente.notices.syntax import malformed_words, misfit_words
from detente.rules.errors import SettingsMistake

__all__ = ["SETTINGS_MAX", "Settings", "parse_settings"]

say = words.speaker("rules")

SETTINGS_MAX = 1 << 16
"""Bytes of a file of cut-offs."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cut-offs of the flags.

    split_gap_days, split_distance_km: exercises no further apart in time and place may be parts of one.
    near_percent: from this share of a threshold up a number is just under it.
    alerts_per_quarter: alerts without notice that a state may claim in a calendar quarter before it is flagged.
    alert_notice_hours: an alert announced this long before it begins was no alert.
    blanket_days: a danger area announced for as many days or more.
    """

    split_gap_days: Annotated[int, Meta(ge=0, le=366)] = 14
    split_distance_km: Annotated[int, Meta(ge=0, le=20_100)] = 300
    near_percent: Annotated[int, Meta(ge=1, le=100)] = 90
    alerts_per_quarter: Annotated[int, Meta(ge=0, le=1_000)] = 1
    alert_notice_hours: Annotated[int, Meta(ge=0, le=10_000)] = 0
    blanket_days: Annotated[int, Meta(ge=1, le=10_000)] = 60


def parse_settings(content: bytes, *, where: str = "") -> Settings:
    """Return the cut-offs of a TOML file's bytes; what it does not name keeps its default.

    Raises SettingsMistake that names the faulty place.
    """
    if len(content) > SETTINGS_MAX:
        raise _mistake(say("more than {bytes} bytes", bytes=SETTINGS_MAX), where)
    try:
        return msgspec.convert(tomllib.loads(content.decode("utf-8")), Settings)
    except UnicodeDecodeError as error:
        raise _mistake(say("not text in UTF-8 at byte {place}", place=error.start), where) from None
    except msgspec.ValidationError as error:
        raise _mistake(": ".join(part for part in misfit_words(error) if part), where) from None
    except (ValueError, RecursionError) as error:
        raise _mistake(malformed_words(error, content), where) from None


def _mistake(came: str, where: str) -> SettingsMistake:
    return SettingsMistake(
        expected=say("cut-offs: {names}", names=", ".join(Settings.__struct_fields__)),
        came=came,
        where=where,
        remedy=say("write for example {example}", example="split_gap_days = 14"),
    )
