"""The settings in `iomld.toml` of a fund folder, and each fault in them with its line."""

from collections.abc import Callable
from pathlib import Path

import pytest
from tests.commands import run_iomld
from tests.fund.conftest import EXAMPLE

from iomld.config import read_settings
from iomld.errors import SettingsError
from iomld.fund_folder import own_folder, read_fund_folder
from iomld.iris import DEFAULT_BASE

Change = Callable[..., Path]
FAULTS = {
    "unknown key": ("currency =", "curency =", 7, "'curency': there is no such key; did you mean currency?"),
    "table": ('currency = "EUR"', "[contact]", 7, "'contact': there is no such key; write base, "),
    "no TOML": ('currency = "EUR"', "currency = EUR", 7, "not valid TOML: Invalid value."),
    "no base": ('base = "https://grants.example/data/"', "", 1, "'base' is missing."),
    "our base": (
        "https://grants.example/data/",
        "https://w3id.org/iomld/data/",
        2,
        "'base': https://w3id.org/iomld/ is",
    ),
    "our base by HTTP": ("https://grants.example/data/", "http://W3ID.org/iomld", 2, "'base': https://w3id.org/iomld/"),
    "no slash": ("example/data/", "example/data", 2, "'base': end it with a slash."),
    "no address": ('license = "https', 'license = "ftp', 4, "'license': write an address"),
    "no text": ('publisher = "Harbour Cities Fund"', "publisher = 7", 3, "'publisher': write a text"),
    "foreign fund": ("data/id/fund", "elsewhere/id/fund", 5, "'fund': write an address that begins with https://"),
    "prefix": ('"XM-EXAMPLE-7-"', '"XM"', 6, "'iati_prefix': end it with a hyphen"),
    "currency": ('"EUR"', '"Euro"', 7, "'currency': write a code of ISO 4217"),
    "host": ('"grants.example"', '"https://grants.example/"', 9, "'page_host': write the name of a host without"),
    "no list": ('["notAMember"]', '"notAMember"', 8, "'without': write a list of texts"),
    "no such list": (
        'without = ["notAMember"]',
        'schemes = ["sea"]',
        8,
        "'schemes': there is no file ontology/sea.ttl.",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_line(fault: str, changed: Change) -> None:
    """One sentence with the file, the line, the key and what to write."""
    before, after, line, words = FAULTS[fault]
    folder = changed("iomld.toml", before, after)
    with pytest.raises(SettingsError) as caught:
        read_fund_folder(folder)
    assert str(caught.value).startswith(f"{folder / 'iomld.toml'}, line {line}: {words}")


def test_a_folder_without_settings_is_refused(tmp_path: Path) -> None:
    """The sentence names the file that is missing."""
    with pytest.raises(SettingsError, match=r"iomld\.toml: cannot be read \(No such file or directory\)"):
        read_fund_folder(tmp_path)


def test_the_folder_gives_the_settings_of_the_publisher() -> None:
    """The environment counts first, but cannot change the base, under which the lists of the folder are."""
    settings = read_settings({"IOMLD_FUND": str(EXAMPLE), "IOMLD_PUBLISHER": "Somebody"})
    assert settings.base_iri == "https://grants.example/data/"
    assert settings.license == "https://creativecommons.org/publicdomain/zero/1.0/"
    assert settings.publisher == "Somebody"
    with pytest.raises(SettingsError, match=r"IOMLD_BASE_IRI: .* is not the base of the fund folder"):
        read_settings({"IOMLD_FUND": str(EXAMPLE), "IOMLD_BASE_IRI": "https://example.org/"})
    assert read_settings({"IOMLD_FUND": ""}).fund is None


def test_the_project_has_a_folder_of_its_own() -> None:
    """The settings of the IOM Development Fund are read by the same code."""
    assert own_folder().base == DEFAULT_BASE
    assert own_folder().iati_prefix == "XM-DAC-47066-"
    assert own_folder().is_own
    assert not read_fund_folder(EXAMPLE).is_own


def test_folders_are_equal_by_their_content(changed: Change) -> None:
    """A copy is the same folder; a file that is not read changes nothing, one that is read does."""
    example = read_fund_folder(EXAMPLE)
    assert read_fund_folder(changed("NOTES.md", "", "Mine.")) == example
    assert read_fund_folder(changed("projects.mapping.toml", "", "# mine\n")) != example


def test_nothing_is_published_with_a_wrong_folder(changed: Change, tmp_path: Path) -> None:
    """The command ends with status 2 and one line; there is no release."""
    folder = changed("iomld.toml", "currency =", "curency =")
    target = tmp_path / "releases"
    done = run_iomld("publish", EXAMPLE / "projects.csv", "--to", target, IOMLD_FUND=str(folder))
    assert (done.returncode, done.stderr.count("\n"), target.exists()) == (2, 1, False)
    assert f"{folder}/iomld.toml, line 7: 'curency'" in done.stderr
