"""The columns of the tables of areas that kernels read, and the reasons that they give.

Tables, one row an edge (EDGE columns): the ends a and b; the plane's normal; the tangents at a and at b towards b;
the ends in the plane of its part's own central projection; the middle and half the length.
A part is a polygon (radius 0: its edges bound it, holes count by parity) or a tube (radius above 0: all points
nearer than that to an edge; a circle is a tube around one point). An area is the union of its parts.
"""

from __future__ import annotations

__all__ = ["AREA_COLUMNS", "EDGE_COLUMNS", "PART_COLUMNS", "REASONS"]

EDGE_COLUMNS = 23
"""a 0-2, b 3-5, normal 6-8, tangent at a 9-11, at b 12-14, projected ends 15-18, middle 19-21, half length 22."""
PART_COLUMNS = 14
"""Middle 0-2 and reach 3 of a ball around it; axes of its projection 4-6, 7-9, 10-12; radius 13."""
AREA_COLUMNS = 2
"""Lower and upper limit in metres, -inf and inf where there is none."""


class REASONS:
    """Bits: why a time in an area begins or ends where it does, when it is not the border."""

    BEGAN_BY_WINDOW = 1
    ENDED_BY_WINDOW = 2
    BEGAN_BY_HEIGHT = 4
    ENDED_BY_HEIGHT = 8
    HEIGHT_UNKNOWN = 16
