"""The records that ship in `data/` keep the form that `data/README.md` describes."""

import json
import re
from collections.abc import Iterator
from typing import NotRequired, TypedDict

import pytest
from tests.conftest import DATA, PROJECT_COUNT

from iomld.assets import load_vocabulary

LANGUAGES = ("en", "fr", "es")
YEAR_KEYS = ("startYear", "endYear", "allocationYear")
# What each project has once its copies are merged; the rest may be absent.
COMPLETE_KEYS = {
    *("projectCode", "title", "abstract", "status", "projectType", "coverage", "region"),
    *("budgetUSD", "benefitingMemberStates", "source"),
}
# What the page of a project does not print, by the name of the project: published with a warning, never guessed.
NOT_PRINTED = {"NC.0162": {"status"}, "WS10P0504": {"projectCode", "status"}}


class MentionJson(TypedDict):
    """A mention as it stands in the files."""

    framework: str
    quote: str
    prefix: str
    suffix: str
    language: str
    position: NotRequired[int]


class RecordJson(TypedDict):
    """A record as it stands in the files; further keys are checked against the documented table."""

    projectCode: NotRequired[str]
    primaId: NotRequired[str]
    title: dict[str, str]
    abstract: NotRequired[dict[str, str]]
    status: NotRequired[str]
    projectType: str
    coverage: str
    region: str
    budgetUSD: str
    benefitingMemberStates: list[str]
    benefitingCountries: NotRequired[list[str]]
    mentions: NotRequired[list[MentionJson]]
    source: dict[str, str]


def name_of(record: RecordJson) -> str:
    """The project's code, or its PRIMA identifier where its page prints no code."""
    return record.get("projectCode") or record["primaId"]


def text_of(language: str) -> str:
    """The text of one language's file."""
    return (DATA / f"projects-{language}.json").read_bytes().decode("utf-8")


def records_of(language: str) -> list[RecordJson]:
    """The records of one language's file."""
    records: list[RecordJson] = json.loads(text_of(language))
    return records


def all_records() -> Iterator[RecordJson]:
    """The records of all files."""
    for language in LANGUAGES:
        yield from records_of(language)


def all_mentions() -> Iterator[MentionJson]:
    """The mentions of all records."""
    for record in all_records():
        yield from record.get("mentions", [])


def table_rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a heading of the README, without the heading rows."""
    section = (DATA / "README.md").read_text(encoding="utf-8").partition(f"\n{heading}\n")[2]
    table = section[section.index("|") :].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table.splitlines()[2:]]


def keys_below(heading: str) -> list[str]:
    """The keys that the first table below a heading documents, in its order."""
    return [row[0].strip("` ") for row in table_rows(heading)]


def keys_of_projects() -> dict[str, set[str]]:
    """For each project the keys that any of its copies has."""
    projects: dict[str, set[str]] = {}
    for record in all_records():
        projects.setdefault(name_of(record), set()).update(record)
    return projects


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_project_stands_once_in_a_file(language: str) -> None:
    """No file holds two records of one project."""
    names = [name_of(record) for record in records_of(language)]
    assert len(set(names)) == len(names)


def test_the_readmes_count_the_records() -> None:
    """The number of projects and of the records of each file are those that the READMEs give."""
    counts = {language: len(records_of(language)) for language in LANGUAGES}
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    assert f"{PROJECT_COUNT} projects of the IOM Development Fund" in readme
    assert all(f"\n| `projects-{language}.json` | {count}, from " in readme for language, count in counts.items())
    ours = (DATA.parent / "README.md").read_text(encoding="utf-8")
    assert f"\n{PROJECT_COUNT} projects of the IOM Development Fund" in ours
    assert f" {sum(counts.values())} records of {PROJECT_COUNT} projects\n" in ours
    assert f" {PROJECT_COUNT} projects: {PROJECT_COUNT} new, 0 changed\n" in ours


@pytest.mark.parametrize("language", LANGUAGES)
def test_files_are_sorted_and_canonical(language: str) -> None:
    """Records stand in the order of their projects' names, and writing a file again gives the same bytes."""
    records = records_of(language)
    assert records == sorted(records, key=name_of)
    assert text_of(language) == json.dumps(records, ensure_ascii=False, indent=2) + "\n"


def test_keys_are_documented_and_in_their_order() -> None:
    """Every key is in the README's table, and records keep the table's order; so no record has a narrative."""
    documented = keys_below("## Record form")
    assert "narrative" not in documented
    for record in all_records():
        assert list(record) == [key for key in documented if key in record]
        assert list(record["source"]) == ["url"]


def test_mention_keys_are_documented_and_in_their_order() -> None:
    """Every key of a mention is in the README's table, in the table's order."""
    documented = keys_below("### Mentions")
    for mention in all_mentions():
        assert list(mention) == [key for key in documented if key in mention]


def test_every_project_is_complete_after_merging() -> None:
    """Each project has what validation asks for, counted over its copies, but for what its page does not print."""
    missing = {name: COMPLETE_KEYS - keys for name, keys in keys_of_projects().items() if not keys >= COMPLETE_KEYS}
    assert missing == NOT_PRINTED


def test_the_readme_counts_what_is_missing() -> None:
    """The README's counts of absent facts are those of the files."""
    projects = keys_of_projects().values()
    for key, having, lacking in table_rows("## What is missing"):
        count = sum(key.strip("`") in keys for keys in projects)
        assert (key, having, lacking) == (key, str(count), str(len(projects) - count))


def test_codes_are_in_the_vocabulary() -> None:
    """Status, type, coverage, region, framework and country codes are codes of the ontology's lists."""
    vocabulary = load_vocabulary()
    for record in all_records():
        assert "status" not in record or record["status"] in vocabulary.concepts["status"]
        assert record["projectType"] in vocabulary.concepts["type"]
        assert record["coverage"] in vocabulary.concepts["coverage"]
        assert record["region"] in vocabulary.concepts["region"]
        assert set(record["benefitingMemberStates"]) | set(record.get("benefitingCountries", ())) <= set(
            vocabulary.countries
        )
    assert {mention["framework"] for mention in all_mentions()} <= set(vocabulary.concepts["framework"])


def test_states_benefit_once_and_are_members() -> None:
    """A state is listed once, is a member state, and is not also an other country."""
    countries = load_vocabulary().countries
    for record in all_records():
        states = record["benefitingMemberStates"]
        assert len(set(states)) == len(states) > 0
        assert all(countries[state].is_member for state in states)
        assert not set(states) & set(record.get("benefitingCountries", ()))


def test_identifiers_years_and_budgets_have_their_form() -> None:
    """Codes, PRIMA identifiers, years and sums are strings of the documented forms."""
    forms = dict.fromkeys(YEAR_KEYS, r"20[0-9]{2}")
    forms["projectCode"] = r"[A-Z]{2}\.[0-9]{4}|[A-Z][A-Z0-9][0-9]-80[05]"
    forms["primaId"] = r"[A-Z]{2}(10|20|99)P[0-9]{4}"
    forms["budgetUSD"] = r"[1-9][0-9]*"
    for record in all_records():
        for key, value in record.items():
            if key in forms:
                assert isinstance(value, str)
                assert re.fullmatch(forms[key], value), f"{name_of(record)}: {key} is {value}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_titles_have_the_language_of_the_file(language: str) -> None:
    """A record holds one title, in the language of its file."""
    assert all(list(record["title"]) == [language] for record in records_of(language))


def test_each_project_is_described_once_in_one_sentence() -> None:
    """Each project has one description: one English sentence under 300 characters."""
    described = [(name_of(record), record["abstract"]) for record in all_records() if "abstract" in record]
    assert len(described) == len({name for name, _ in described}) == PROJECT_COUNT
    for name, abstract in described:
        assert list(abstract) == ["en"]
        sentence = abstract["en"]
        assert re.fullmatch(r"[A-Z](?:[^.!?]|[.!?](?! ))*\.", sentence), f"{name} is not one sentence: {sentence}"
        assert len(sentence) < 300


def test_descriptions_are_not_the_titles() -> None:
    """No description repeats a title."""
    texts = {record["title"].get("en", "").rstrip(".").casefold() for record in all_records()}
    descriptions = {record["abstract"]["en"].rstrip(".").casefold() for record in all_records() if "abstract" in record}
    assert not texts & descriptions


def test_mentions_quote_with_context() -> None:
    """A mention has a quote, and a context of at most 32 characters on each side."""
    mentions = list(all_mentions())
    assert len(mentions) == 20
    for mention in mentions:
        assert mention["quote"].strip()
        assert len(mention["prefix"]) <= 32
        assert len(mention["suffix"]) <= 32
        assert mention["language"] in LANGUAGES


def test_positions_are_given_where_the_narrative_was_at_hand() -> None:
    """The five mentions of PO.0105 stand at their offsets; no other mention claims one."""
    positions = {
        name_of(record): [mention["position"] for mention in record["mentions"] if "position" in mention]
        for record in all_records()
        if any("position" in mention for mention in record.get("mentions", []))
    }
    assert positions == {"PO.0105": [683, 1018, 1062, 1111, 1151]}


def test_sources_are_https_addresses_of_iom() -> None:
    """Each record names its page, on a host of iom.int."""
    for record in all_records():
        assert re.fullmatch(r"https://([a-z]+\.)?iom\.int/[\w/.-]+", record["source"]["url"])
