"""Make src/detente/encounters/coast/land.npz from Natural Earth's 1:10m land.

    npm pack world-atlas@2.0.2 && tar xzf world-atlas-2.0.2.tgz
    python tools/make_coastline.py package/land-10m.json

Origin: Natural Earth 4.1.0 (public domain), 1:10m physical land, as TopoJSON in the npm package world-atlas
2.0.2 (ISC). Land only: it has no borders, and none are made here.

The file keeps the source's own quantisation (1/100,000 of the extent: 0.0036 degrees of longitude, 0.0017 of
latitude) and adds one byte a vertex: how much the shape would change if the vertex were left out, by
Visvalingam's method (M. Visvalingam, J. D. Whyatt, "Line generalisation by repeated elimination of points",
1993), so that a map leaves out what its scale cannot show by one comparison a vertex.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

TARGET = Path(__file__).parent.parent / "src" / "detente" / "encounters" / "coast" / "land.npz"
Ring = list[tuple[int, int]]


def rings_of(topology: dict[str, Any]) -> list[Ring]:
    """Return every ring of every polygon as quantised points, closed (the first point stands last too)."""
    scale, translate = topology["transform"]["scale"], topology["transform"]["translate"]
    turn, pole = round(360.0 / scale[0]), math.floor((-90.0 - translate[1]) / scale[1])
    arcs = [_absolute(arc) for arc in topology["arcs"]]
    rings: list[Ring] = []
    for geometry in topology["objects"]["land"]["geometries"]:
        polygons = geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]
        for polygon in polygons:
            for ring in polygon:
                points: Ring = []
                for number in ring:
                    arc = arcs[number] if number >= 0 else arcs[~number][::-1]
                    points.extend(arc[1:] if points else arc)
                rings.append(_unrolled(points, turn, pole))
    return rings


def _unrolled(points: Ring, turn: int, pole: int) -> Ring:
    """Return the ring without jumps at the antimeridian: its longitudes go on beyond 180 degrees.

    A ring that goes once around the Earth (Antarctica) is closed along the pole.
    """
    smooth = [points[0]]
    for x, y in points[1:]:
        step = (x - smooth[-1][0] + turn // 2) % turn - turn // 2
        if (step, y - smooth[-1][1]) != (0, 0):  # the same place at 180 and at -180
            smooth.append((smooth[-1][0] + step, y))
    if smooth[0] != smooth[-1]:
        smooth += [(smooth[-1][0], pole), (smooth[0][0], pole), smooth[0]]
    return smooth


def _absolute(arc: list[list[int]]) -> Ring:
    points: Ring = []
    x = y = 0
    for dx, dy in arc:
        x, y = x + dx, y + dy
        if not points or points[-1] != (x, y):
            points.append((x, y))
    return points


def weights(ring: Ring, scale: list[float], translate: list[float]) -> list[float]:
    """Return for each vertex the size in metres of the detail that it carries (root of twice its triangle)."""
    place = [
        (
            (translate[0] + x * scale[0])
            * 111_195.0
            * max(math.cos(math.radians(translate[1] + y * scale[1])), 0.01),
            (translate[1] + y * scale[1]) * 111_195.0,
        )
        for x, y in ring[:-1]
    ]
    count = len(place)
    before = [(number - 1) % count for number in range(count)]
    after = [(number + 1) % count for number in range(count)]
    detail = [0.0] * count

    def area(number: int) -> float:
        (ax, ay), (bx, by), (cx, cy) = place[before[number]], place[number], place[after[number]]
        return abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay))

    current = [area(number) for number in range(count)]
    queue = [(current[number], number) for number in range(count)]
    heapq.heapify(queue)
    left, largest = count, 0.0
    gone = [False] * count
    while left > 3:
        size, number = heapq.heappop(queue)
        if gone[number] or size != current[number]:
            continue
        gone[number] = True
        left -= 1
        largest = max(largest, size)  # a vertex never matters less than one that went before it
        detail[number] = math.sqrt(largest)
        after[before[number]], before[after[number]] = after[number], before[number]
        for neighbour in (before[number], after[number]):
            current[neighbour] = area(neighbour)
            heapq.heappush(queue, (current[neighbour], neighbour))
    # the last three vertices stand for the whole ring
    whole = math.sqrt(max(largest, *(current[number] for number in range(count) if not gone[number])))
    return [whole if not gone[number] else detail[number] for number in range(count)] + [whole]


def level(detail_m: float) -> int:
    """Return the byte that stands for a detail of this size: 8 steps a doubling from 16 m."""
    return 0 if detail_m <= 16.0 else min(255, int(8.0 * math.log2(detail_m / 16.0)))


def main(source: Path) -> None:
    """Convert one TopoJSON file."""
    raw = source.read_bytes()
    topology = json.loads(raw)
    scale, translate = topology["transform"]["scale"], topology["transform"]["translate"]
    rings = [ring for ring in rings_of(topology) if len(ring) >= 4]
    levels = [level(size) for ring in rings for size in weights(ring, scale, translate)]
    points: npt.NDArray[np.int32] = np.array([point for ring in rings for point in ring], dtype=np.int32)
    steps = np.diff(points, axis=0, prepend=np.zeros((1, 2), np.int32))
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        TARGET,
        # low and high halves apart: most steps fit the low byte and the high planes compress to nothing
        step_x_low=(steps[:, 0] & 0xFF).astype(np.uint8),
        step_x_high=(steps[:, 0] >> 8).astype(np.int16),
        step_y_low=(steps[:, 1] & 0xFF).astype(np.uint8),
        step_y_high=(steps[:, 1] >> 8).astype(np.int16),
        level=np.array(levels, dtype=np.uint8),
        ring_start=np.cumsum([0, *(len(ring) for ring in rings)]).astype(np.int32),
        scale=np.array(scale),
        translate=np.array(translate),
    )
    print(f"{TARGET}: {len(rings)} rings, {len(points)} vertices, {TARGET.stat().st_size} bytes")
    print(f"source sha256 {hashlib.sha256(raw).hexdigest()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
