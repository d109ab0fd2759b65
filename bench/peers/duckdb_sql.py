"""DuckDB: exact pairs by gridded SQL, the best that we could write.

Legs between consecutive fixes in earth-centred coordinates are cut at time slots. Boxes, widened by half the
limit, are spread over the cells of a grid in latitude and longitude; what shares a cell in a slot is a
candidate; the legs of candidates that overlap in time go through the exact quadratic. No pair within the limit
can be missed: two movers within the limit at some moment have overlapping widened boxes in that slot.

Two plans, both exact. ``movers``: one box for each mover in each slot; joins laid out by hand, because the
planner, given both at once, joined every leg of a slot with every other (50 times the cost). ``legs``: one box
for each piece of a leg, one join, as one writes it first.
The grid does not wrap at the antimeridian; the benchmark's data do not come near it.
"""

from __future__ import annotations

import math
import sys

import duckdb
from stopwatch import Stopwatch, arguments

LOAD = """
create table fixes as
select dense_rank() over (order by mover) as m, mover, epoch_us("time") / 1e6 as t, lon, lat
from read_parquet('{data}')
"""

LEGS = """
create or replace temp table legs as
with placed as (
    select m, t, radians(lon) as l, radians(lat) as p, lon, lat,
        6378137.0 / sqrt(1 - 0.0066943799901413165 * sin(radians(lat)) * sin(radians(lat))) as n
    from fixes
), earth as (
    select m, t, lon, lat,
        n * cos(p) * cos(l) as x, n * cos(p) * sin(l) as y, n * (1 - 0.0066943799901413165) * sin(p) as z
    from placed
), hops as (
    select m, t as t0, x as x0, y as y0, z as z0, lon as lon0, lat as lat0,
        lead(t) over w as t1, lead(x) over w as x1, lead(y) over w as y1, lead(z) over w as z1,
        lead(lon) over w as lon1, lead(lat) over w as lat1
    from earth window w as (partition by m order by t)
)
select m, t0, t1, x0, y0, z0, lon0, lat0, lon1, lat1,
    (x1 - x0) / (t1 - t0) as vx, (y1 - y0) / (t1 - t0) as vy, (z1 - z0) / (t1 - t0) as vz
from hops where t1 > t0 and t1 - t0 <= {gap}
"""

PIECES = """
create or replace temp table pieces as
with slotted as (
    select m, t0, t1, x0, y0, z0, vx, vy, vz, lon0, lat0, lon1, lat1,
        unnest(range(floor(t0 / {slot})::bigint, floor(t1 / {slot})::bigint + 1)) as s
    from legs
), clipped as (
    select *, (greatest(t0, s * {slot}) - t0) / (t1 - t0) as f0,
        (least(t1, (s + 1) * {slot}) - t0) / (t1 - t0) as f1
    from slotted
)
select m, s, t0, t1, x0, y0, z0, vx, vy, vz,
    lon0 + f0 * (lon1 - lon0) as lona, lon0 + f1 * (lon1 - lon0) as lonb,
    lat0 + f0 * (lat1 - lat0) as lata, lat0 + f1 * (lat1 - lat0) as latb
from clipped
"""

BOXES = """
create or replace temp table boxes as
select m, s,
    min(least(lona, lonb)) as west, max(greatest(lona, lonb)) as east,
    min(least(lata, latb)) as south, max(greatest(lata, latb)) as north
from pieces group by m, s
"""

CELLS = """
create or replace temp table cells as
with spread as (
    select *, unnest(range(
        floor((south - {dlat}) / {clat})::bigint, floor((north + {dlat}) / {clat})::bigint + 1)) as cy
    from {boxes}
)
select *, unnest(range(
    floor((west - {dlon}) / {clon})::bigint, floor((east + {dlon}) / {clon})::bigint + 1)) as cx
from spread
"""

CANDIDATES = """
create or replace temp table candidates as
select distinct a.s, a.m as ma, b.m as mb
from cells a join cells b on a.s = b.s and a.cx = b.cx and a.cy = b.cy and a.m < b.m
    and a.west - {dlon} <= b.east + {dlon} and b.west - {dlon} <= a.east + {dlon}
    and a.south - {dlat} <= b.north + {dlat} and b.south - {dlat} <= a.north + {dlat}
"""

HALVES = """
create or replace temp table halves as
select c.s, c.mb, p.* exclude (s)
from candidates c join pieces p on p.s = c.s and p.m = c.ma
"""

NEAREST = """
create or replace temp table pairs as
with relative as (
    select {ma} as ma, {mb} as mb,
        least(a.t1, b.t1) - greatest(a.t0, b.t0) as span,
        (b.x0 + b.vx * (greatest(a.t0, b.t0) - b.t0)) - (a.x0 + a.vx * (greatest(a.t0, b.t0) - a.t0)) as rx,
        (b.y0 + b.vy * (greatest(a.t0, b.t0) - b.t0)) - (a.y0 + a.vy * (greatest(a.t0, b.t0) - a.t0)) as ry,
        (b.z0 + b.vz * (greatest(a.t0, b.t0) - b.t0)) - (a.z0 + a.vz * (greatest(a.t0, b.t0) - a.t0)) as rz,
        b.vx - a.vx as wx, b.vy - a.vy as wy, b.vz - a.vz as wz
    from {joined} and b.t0 <= a.t1 and a.t0 <= b.t1
), nearest as (
    select ma, mb, rx, ry, rz, wx, wy, wz,
        case when wx * wx + wy * wy + wz * wz > 1e-12
            then least(greatest(-(rx * wx + ry * wy + rz * wz) / (wx * wx + wy * wy + wz * wz), 0), span)
            else 0 end as t
    from relative
)
select ma, mb, sqrt(min(
    (rx + wx * t) * (rx + wx * t) + (ry + wy * t) * (ry + wy * t) + (rz + wz * t) * (rz + wz * t))) as distance_m
from nearest group by ma, mb having distance_m < {within}
"""

LEG_BOXES = """
create or replace temp view leg_boxes as
select *, least(lona, lonb) as west, greatest(lona, lonb) as east,
    least(lata, latb) as south, greatest(lata, latb) as north
from pieces
"""

MOVERS_JOIN = "halves a join pieces b on b.s = a.s and b.m = a.mb"
LEGS_JOIN = """cells a join cells b on a.s = b.s and a.cx = b.cx and a.cy = b.cy and a.m < b.m
    and a.west - {dlon} <= b.east + {dlon} and b.west - {dlon} <= a.east + {dlon}
    and a.south - {dlat} <= b.north + {dlat} and b.south - {dlat} <= a.north + {dlat}"""

PLANS = {
    "movers": (LEGS, PIECES, BOXES, CELLS, CANDIDATES, HALVES, NEAREST),
    "legs": (LEGS, PIECES, LEG_BOXES, CELLS, NEAREST),
}

SAVE = """
copy (
    select least(a.mover, b.mover) as a, greatest(a.mover, b.mover) as b, distance_m from pairs
    join (select distinct m, mover from fixes) a on a.m = ma
    join (select distinct m, mover from fixes) b on b.m = mb order by 1, 2
) to '{path}' (format parquet)
"""


def main() -> int:
    """Run the query on one archive."""
    parser = arguments("exact pairs by gridded SQL")
    parser.add_argument("--memory", default="8GB")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--plan", choices=tuple(PLANS), default="movers")
    parser.add_argument("--slot-s", type=float, default=60.0)
    parser.add_argument("--cell-m", type=float, default=2000.0)
    given = parser.parse_args()
    watch = Stopwatch()
    base = duckdb.connect(":memory:")
    base.execute(f"set memory_limit='{given.memory}'; set threads={given.threads}; set enable_progress_bar=false")
    # warm-up: the first query of a process pays for loading; it is not measured
    base.execute("select sum(sqrt(i)) from range(100000) t(i)").fetchall()
    with watch.phase("read"):
        base.execute(LOAD.format(data=given.data))
    fixes, highest = base.execute("select count(*), max(abs(lat)) from fixes").fetchone()
    # a degree of latitude is at least 110,574 m, of longitude at least that times the cosine
    metre_lat = 1 / 110_500.0
    metre_lon = metre_lat / math.cos(math.radians(min(highest + 0.1, 89.0)))
    words = {
        "slot": given.slot_s,
        "gap": given.max_gap_s,
        "within": given.within_m,
        "dlat": given.within_m / 2 * metre_lat,
        "dlon": given.within_m / 2 * metre_lon,
        "clat": given.cell_m * metre_lat,
        "clon": given.cell_m * metre_lon,
    }
    movers = given.plan == "movers"
    words["boxes"] = "boxes" if movers else "leg_boxes"
    words["ma"], words["mb"] = ("a.m", "a.mb") if movers else ("a.m", "b.m")
    words["joined"] = (MOVERS_JOIN if movers else LEGS_JOIN).format(**words)
    with watch.phase("search"):
        for sql in PLANS[given.plan]:
            base.execute(sql.format(**words))
        (found,) = base.execute("select count(*) from pairs").fetchone()
    if given.pairs:
        base.execute(SAVE.format(path=given.pairs))
    watch.report(name=f"duckdb-{given.plan}", version=duckdb.__version__, fixes=fixes, pairs=found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
