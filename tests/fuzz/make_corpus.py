"""Write the first inputs of every reader's corpus: small, made by hand, none of them anyone's data."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl

from tests.tracks.radio import beast, class_a, sentence, static, tag_block

CORPUS = Path(__file__).parent / "corpus"
EVEN, ODD = bytes.fromhex("8D40621D58C382D690C8AC2863A7"), bytes.fromhex("8D40621D58C386435CC412692AD6")
PLANE = {
    "hex": "4ca259",
    "lat": 51.0,
    "lon": -1.0,
    "alt_baro": 30000,
    "seen_pos": 2.0,
    "flight": "A",
    "nic": 8,
    "rc": 186,
}
ROW = {"timestamp": 1633608773000, "icao24": "4ca259", "latitude": 51.0, "longitude": 1.0, "altitude": 100}
FEATURE = {
    "type": "Feature",
    "mmsi": 219000001,
    "geometry": {"type": "Point", "coordinates": [20.1, 60.2]},
    "properties": {"mmsi": 219000001, "sog": 10.1, "cog": 20.0, "timestampExternal": 1659212938646},
}
SHIP = {"time": 1659212938, "sog": 10.7, "cog": 326.6, "navStat": 0, "lon": 20.345818, "lat": 60.03802}


def inputs() -> dict[str, list[bytes]]:
    """Return the first inputs by reader."""
    ships = pl.DataFrame({"mmsi": [219000001], "time": ["2024-01-01T00:00:00Z"], "lat": [55.0], "lon": [12.0]})
    return {
        "ais_nmea": [
            "\n".join([class_a(), tag_block("c:1671533231,g:1-2-3") + static()[0], static()[1]]).encode(),
            ("2022-12-20 10:47:11 " + class_a() + "\n" + sentence("GPZDA,1,2,3", "$")).encode(),
        ],
        "adsb_beast": [
            beast(ODD, 1) + beast(EVEN, 2),
            beast(b"\1\2", 5) + b"\x1a\xe3" + b"\1" * 8 + beast(EVEN, 9),
        ],
        "adsb_readsb": [
            json.dumps({"now": 1700000000, "aircraft": [PLANE]}).encode(),
            json.dumps(
                {
                    "icao": "4ca259",
                    "timestamp": 1700000000,
                    "trace": [[0, 51, 1, "ground", 1, 2, 0, 0, {"nic": 8}]],
                }
            ).encode(),
        ],
        "adsb_rs1090": [
            b'{"timestamp":1700000000,"frame":"8d","df":"17","bds":"05","icao24":"4ca259","latitude":51.0,"longitude":1.0}\n'
        ],
        "adsb_basestation": [
            (
                b"MSG,1,1,1,4CA259,1,2024/01/01,00:00:00.000,2024/01/01,00:00:00.010,ABC123  ,,,,,,,,,,,0\r\n"
                b"MSG,4,1,1,4CA259,1,2024/01/01,00:00:00.200,2024/01/01,00:00:00.210,,,408.3,146.4,,,64,,,,,0\r\n"
                b"MSG,3,1,1,4CA259,1,2024/01/01,00:00:00.500,2024/01/01,00:00:00.510,,37000,,,51.4,-1.0,,,0,0,0,0\r\n"
                b"MSG,2,1,1,4CA25A,1,2024/01/01,00:00:01.500,,,,,12.5,90.0,51.5,-0.5,,,0,0,0,-1\r\n"
            ),
            b"STA,,1,1,4CA259,1,2024/01/01,00:00:00.000,2024/01/01,00:00:00.000,RM\nMSG,3,1,1,4CA259,1,2024/01/01,0\n",
        ],
        "adsb_traffic": [
            json.dumps([ROW, ROW]).encode(),
            json.dumps({name: {"0": value} for name, value in ROW.items()}).encode(),
            json.dumps(ROW).encode(),
        ],
        "adsb_opensky": [
            (
                b"time,icao24,lat,lon,velocity,heading,callsign,onground,baroaltitude,lastposupdate,lastcontact\n"
                b"1626098410,4ca259,51.0,-1.0,100,90,X,False,3000,1626098409,1626098409\n"
            )
        ],
        "ais_dma": [
            (
                b"# Timestamp,Type of mobile,MMSI,Latitude,Longitude,Navigational status,ROT,SOG,COG,Name\n"
                b"31/12/2015 23:59:59,Class A,219000001,55.0,12.0,Moored,0,0.1,10.0,MERMAID\n"
            )
        ],
        "ais_noaa": [
            (
                b"MMSI,BaseDateTime,LAT,LON,SOG,COG,Heading,VesselName,IMO,CallSign,VesselType,Status\n"
                b"367000001,2023-01-11T00:00:00,29.1,-90.2,0.0,100.0,511,MERMAID,,,30,0\n"
            )
        ],
        "ais_digitraffic": [
            json.dumps({"type": "FeatureCollection", "features": [FEATURE]}).encode(),
            b"vessels-v2/219000001/location " + json.dumps(SHIP).encode() + b"\n",
        ],
        "plain_tables": [ships.write_csv().encode(), ships.write_csv(separator=";").encode()],
        "plain_parquet": [b"PAR1" + b"\0" * 12 + b"PAR1"],
        "plain_geopackage": [b"SQLite format 3\0" + b"\0" * 84],
    }


def main() -> None:
    """Write them."""
    for reader, some in inputs().items():
        folder = CORPUS / reader
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(some):
            (folder / f"made_{number}").write_bytes(data)


if __name__ == "__main__":
    main()
