"""The activity of IATI about a project, at the address of its document."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi import FastAPI
from lxml import etree
from tests.browse.asking import Asker

from iomld.browse.view import open_view
from iomld.fund_folder import own_folder, using
from iomld.release import current_release
from iomld.web.data.resources import resource_routes
from iomld.web.problems import ProblemError

ADDRESS = "/doc/project/PO.0105.iati.xml"


@pytest.fixture(scope="module")
def client(datadir: Path) -> Asker:
    """A client of the documents."""
    release = current_release(datadir)
    assert release is not None
    view = open_view(release)
    app = FastAPI()
    app.include_router(resource_routes(lambda: view))
    return Asker(app)


@pytest.fixture
def _with_years() -> Iterator[None]:
    """A publisher who wants years as days."""
    with using(replace(own_folder(), iati_dates="years")):
        yield


@pytest.mark.usefixtures("_with_years")
def test_a_project_has_its_activity(client: Asker) -> None:
    """One activity, which the client can keep, with a link to the document."""
    answer = client.get(ADDRESS)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/xml")
    root = etree.fromstring(answer.content)
    assert [element.findtext("iati-identifier") for element in root] == ["XM-DAC-47066-PO.0105"]
    assert answer.links["alternate"]["url"] == "/doc/project/PO.0105"
    again = client.get(ADDRESS, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_a_project_without_days_has_none(client: Asker) -> None:
    """The sentence says what the record does not state."""
    with pytest.raises(ProblemError, match="the release states no day on which it starts or ends") as error:
        client.get(ADDRESS)
    assert error.value.status == 404


@pytest.mark.parametrize(
    "address", ["/doc/project/PO.9999.iati.xml", "/doc/project/.iati.xml", "/doc/country/CN.iati.xml"]
)
def test_nothing_else_has_one(client: Asker, address: str) -> None:
    """Unknown projects and other resources are not found."""
    with pytest.raises(ProblemError) as error:
        client.get(address)
    assert error.value.status == 404
