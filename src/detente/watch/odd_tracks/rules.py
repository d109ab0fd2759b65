"""The limits of every rule about odd tracks, each with where it comes from."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["RULES", "Rules"]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a track must exceed to be called odd; metres, seconds, knots.

    A jump is what cleaning calls impossible (detente.tracks.cleaning.LIMITS). near_s: how long before and after an
    encounter a jump still explains it. shared_fixes, shared_turns: fixes that each of two under one id must have, and
    how often they must alternate. circle_*: turns round, fixes, greatest residual (root mean square, share of the
    radius), least share of steps in one direction; ship_pull_ms2, bank_deg: sideways acceleration of a ship, and
    bank of an aircraft, that no such craft keeps up; speed_factor, speed_least_kn: how far the reported speed must
    be from the motion. silent_s: least silence; silent_gaps: and as many times the longest gap that the mover had
    before; others_least, others_share, others_m: how many others, and which share of those heard before, must be heard
    how near. low_*: 1,000 yd and 500 ft, within which passes
    over ships were reported as such. repeated_passes within repeated_s.
    """

    near_s: float = 120.0
    shared_fixes: int = 5
    shared_turns: int = 4
    circle_turns: float = 1.5
    circle_fixes: int = 12
    circle_residual: float = 0.05
    circle_same_way: float = 0.95
    circle_radius_m: tuple[float, float] = (30.0, 20_000.0)
    ship_pull_ms2: float = 2.0
    bank_deg: float = 60.0
    speed_factor: float = 2.0
    speed_least_kn: float = 5.0
    silent_s: float = 300.0
    silent_gaps: float = 3.0
    others_least: int = 3
    others_share: float = 0.8
    others_m: float = 20_000.0
    low_distance_m: float = 914.4
    low_height_m: float = 152.4
    repeated_passes: int = 3
    repeated_s: float = 21_600.0
    fixes_shown: int = 8


RULES = Rules()
