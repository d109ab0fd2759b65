"""Two aircraft on reciprocal courses, ten miles apart: who will be too close to whom, and when."""

import polars as pl

from detente import encounters

states = pl.DataFrame(
    {
        "id": ["icao24:f00001", "icao24:f00002"],
        "lat": [56.0, 56.0],
        "lon": [19.0, 19.3],
        "altitude_ft": [31_000.0, 31_500.0],
        "speed_kn": [420.0, 410.0],
        "course_deg": [90.0, 270.0],
        "vertical_fpm": [0.0, 0.0],
    }
)
soon = encounters.predict(states, horizon_s=300.0, within_m=9260.0, vertical_m=304.8)
print(soon.select("a", "b", "entry_s", "closest_s", "exit_s", "distance_m", "vertical_m"))

# the same on bare relative position and velocity: metres and metres a second, east, north, up
interval = encounters.cylinder_interval(
    [-18_520.0, 0.0, 0.0], [400.0, 0.0, 0.0], within_m=9260.0, vertical_m=304.8, horizon_s=300.0
)
print(interval)
