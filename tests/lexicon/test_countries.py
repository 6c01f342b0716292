"""Names of countries, alone or in a run, become codes."""

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.vocabulary import small_vocabulary

from iomld.assets import load_vocabulary
from iomld.lexicon.countries import build_gazetteer
from iomld.vocab import LabelKind

REAL = load_vocabulary()
REAL_GAZETTEER = build_gazetteer(REAL)
SMALL_GAZETTEER = build_gazetteer(small_vocabulary())
PREFERRED = sorted(
    (country.code, label.text)
    for country in REAL.countries.values()
    for label in country.labels
    if label.kind is LabelKind.PREFERRED
)
SHARED = Path(os.environ.get("IOMLD_SHARED", Path(__file__).parents[3] / "shared"))


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("China", "CN"),
        ("CN", "CN"),
        ("NA", "NA"),
        ("NA CN", "NA CN"),
        ("China Chile Uruguay", "CN CL UY"),
        ("Guinée Guinée Bissau Chili", "GN GW CL"),
        ("Guinea-Bissau Guinea", "GW GN"),
        ("ChiliUruguay", "CL UY"),
        ("ChileUruguayChina", "CL UY CN"),
        ("China\nChile\nUruguay", "CN CL UY"),
        ("China, Chile; Uruguay", "CN CL UY"),
        ("China, Chile and Uruguay", "CN CL UY"),
        ("South Sudan Sudan", "SS SD"),
        ("Democratic Republic of the Congo Congo", "CD CG"),
        ("Congo, Democratic Republic of the", "CD"),
        ("Congo Democratic Republic of the Congo", "CG CD"),
        ("Congo, Democratic Republic of the Congo", "CG CD"),
        ("Venezuela (Bolivarian Republic of)) Chile", "VE CL"),
        ("Venezuela (Bolivarian Republic of)Chile", "VE CL"),
        ("GUINEA* China", "GN CN"),
        ("", ""),
    ],
)
def test_a_run_is_cut_into_names(text: str, codes: str) -> None:
    """Long names are preferred to short ones inside them, with any separator."""
    states = SMALL_GAZETTEER.states(text)
    assert (" ".join(states.codes), states.leftovers, states.rivals) == (codes, (), ())


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Moldova (the Republic of)", "MD"),
        ("Moldova (la République de)", "MD"),
        ("Congo (the Democratic Republic of the)", "CD"),
        ("Congo (la République démocratique du)", "CD"),
        ("Congo, Dem. Rep. Congo, Rep.", "CD CG"),
        ("Iran (la République islamique d’)", "IR"),
        ("Bolivie (l'État plurinational de)", "BO"),
        ("Tanzania, the United Republic of", "TZ"),
        ("Kingdom of Lesotho; Reino de Marruecos", "LS MA"),
        ("St. Lucia St. Kitts & Nevis Trinidad & Tobago", "LC KN TT"),
        ("St Vincent and Grenadines", "VC"),
        ("Ste-Lucie Saint-Vincent-et-les Grenadines", "LC VC"),
        ("Belice Costa Rica República Dominicana (la) El Salvador", "BZ CR DO SV"),
        ("Kenia Bután Yibuti Guinea-Bisáu Guinea", "KE BT DJ GW GN"),
        ("Gambia (the) Bahamas (les) Filipinas (las)", "GM BS PH"),
        ("Niger (le) Soudan (le) Soudan du Sud Afrique du Sud", "NE SD SS ZA"),
        ("LA KH", "LA KH"),
        ("Chile & Peru", "CL PE"),
    ],
)
def test_names_are_read_as_others_write_them(text: str, codes: str) -> None:
    """Names of ISO, the UN, the EU and the World Bank, with articles, brackets and abbreviations."""
    states = REAL_GAZETTEER.states(text)
    assert (" ".join(states.codes), states.leftovers, states.rivals) == (codes, (), ())


@pytest.mark.parametrize(
    ("word", "names"),
    [("Kenja", ("Kenya",)), ("Bosnia", ("Bosnia and Herzegovina",)), ("Wakanda", ()), ("Mnia", ()), ("Ports", ())],
)
def test_only_close_names_are_offered(word: str, names: tuple[str, ...]) -> None:
    """A name that is unlike a word is no help."""
    assert tuple(map(str, REAL_GAZETTEER.closest(word))) == names


def test_what_is_no_name_is_left_over() -> None:
    """The known names are found around an unknown one, which is named."""
    states = SMALL_GAZETTEER.states("China Chlie Uruguay")
    assert (states.codes, states.leftovers) == (("CN", "UY"), ("Chlie",))
    assert tuple(map(str, SMALL_GAZETTEER.closest("Chlie"))) == ("Chile",)


def test_unknown_names_of_a_list_are_told_apart() -> None:
    """Leftovers on both sides of a comma are two."""
    assert SMALL_GAZETTEER.states("Foo Bar, Baz; China").leftovers == ("Foo Bar", "Baz")


def test_a_small_word_is_no_code() -> None:
    """Codes are in capitals; small letters are words."""
    assert SMALL_GAZETTEER.states("na").leftovers == ("na",)


def test_a_run_with_two_meanings_tells_both() -> None:
    """A run that can be cut in two ways that mean different states gives both readings."""
    states = SMALL_GAZETTEER.states("China Alpha Beta Gamma Chile")
    ((stretch, readings),) = states.rivals
    assert stretch == "Alpha Beta Gamma"
    assert set(readings) == {("X1", "X2"), ("X3", "X4")}


def test_every_name_of_the_real_list_gives_its_country() -> None:
    """Each name in each language names only its own country."""
    for country in REAL.countries.values():
        for label in country.labels:
            assert REAL_GAZETTEER.states(label.text).codes == (country.code,), label


def test_each_code_is_a_name() -> None:
    """Codes of all countries are read, Namibia's too."""
    assert all(REAL_GAZETTEER.states(code).codes == (code,) for code in REAL.countries)


@given(st.lists(st.sampled_from(PREFERRED), max_size=40))
def test_any_run_of_real_names_is_cut_back(names: list[tuple[str, str]]) -> None:
    """Names in three languages joined by single spaces are found again in order, or reported as ambiguous."""
    states = REAL_GAZETTEER.states(" ".join(name for _, name in names))
    assert states.leftovers == ()
    assert states.rivals or states.codes == tuple(code for code, _ in names)


@given(st.text(), st.lists(st.sampled_from([name for _, name in PREFERRED])), st.sampled_from(["", " ", ",", "\n"]))
def test_any_text_is_read_without_failing(text: str, names: list[str], gap: str) -> None:
    """Names and noise in any order give codes, leftovers or rivals, and never an error."""
    states = REAL_GAZETTEER.states(gap.join([*names, text]))
    assert all(code in REAL.countries for code in states.codes)


def test_a_long_run_of_noise_stays_cheap() -> None:
    """Thousands of unknown words are one leftover, found in one pass."""
    states = SMALL_GAZETTEER.states("word " * 5000 + "China")
    assert states.codes == ("CN",)
    assert len(states.leftovers) == 1


def test_the_pages_of_real_projects_are_cut_as_printed() -> None:
    """The printed lists of the collected projects, joined as the site joins them, give the same states."""
    source = SHARED / "data" / "idf_projects.json"
    if not source.exists():
        pytest.skip(f"the collected projects are not at {source}")
    fields = ("benefiting_member_states", "benefiting_member_states_raw", "other_countries", "other_countries_raw")
    lists = [
        project[field]
        for project in json.loads(source.read_text(encoding="utf-8"))["projects"]
        for field in fields
        if project.get(field)
    ]
    assert len(lists) > 100
    for names in lists:
        each = tuple(code for name in names for code in REAL_GAZETTEER.states(name).codes)
        assert len(each) == len(names)
        assert REAL_GAZETTEER.states(" ".join(names)).codes == each


def test_a_short_name_may_be_the_beginning_of_another() -> None:
    """Only of a longer name of several words, or of a name of one word, and only if it is a word of four letters."""
    for word, codes in (
        ("Guinea", "GN GQ GW"),
        ("Guinée", "GN GQ GW"),
        ("Niger", "NE NG"),
        ("Congo", "CD CG"),
        ("Inde", "IN"),
        ("Chin", "CN"),
        ("Oman", "OM"),
        ("Ira", ""),
        ("South Sudan", ""),
        ("", ""),
    ):
        assert " ".join(sorted(REAL_GAZETTEER.begun(word))) == codes, word
