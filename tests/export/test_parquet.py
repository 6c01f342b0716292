"""Projects as Parquet, read by PyArrow where it is installed, and a sentence where it is not."""

import io
import sys
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from iomld.assets import load_fields
from iomld.errors import IomldError
from iomld.export.parquet import write_parquet
from iomld.export.stored_quads import released_quads
from iomld.export.tables import ProjectSource, stored_source
from iomld.model import Mention, Money, Origin, Project, Text
from iomld.pipeline.records import sources_json
from iomld.release import current_release

PROJECT = Project(
    "PO.0001",
    code="PO.0001",
    titles=(Text("=Ports\n\x00", "en"), Text("Des ports", "fr")),
    member_states=("NA", "ZA"),
    start_date=date(1899, 12, 31),
    start_year=1899,
    budget=Money(Decimal("999999999999999999.000000000001"), "EUR"),
    mentions=(Mention("gcm", "the pact", "", "", "narrative", "en", 52, "manual", Decimal("0.25")),),
    origins=(Origin("a.txt", "a" * 64, "text/plain", None, "2026-11-23T19:00:00Z"),),
)


def _written(source: ProjectSource) -> bytes:
    output = io.BytesIO()
    write_parquet(source, output)
    return output.getvalue()


def _of(*projects: Project) -> ProjectSource:
    return ProjectSource(lambda: iter(projects), dict, "https://example.org/")


def test_values_have_their_types() -> None:
    """Days, years and amounts are exact; texts are by language; mentions and sources are lists."""
    parquet = pytest.importorskip("pyarrow.parquet")
    (row,) = parquet.read_table(io.BytesIO(_written(_of(PROJECT)))).to_pylist()
    assert row["title"] == [("en", "=Ports\n\x00"), ("fr", "Des ports")]
    assert row["benefitingMemberStates"] == ["NA", "ZA"]
    assert (row["startDate"], row["startYear"], row["endDate"]) == (date(1899, 12, 31), 1899, None)
    assert (row["budget"], row["budgetCurrency"]) == (Decimal("999999999999999999.000000000001"), "EUR")
    (mention,) = row["mentions"]
    assert (mention["framework"], mention["position"], mention["confidence"]) == ("gcm", 52, Decimal("0.25"))
    assert [{key: text for key, text in one.items() if text} for one in row["sources"]] == sources_json(PROJECT.origins)


def test_every_selection_has_the_same_columns() -> None:
    """Those of all fields, also without any project; equal projects give equal bytes."""
    parquet = pytest.importorskip("pyarrow.parquet")
    schemas = [parquet.read_schema(io.BytesIO(_written(_of(*projects)))) for projects in ((), (PROJECT,))]
    assert schemas[0] == schemas[1]
    assert schemas[0].names == [*load_fields().given, "mentions", "sources"]
    assert _written(_of(PROJECT)) == _written(_of(PROJECT))


def test_a_release_has_a_row_for_each_project(datadir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In groups of rows, in the order of the projects."""
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("iomld.export.parquet._ROWS", 50)
    release = current_release(datadir)
    assert release is not None
    source = stored_source(released_quads(release))
    file = parquet.ParquetFile(io.BytesIO(_written(source)))
    assert file.metadata.num_row_groups == -(-release.manifest.projects // 50)
    assert file.read()["projectCode"].to_pylist() == [project.code for project in source.projects()]


def test_without_the_extra_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what to install."""
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(IomldError, match=r"pip install 'iomld\[parquet\]'"):
        _written(_of(PROJECT))
