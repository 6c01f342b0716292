"""A merged becomes a project with links, and every fault a finding."""

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iomld.assets import load_fields
from iomld.link.project import Linker, build_linker, link_project, normal_text
from iomld.model import (
    REJECTED,
    UNREVIEWED,
    GivenMention,
    Mention,
    MergedRecord,
    Money,
    Origin,
    Place,
    Project,
    Record,
    Severity,
    Value,
)
from iomld.vocab import Vocabulary

PLACE = Place("records.json", line=3)
ORIGIN = Origin("records.json", "0" * 64, "application/json")
SHARED = Path(os.environ.get("IOMLD_SHARED", Path(__file__).parents[3] / "shared"))


def merged(mentions: tuple[GivenMention, ...] = (), **fields: str | tuple[str, ...] | dict[str, str]) -> MergedRecord:
    """A merged with the given raw strings; a dict holds texts by language."""
    values: dict[str, tuple[Value, ...]] = {}
    for field, raw in fields.items():
        if isinstance(raw, dict):
            values[field] = tuple(Value(text, PLACE, language) for language, text in raw.items())
        else:
            values[field] = tuple(Value(text, PLACE) for text in ((raw,) if isinstance(raw, str) else raw))
    return MergedRecord("PO.0105", values, (Record(values, ORIGIN, PLACE),), mentions)


def given_mention(
    framework: str, quote: str, *, prefix: str = "", position: int | None = None, review: str = UNREVIEWED
) -> GivenMention:
    """A mention that a record carries."""
    return GivenMention(framework, quote, prefix, "", "en", position, PLACE, review=review)


def summary(project: Project) -> list[tuple[str, str, int | None]]:
    """Framework, quote and place of each mention."""
    return [(mention.framework, mention.quote, mention.start) for mention in project.mentions]


def test_a_full_record_becomes_links(linker: Linker) -> None:
    """Words become codes, digits become numbers, and nothing is found wrong."""
    project, findings = link_project(
        merged(
            projectCode="PO.0105",
            primaId="CN10P0002",
            title={"en": "A title"},
            status="Achevé",
            projectType="Migration Policy Activities",
            coverage="National",
            region="Asia and Oceania",
            startYear="2017",
            endYear="2019",
            allocationYear="2016",
            budgetUSD="100000.00",
            benefitingMemberStates="China",
            benefitingCountries=("ChiliUruguay",),
        ),
        linker,
    )
    assert findings == ()
    assert (project.key, project.code, project.prima_id, project.managing_office) == (
        "PO.0105",
        "PO.0105",
        "CN10P0002",
        "CN",
    )
    assert (project.status, project.project_type, project.coverage, project.region) == (
        "completed",
        "PO",
        "national",
        "asia",
    )
    assert (project.start_year, project.end_year, project.allocation_year) == (2017, 2019, 2016)
    assert (project.budget, project.member_states, project.other_countries) == (
        Money(Decimal("100000.00"), "USD"),
        ("CN",),
        ("CL", "UY"),
    )
    assert [text.value for text in project.titles] == ["A title"]
    assert project.origins == (ORIGIN,)


def test_a_day_gives_its_year(linker: Linker) -> None:
    """A source that states days alone states their years; a year that it states itself stays."""
    project, findings = link_project(merged(startDate="2017-03-01", endDate="2019-02-28", endYear="2020"), linker)
    assert (project.start_year, project.end_year) == (2017, 2020)
    assert not findings


def test_missing_fields_are_no_fault_of_linking(linker: Linker) -> None:
    """An empty merged and empty strings give an empty project."""
    assert link_project(merged(), linker)[1] == ()
    project, findings = link_project(merged(status="", startYear=" ", budgetUSD="", primaId=""), linker)
    assert (project.status, project.start_year, project.budget, project.prima_id, findings) == (
        None,
        None,
        None,
        None,
        (),
    )


@pytest.mark.parametrize(("code", "project_type"), [("PO.0001", "PO"), ("Q36-805", None), ("ZZ.0001", None)])
def test_an_unknown_type_word_yields_to_the_code(code: str, project_type: str | None, linker: Linker) -> None:
    """The two letters of the project code give the type, if they are one; the word is a Warning."""
    project, (finding,) = link_project(merged(projectCode=code, projectType="Dancing with Officers"), linker)
    assert project.project_type == project_type
    assert (finding.rule, finding.severity, finding.field) == ("unknownType", Severity.WARNING, "projectType")


def test_all_faults_are_told_at_once(linker: Linker) -> None:
    """Each unreadable field gives its own finding, with rule, field, value, place and what to do."""
    project, findings = link_project(
        merged(
            status="Gone",
            projectType="Dancing",
            coverage="Lunar",
            region="Atlantis",
            startYear="soon",
            endYear="later",
            allocationYear="never",
            budgetUSD="a lot",
            benefitingMemberStates="Chino Alpha Beta Gamma",
            mentions=(given_mention("nope", "Nope"),),
        ),
        linker,
    )
    assert {finding.rule for finding in findings} == {
        "unknownStatus",
        "unknownType",
        "unknownCoverage",
        "unknownRegion",
        "unreadableYear",
        "unreadableBudget",
        "unknownState",
        "unknownFramework",
    }
    assert [finding.field for finding in findings if finding.rule == "unreadableYear"] == [
        "startYear",
        "endYear",
        "allocationYear",
    ]
    assert all(finding.place == PLACE for finding in findings)
    assert {finding.rule for finding in findings if finding.severity is not Severity.VIOLATION} == {"unknownType"}
    assert all(finding.message and finding.fix and finding.value for finding in findings)
    assert (project.status, project.start_year, project.budget) == (None, None, None)


def test_an_ambiguous_run_is_refused(linker: Linker) -> None:
    """Two meanings of a run are both told, and no state is guessed."""
    project, (finding,) = link_project(merged(benefitingMemberStates="Alpha Beta Gamma"), linker)
    assert (finding.rule, finding.severity) == ("ambiguousStates", Severity.VIOLATION)
    assert "Alpha, Beta Gamma" in str(finding.message)
    assert "Alpha Beta, Gamma" in str(finding.message)
    assert project.member_states == ()


def test_a_stranger_among_members_moves(linker: Linker) -> None:
    """A country that is no member is kept among the others, with a Warning."""
    project, (finding,) = link_project(merged(benefitingMemberStates="China Indonesia"), linker)
    assert (project.member_states, project.other_countries) == (("CN",), ("ID",))
    assert (finding.rule, finding.severity, finding.value) == ("notAMember", Severity.WARNING, "Indonesia")


@pytest.mark.parametrize("names", ["Congo Congo", ("Congo", "Chile", "Congo")])
def test_a_double_is_dropped_and_told(linker: Linker, names: str | tuple[str, ...]) -> None:
    """A state listed twice is kept once, in its first place, with an Info."""
    project, (finding,) = link_project(merged(benefitingMemberStates=names), linker)
    assert project.member_states[0] == "CG"
    assert len(set(project.member_states)) == len(project.member_states)
    assert (finding.rule, finding.severity) == ("doubledState", Severity.INFO)


def test_an_unknown_state_names_the_closest(linker: Linker) -> None:
    """A typing error is answered with names, and the other states are still found."""
    project, (finding,) = link_project(merged(benefitingMemberStates="Chino"), linker)
    assert project.member_states == ()
    assert (finding.rule, finding.value) == ("unknownState", "Chino")
    assert str(finding.fix) == "Did you mean China?"


def test_a_prima_prefix_without_country_is_no_office(linker: Linker) -> None:
    """Only a country of the list is a managing office."""
    assert link_project(merged(primaId="ZZ10P0001"), linker)[0].managing_office is None


def test_mentions_stand_in_order(linker: Linker) -> None:
    """Narratives by language and place, then given ones without a place, then abstracts; titles are not searched."""
    project, findings = link_project(
        merged(
            title={"en": "On the MCOF"},
            abstract={"en": "About the GCM."},
            narrative={"fr": "Le GCM.", "en": "The MCOF and the GCM."},
            mentions=(given_mention("gcr", "the refugee text"),),
        ),
        linker,
    )
    assert findings == ()
    assert [(mention.field, mention.language, mention.framework) for mention in project.mentions] == [
        ("narrative", "en", "mcof"),
        ("narrative", "en", "gcm"),
        ("narrative", "fr", "gcm"),
        ("narrative", "en", "gcr"),
        ("abstract", "en", "gcm"),
    ]


def test_places_count_in_the_published_text(linker: Linker) -> None:
    """Narratives are published in the form that places count in."""
    project, _ = link_project(merged(narrative={"en": "  Cafe\u0301. \r\n\r\n  The GCM. "}), linker)
    assert project.narratives[0].value == "Café.\nThe GCM."
    assert project.mentions[0].start == 10
    assert normal_text(project.narratives[0].value) == project.narratives[0].value


def test_a_rejected_mention_gives_no_framework(linker: Linker) -> None:
    """It is kept as a mention, found or only stated; the project mentions what other mentions say."""
    stated = (given_mention("gcm", "GCM", position=4, review=REJECTED), given_mention("gcr", "pact", review=REJECTED))
    project, _ = link_project(merged(narrative={"en": "The GCM only."}, mentions=stated), linker)
    assert [(one.framework, one.start, one.review) for one in project.mentions] == [
        ("gcm", 4, REJECTED),
        ("gcr", None, REJECTED),
    ]
    assert project.frameworks == ()
    project, _ = link_project(merged(narrative={"en": "The GCM and the GCM."}, mentions=stated), linker)
    assert [one.review for one in project.mentions] == [REJECTED, UNREVIEWED, REJECTED]
    assert project.frameworks == ("gcm",)


def test_a_rejected_framework_does_not_reject_its_part(linker: Linker) -> None:
    """A review is about one framework: it is not passed on to the part that the same words name."""
    stated = given_mention("gcm", "objective 2 of the GCM", position=0, review=REJECTED)
    project, _ = link_project(merged(narrative={"en": "objective 2 of the GCM"}, mentions=(stated,)), linker)
    assert [(one.framework, one.review) for one in project.mentions] == [("gcm-objective-2", UNREVIEWED)]


def test_a_given_mention_without_narrative_is_kept_as_it_is(linker: Linker) -> None:
    """A record that cannot ship its narrative keeps its quotes; how sure they are follows from the names."""
    given_ones = (
        GivenMention("gcm", "Global Compact for Migration", "of the ", " and", "en", 683, PLACE),
        GivenMention("sdg-target-10.7", "Sustainable Development Goal", "", "", "en", None, PLACE),
        GivenMention("Global Compact on Refugees", "that text", "", "", "en", None, PLACE),
    )
    project, findings = link_project(merged(mentions=given_ones), linker)
    assert findings == ()
    assert project.mentions[0] == Mention(
        framework="gcm",
        quote="Global Compact for Migration",
        prefix="of the ",
        suffix=" and",
        field="narrative",
        language="en",
        start=683,
        method="exact-label",
        confidence=Decimal("0.98"),
    )
    assert [(mention.framework, mention.method, str(mention.confidence)) for mention in project.mentions[1:]] == [
        ("sdg-target-10.7", "variant-label", "0.9"),
        ("gcr", "manual", "1"),
    ]


@pytest.mark.parametrize("position", [4, None, 99])
def test_a_given_mention_of_a_found_place_is_given_once(linker: Linker, position: int | None) -> None:
    """Given and found mentions of the same words are one, whether or not the place was given rightly."""
    mention = given_mention("gcm", "GCM", prefix="The", position=position)
    project, _ = link_project(merged(narrative={"en": "The GCM and a GCM."}, mentions=(mention,)), linker)
    assert summary(project) == [("gcm", "GCM", 4), ("gcm", "GCM", 14)]


def test_a_given_part_is_better_than_a_found_whole(linker: Linker) -> None:
    """Where the record knows the part, the part stays."""
    mention = given_mention("gcm-objective-2", "GCM", position=4)
    project, _ = link_project(merged(narrative={"en": "The GCM."}, mentions=(mention,)), linker)
    assert summary(project) == [("gcm-objective-2", "GCM", 4)]


def test_given_words_are_found_in_the_narrative(linker: Linker) -> None:
    """A quote that is no known name gets its place, prefix and suffix from the narrative."""
    mention = given_mention("gcm", "that compact")
    project, _ = link_project(
        merged(narrative={"en": "Officers read that compact twice."}, mentions=(mention,)), linker
    )
    (linked,) = project.mentions
    assert (linked.start, linked.prefix, linked.suffix, linked.method) == (14, "Officers read ", " twice.", "manual")


def test_a_decoy_is_no_framework(linker: Linker) -> None:
    """A record cannot link a decoy."""
    mention = given_mention("Compact of Free Association", "Compact of Free Association")
    _, (finding,) = link_project(merged(mentions=(mention,)), linker)
    assert (finding.rule, finding.severity, finding.place) == ("unknownFramework", Severity.VIOLATION, PLACE)


def test_an_empty_vocabulary_links_nothing() -> None:
    """Without lists every word is unknown, and nothing fails."""
    project, findings = link_project(
        merged(status="Active", benefitingMemberStates="China", narrative={"en": "GCM"}),
        build_linker(Vocabulary({}, {}, fields=load_fields())),
    )
    assert [finding.rule for finding in findings] == ["unknownStatus", "unknownState"]
    assert project.mentions == ()


@given(st.dictionaries(st.sampled_from(list(load_fields().given)), st.lists(st.text(max_size=30), max_size=3)))
def test_any_record_is_linked_without_failing(values: dict[str, list[str]]) -> None:
    """Whatever stands in the fields, there is a project and every finding has a fix."""
    raw = {field: tuple(Value(text, PLACE) for text in texts) for field, texts in values.items()}
    project, findings = link_project(MergedRecord("PO.0105", raw, ()), _EMPTY)
    assert project.key == "PO.0105"
    assert all(finding.fix for finding in findings)


_EMPTY = build_linker(Vocabulary({}, {}, fields=load_fields()))


def test_the_seed_narrative_gives_its_five_mentions(real_linker: Linker) -> None:
    """The page that the project starts from mentions four frameworks in five places."""
    pages = sorted((SHARED / "seed").glob("*.txt")) if SHARED.exists() else []
    if not pages:
        pytest.skip(f"the seed page is not in {SHARED}")
    page = pages[0].read_text(encoding="utf-8")
    project, _ = link_project(merged(narrative={"en": page[page.index("The People") :]}), real_linker)
    assert [(m.framework, m.start, m.method, str(m.confidence)) for m in project.mentions] == [
        ("gcm", 683, "exact-label", "0.98"),
        ("mcof", 1018, "exact-label", "0.99"),
        ("micic", 1062, "variant-label", "0.9"),
        ("migof", 1111, "exact-label", "0.99"),
        ("gcm", 1151, "exact-label", "0.98"),
    ]
    assert project.mentions[0].prefix == "ongoing discussions of the "


def _dash_pages() -> Iterator[tuple[dict[str, object], list[str]]]:
    """The made-up pages whose values stand in blocks between lines of one dash, with their facts."""
    for facts_file in sorted((SHARED / "pages").glob("*.json")):
        facts = json.loads(facts_file.read_text(encoding="utf-8"))
        if facts["layout"] == "dash":
            page = facts_file.with_suffix(".txt").read_text(encoding="utf-8")
            yield facts, page.rsplit("\n-\n", 1)[1].splitlines()


def test_the_made_up_pages_give_their_states_and_frameworks(real_linker: Linker) -> None:
    """On the pages with known answers, precision and recall of states and frameworks are both 1."""
    pages = list(_dash_pages())
    if not pages:
        pytest.skip(f"the made-up pages are not in {SHARED}")
    for facts, (_, states, *body) in pages:
        narrative = {str(facts["lang"]): "\n".join(body)}
        project, findings = link_project(merged(benefitingMemberStates=states, narrative=narrative), real_linker)
        assert findings == ()
        assert list(project.member_states) == facts["states"]
        assert sorted({mention.framework for mention in project.mentions}) == facts["frameworks"]
