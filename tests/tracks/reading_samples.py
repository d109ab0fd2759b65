"""Small invented files of each table format, and how a test reads one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from detente.tracks.readers import Options
from detente.tracks.reading import batches
from detente.tracks.reasons import Tally
from detente.tracks.schema import SCHEMA

DMA_HEADER = (
    "# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Heading,IMO,Callsign,"
    "Name,Ship type,Cargo type,Width,Length,Type of position fixing device,Draught,"
    "Destination,ETA,Data source type"
)
DMA_ROWS = tuple(
    f"04/04/2018 06:00:{row}"
    for row in (
        "00,Class A,219000001,55.6,12.7,Under way using engine,0.0,12.3,180.5,181,1,X,NORDEN,,,20,120,,6.5,,,AIS",
        "01,Base Station,2190045,55.7,12.6,Unknown value,,,,,Unknown,,,Undefined,,,,GPS,,,,AIS",
        "01,AtoN,992191234,55.7,12.6,Unknown value,,,,,Unknown,,,Undefined,,,,GPS,,,,AIS",
        "02,SAR Airborne,111219501,55.5,12.5,Unknown value,,110.0,90.0,,Unknown,,,SAR,,,,,,,,AIS",
        "03,Class B,219000002,91.0,0.0,Unknown value,,102.3,360.0,511,Unknown,,,Undefined,,,,,,,,AIS",
        "04,Class A,219000003,55.65,12.65,Moored,0.0,102.3,360.0,511,Unknown,,,Cargo,,,,,,,,AIS",
    )
)
NOAA_OLD = (
    "MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status,Length,Width,Draft,Cargo,"
    "TransceiverClass\n"
    "367752440,2023-01-11T00:00:00,43.07917,-70.75733,0.0,360.0,95.0,SAN JOSE,,WDI9818,31,5.0,,,,52.0,A\n"
)
NOAA_NEW = (
    "mmsi,base_date_time,longitude,latitude,sog,cog,heading,vessel_name,imo,call_sign,vessel_type,status,length,width,"
    "draft,cargo,transceiver\n"
    "367752440,2025-01-11 00:00:00,-70.75733,43.07917,0.0,360.0,95.0,SAN JOSE,,WDI9818,31,5,,,,52,A\n"
)


def write(folder: Path, data: bytes | str, name: str = "input") -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def taken(path: Path | Sequence[Path], **options: Any) -> tuple[pl.DataFrame, Tally]:
    """Return what the readers give, before ordering and cleaning; the tally adds up or the test fails."""
    tally = Tally()
    paths = [path] if isinstance(path, Path) else list(path)
    frames = list(batches(paths, Options(**options), tally))
    for frame in frames:
        assert frame.schema == SCHEMA
    kept = pl.concat(frames) if frames else pl.DataFrame(schema=SCHEMA)
    assert kept.height == tally.kept, tally.as_dict()
    return kept, tally


def rejected(tally: Tally) -> dict[str, int]:
    return {reason.value: count for reason, count in tally.rejected.items()}


def noted(tally: Tally) -> dict[str, int]:
    return {note.value: count for note, count in tally.notes.items()}
