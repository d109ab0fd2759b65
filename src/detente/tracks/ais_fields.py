"""What the numbers of AIS mean, whatever file carries them: identities, "not available" values, status.

Sources: Recommendation ITU-R M.1371-5 (fields and their "not available" values) and ITU-R M.585-9 (the classes
of maritime identities). Everything is a Polars expression over columns, so that a batch is judged at once;
``status_name`` and ``identity_class`` are the same rules for one value.
"""

from __future__ import annotations

import polars as pl

from detente.tracks.reasons import Reason

__all__ = [
    "COURSE_NOT_AVAILABLE_DEG",
    "HEADING_NOT_AVAILABLE_DEG",
    "LAT_NOT_AVAILABLE_DEG",
    "LON_NOT_AVAILABLE_DEG",
    "SPEED_NOT_AVAILABLE_KN",
    "STATUS_NAMES",
    "course_deg",
    "identity_class",
    "identity_reason",
    "kind",
    "mover",
    "position_reason",
    "speed_kn",
    "status",
    "status_name",
    "status_of_text",
]

LAT_NOT_AVAILABLE_DEG = 91.0
LON_NOT_AVAILABLE_DEG = 181.0
SPEED_NOT_AVAILABLE_KN = 102.3
"""Of ships. 102.2 means "102.2 knots or more" and is kept as it stands."""
SAR_SPEED_NOT_AVAILABLE_KN = 1023.0
"""Of search-and-rescue aircraft (message 9), whose speed is in whole knots."""
COURSE_NOT_AVAILABLE_DEG = 360.0
HEADING_NOT_AVAILABLE_DEG = 511.0

STATUS_NAMES: dict[int, str] = {
    0: "under_way",
    1: "anchored",
    2: "not_under_command",
    3: "restricted",
    4: "constrained_by_draught",
    5: "moored",
    6: "aground",
    7: "fishing",
    8: "sailing",
    11: "towing_astern",
    12: "pushing_ahead",
    14: "distress_device",
}
"""Navigational status by its number; 9, 10 and 13 are reserved and 15 is "not defined": null."""

_STATUS_TEXTS: dict[str, str] = {
    **{str(code): name for code, name in STATUS_NAMES.items()},
    **{f"{code}.0": name for code, name in STATUS_NAMES.items()},
    **{name: name for name in STATUS_NAMES.values()},
    "under way using engine": "under_way",
    "at anchor": "anchored",
    "not under command": "not_under_command",
    "restricted maneuverability": "restricted",
    "restricted manoeuverability": "restricted",
    "restricted manoeuvrability": "restricted",
    "constrained by her draught": "constrained_by_draught",
    "constrained by her draft": "constrained_by_draught",
    "engaged in fishing": "fishing",
    "under way sailing": "sailing",
    "under way": "under_way",
    "power-driven vessel towing astern": "towing_astern",
    "power-driven vessel pushing ahead or towing alongside": "pushing_ahead",
    "ais-sart is active": "distress_device",
    "ais-sart (active)": "distress_device",
}

_SAR_AIRCRAFT = pl.lit("aircraft")


def kind(mmsi: pl.Expr) -> pl.Expr:
    """Return "ship", "aircraft", "other" or null by the class of the identity (mmsi: integer column).

    ship: 2...-7... and 98... (craft of a parent ship); aircraft: 111... (search and rescue);
    other: 8... (hand-held), 970, 972, 974 (search-and-rescue transmitter, man overboard, EPIRB).
    Null for what is not a mover or cannot be an identity: see ``identity_reason``.
    """
    return (
        pl.when(mmsi.is_between(200_000_000, 799_999_999))
        .then(pl.lit("ship"))
        .when(mmsi.is_between(980_000_000, 989_999_999))
        .then(pl.lit("ship"))
        .when(mmsi.is_between(111_000_000, 111_999_999))
        .then(_SAR_AIRCRAFT)
        .when(
            mmsi.is_between(800_000_000, 899_999_999)
            | mmsi.is_between(970_000_000, 970_999_999)
            | mmsi.is_between(972_000_000, 972_999_999)
            | mmsi.is_between(974_000_000, 974_999_999)
        )
        .then(pl.lit("other"))
        .otherwise(None)
    )


def identity_reason(mmsi: pl.Expr) -> pl.Expr:
    """Return why a row with this identity is rejected, as Reason's text, or null (mmsi: integer column).

    not_a_mover: 00MID... (coast station; an integer has lost the zeros, 2190045 is 002190045) and 99...
    (aid to navigation). no_identity: null and all numbers that M.585 gives to nobody (0, 1193046, 123456789,
    groups 0MID..., more than nine digits). The three digits of the country are not checked: ships at sea do
    carry numbers of no country, and their positions are real.
    """
    coast = mmsi.is_between(2_000_000, 7_999_999)
    aid = mmsi.is_between(990_000_000, 999_999_999)
    return (
        pl.when(kind(mmsi).is_not_null())
        .then(None)
        .when(coast | aid)
        .then(pl.lit(Reason.NOT_A_MOVER.value))
        .otherwise(pl.lit(Reason.NO_IDENTITY.value))
    )


def mover(mmsi: pl.Expr) -> pl.Expr:
    """Return "mmsi:219000001"; all identities that are kept have nine digits without leading zeros."""
    return pl.concat_str([pl.lit("mmsi:"), mmsi.cast(pl.String)])


def identity_class(mmsi: int) -> str:
    """Return the kind ("ship", "aircraft", "other") or the Reason's text of one identity."""
    value = pl.col("mmsi")
    judged = pl.DataFrame({"mmsi": [mmsi]}, schema={"mmsi": pl.Int64}).select(
        pl.coalesce(kind(value), identity_reason(value))
    )
    return str(judged.item())


def position_reason(lat: pl.Expr, lon: pl.Expr) -> pl.Expr:
    """Return why a position is rejected, as Reason's text, or null; degrees, float columns.

    no_position: missing or NaN; not_available: latitude 91 or longitude 181; out_of_range: all else outside
    -90..90 and -180..180.
    """
    missing = lat.is_null() | lon.is_null() | lat.is_nan() | lon.is_nan()
    inside = lat.is_between(-90.0, 90.0) & lon.is_between(-180.0, 180.0)
    # files round these values to six digits or compute them from 1/600 minutes: allow for the last digit
    no_lat = (lat - LAT_NOT_AVAILABLE_DEG).abs() < 1e-4
    no_lon = (lon - LON_NOT_AVAILABLE_DEG).abs() < 1e-4
    return (
        pl.when(missing)
        .then(pl.lit(Reason.NO_POSITION.value))
        .when(inside)
        .then(None)
        .when(no_lat | no_lon)
        .then(pl.lit(Reason.NOT_AVAILABLE.value))
        .otherwise(pl.lit(Reason.OUT_OF_RANGE.value))
    )


def speed_kn(speed: pl.Expr, kind_of_mover: pl.Expr | None = None) -> pl.Expr:
    """Return the speed in knots, null where it is not available or impossible (102.3 and more, below 0).

    With ``kind_of_mover``, an aircraft's limit is 1023 (message 9).
    """
    most: pl.Expr = pl.lit(SPEED_NOT_AVAILABLE_KN - 0.05)
    if kind_of_mover is not None:
        most = pl.when(kind_of_mover == "aircraft").then(pl.lit(SAR_SPEED_NOT_AVAILABLE_KN)).otherwise(most)
    return pl.when((speed >= 0.0) & (speed < most)).then(speed).otherwise(None)


def course_deg(course: pl.Expr) -> pl.Expr:
    """Return a course or heading in [0, 360), null for 360, 511 and everything outside."""
    return pl.when((course >= 0.0) & (course < COURSE_NOT_AVAILABLE_DEG)).then(course).otherwise(None)


def status(code: pl.Expr) -> pl.Expr:
    """Return the name of a navigational status from its number (integer column), null for 15 and unknown."""
    return code.cast(pl.Int64, strict=False).replace_strict(
        list(STATUS_NAMES), list(STATUS_NAMES.values()), default=None, return_dtype=pl.String
    )


def status_of_text(text: pl.Expr) -> pl.Expr:
    """Return the name of a navigational status from a text column: its number, our name, or its sentence."""
    return (
        text.cast(pl.String)
        .str.strip_chars()
        .str.to_lowercase()
        .replace_strict(list(_STATUS_TEXTS), list(_STATUS_TEXTS.values()), default=None, return_dtype=pl.String)
    )


def status_name(code: int | None) -> str | None:
    """Return the name of one navigational status, None for 15, reserved and unknown numbers."""
    return None if code is None else STATUS_NAMES.get(code)
