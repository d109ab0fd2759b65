from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path

import pyogrio
import pytest
from lxml import etree  # type: ignore[attr-defined] # compiled, without stubs

from detente.encounters.schema import ENCOUNTERS
from detente.encounters.writing import write
from tests.encounters.rows import MIXED, encounter, table

KML = "{http://www.opengis.net/kml/2.2}"


@pytest.fixture(scope="module")
def ogc_schema() -> etree.XMLSchema:
    """The OGC's KML 2.2 schema, as the package pykml carries it with what it imports."""
    with as_file(files("pykml") / "schemas") as folder:
        return etree.XMLSchema(etree.parse(str(folder / "ogckml22.xsd")))


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write(MIXED, tmp_path / "e.kml")
    return tmp_path / "e.kml"


def test_the_document_is_valid_against_the_ogc_schema(written: Path, ogc_schema: etree.XMLSchema) -> None:
    ogc_schema.assertValid(etree.parse(str(written)))


def test_a_document_with_a_planted_fault_is_not_valid(written: Path, ogc_schema: etree.XMLSchema) -> None:
    broken = written.read_text(encoding="utf-8").replace("<TimeSpan>", "<TimeSpam>")
    assert not ogc_schema.validate(etree.fromstring(broken.replace("</TimeSpan>", "</TimeSpam>").encode()))


def test_names_with_control_and_markup_characters_stay_text(tmp_path: Path, ogc_schema: etree.XMLSchema) -> None:
    wicked = 'A</name>]]>\x00\x1b\ufffe<script>"&'
    write(table(encounter(name_a=wicked, side_a=wicked)), tmp_path / "e.kml")
    document = etree.parse(str(tmp_path / "e.kml"))
    ogc_schema.assertValid(document)
    assert document.find(f".//{KML}Placemark/{KML}name").text.startswith("A</name>]]>\\x00\\x1b\\ufffe<script>")


def test_every_column_is_a_typed_field_and_a_missing_value_is_absent(written: Path) -> None:
    document = etree.parse(str(written))
    fields = {field.get("name"): field.get("type") for field in document.iter(f"{KML}SimpleField")}
    assert list(fields) == list(ENCOUNTERS)
    assert (fields["distance_m"], fields["passes"], fields["moored"]) == ("double", "int", "bool")
    second = list(document.iter(f"{KML}SchemaData"))[1]
    present = {data.get("name") for data in second}
    assert "closing_speed_kn" not in present
    assert "distance_m" in present


def test_gdal_reads_every_field_with_its_type_and_value(written: Path) -> None:
    meta, _, shapes, values = pyogrio.raw.read(written, layer="encounters")
    kinds = dict(zip(meta["fields"].tolist(), meta["ogr_types"], strict=True))
    columns = dict(zip(meta["fields"].tolist(), values, strict=True))
    wanted = {"Float64": "OFTReal", "Int32": "OFTInteger", "Boolean": "OFTInteger"}
    assert len(shapes) == 4
    for name, kind in ENCOUNTERS.items():
        assert kinds[name] == wanted.get(str(kind), "OFTString"), name
    for name in ("a", "side_b", "name_b", "situation", "distance_m", "severity", "passes", "lon_a"):
        assert list(columns[name]) == MIXED[name].to_list(), name
    assert columns["closest_at"][0] == "2016-01-12T13:23:20.018Z"


def test_the_line_is_cut_at_the_antimeridian_and_the_pin_stands_in_its_middle(written: Path) -> None:
    third = list(etree.parse(str(written)).iter(f"{KML}Placemark"))[2]
    lines = [line.findtext(f"{KML}coordinates") for line in third.iter(f"{KML}LineString")]
    assert [line.split(",")[0] for line in lines] == ["179.9995000", "-180.0000000"]
    pin = third.find(f".//{KML}Point/{KML}coordinates").text.split(",")
    assert float(pin[0]) == pytest.approx(-179.9995)
