"""Find close encounters from Python: tracks in, a Polars table out.

python examples/find_encounters.py TRACKS...
"""

import sys

from detente import encounters, tracks

frame = tracks.read(sys.argv[1:])
found = encounters.find(frame, within_m=1852.0, vertical_m=304.8, max_gap_s=180.0, between="all")
print(found.select("closest_at", "a", "b", "distance_m", "situation", "quality").sort("distance_m").head(10))
