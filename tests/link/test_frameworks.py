"""Names of policy frameworks are found in texts, with the words that name them."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iomld.assets import load_vocabulary
from iomld.link.frameworks import build_matcher
from iomld.link.project import Linker
from iomld.vocab import LabelKind, Vocabulary

REAL = load_vocabulary()
REAL_MATCHER = build_matcher(REAL)
NAMES = sorted(
    {label.text for concept in REAL.concepts["framework"].values() for label in concept.labels}
    | {label.text for label in REAL.decoys}
)


def found(linker: Linker, text: str, language: str = "en") -> list[tuple[str, str]]:
    """Framework and quote of each mention."""
    return [(mention.framework, mention.quote) for mention in linker.matcher.mentions(text, language, "narrative")]


@pytest.mark.parametrize(
    ("text", "mentions"),
    [
        ("the Global Compact for Migration (GCM)", [("gcm", "Global Compact for Migration"), ("gcm", "GCM")]),
        ("talks on safe, orderly and regular migration", []),
        ("the Global Compact on Refugees", [("gcr", "Global Compact on Refugees")]),
        ("the United Nations Global Compact lent its hall", []),
        ("the Compact of Free Association", []),
        ("the United Nations Global Compact for Migration", [("gcm", "Global Compact for Migration")]),
        ("global compact  for\nmigration", [("gcm", "global compact  for\nmigration")]),
        ("MCOFs and XMCOF and mcof and MCOF", [("mcof", "MCOF")]),
        ("MCOF-based MCOF\u2019s MCOF¹", [("mcof", "MCOF")] * 3),
        ("Safe Global Compact for Migration-related", [("gcm", "Global Compact for Migration")]),
        ("a strategic plan of the ministry", []),
        ("the Strategic Plan", [("plan", "Strategic Plan")]),
        ("2030 Agenda", []),
    ],
)
def test_whole_names_are_found_and_decoys_are_not(linker: Linker, text: str, mentions: list[tuple[str, str]]) -> None:
    """The longest name counts, as whole words; decoys use up their words; acronyms keep their capitals."""
    assert found(linker, text) == mentions


@pytest.mark.parametrize(
    ("text", "method", "confidence"),
    [
        ("Global Compact for Safe, Orderly and Regular Migration", "exact-label", "0.99"),
        ("Global Compact for Safe, Orderly, and Regular Migration", "exact-label", "0.99"),
        ("Global Compact for Migration", "exact-label", "0.98"),
        ("Migration Crisis Operational Frameworks", "variant-label", "0.9"),
        ("Migration Crisis “Operational” Framework", "variant-label", "0.9"),
        ("GCM", "acronym", "0.85"),
    ],
)
def test_method_and_confidence_say_how_it_was_found(linker: Linker, text: str, method: str, confidence: str) -> None:
    """Preferred names count most, then others, then variants, then acronyms."""
    (mention,) = linker.matcher.mentions(text, "en", "narrative")
    assert (mention.quote, mention.method, mention.confidence) == (text, method, Decimal(confidence))


def test_a_quotation_mark_inside_a_name_brings_its_partner(linker: Linker) -> None:
    """A name that is quoted in part is quoted whole."""
    assert found(linker, "the “Strategic” plan, a Strategic “Plan”.") == [
        ("plan", "“Strategic” plan"),
        ("plan", "Strategic “Plan”"),
    ]


def test_languages_have_their_own_acronyms(linker: Linker) -> None:
    """An acronym with two meanings is read in its own language alone; names of other languages are read anywhere."""
    assert [found(linker, "CRM", language) for language in ("en", "fr", "es", "de")] == [
        [],
        [("other", "CRM")],
        [("rcm", "CRM")],
        [],
    ]
    assert found(linker, "pacte mondial sur les migrations", "en") == [("gcm", "pacte mondial sur les migrations")]
    assert found(linker, "GCM", "fr-CA") == [("gcm", "GCM")]


@pytest.mark.parametrize(
    ("text", "language", "mentions"),
    [
        (
            "on objective 23 of the Global Compact for Migration.",
            "en",
            [("gcm-objective-23", "objective 23 of the Global Compact for Migration")],
        ),
        (
            "objectives 2 and 23 of the GCM",
            "en",
            [
                ("gcm-objective-2", "objectives 2 and 23 of the GCM"),
                ("gcm-objective-23", "objectives 2 and 23 of the GCM"),
            ],
        ),
        ("the GCM (objective 2) and", "en", [("gcm-objective-2", "GCM (objective 2)")]),
        ("SDG target 10.7.", "en", [("sdg-target-10.7", "SDG target 10.7")]),
        ("SDG indicator", "en", [("sdg", "SDG")]),
        ("SDG 8.", "en", [("sdg-goal-8", "SDG 8")]),
        ("SDG8", "en", [("sdg-goal-8", "SDG8")]),
        ("SDGs 8 and 10, which", "en", [("sdg-goal-8", "SDGs 8 and 10"), ("sdg-goal-10", "SDGs 8 and 10")]),
        ("Sustainable Development Goal 10.7", "en", [("sdg-target-10.7", "Sustainable Development Goal 10.7")]),
        ("cible 10.7 des SDGs", "fr", [("sdg-target-10.7", "cible 10.7 des SDGs")]),
        ("SDGs 8–10 and", "en", [("sdg-goal-8", "SDGs 8–10"), ("sdg", "SDGs 8–10"), ("sdg-goal-10", "SDGs 8–10")]),
        ("SDG target 3.8", "en", [("sdg", "SDG")]),
        ("the SDGs, 8 of them", "en", [("sdg", "SDGs")]),
        ("SDG 2030", "en", [("sdg", "SDG")]),
        ("GCM 23 January", "en", [("gcm", "GCM")]),
        ("objective 4 of the Global Compact on Refugees", "en", [("gcr", "Global Compact on Refugees")]),
    ],
)
def test_parts_are_read_with_their_whole(
    linker: Linker, text: str, language: str, mentions: list[tuple[str, str]]
) -> None:
    """A numbered part in the list is linked, before or after the name; any other number leaves the whole."""
    assert found(linker, text, language) == mentions


@pytest.mark.parametrize(
    ("text", "language", "codes"),
    [
        ("objectives 2 and 23 of the GCM", "en", "gcm-objective-2 gcm-objective-23"),
        (
            "objectives 2 to 4 of the Global Compact for Migration",
            "en",
            "gcm-objective-2 gcm-objective-3 gcm-objective-4",
        ),
        (
            "objectives 2, 5-6 and 23 of the GCM",
            "en",
            "gcm-objective-2 gcm-objective-5 gcm-objective-6 gcm-objective-23",
        ),
        ("objectives 9 to 2 of the GCM", "en", "gcm-objective-9 gcm-objective-2"),
        ("target 10.c within the Sustainable Development Goals", "en", "sdg-target-10.c"),
        ("objective 23 (return) within the GCM", "en", "gcm-objective-23"),
        ("SDGs 8 and 10", "en", "sdg-goal-8 sdg-goal-10"),
        ("SDG targets 8.8 and 10.7", "en", "sdg-target-8.8 sdg-target-10.7"),
        ("SDG targets 8.7 to 8.8", "en", "sdg-target-8.7 sdg-target-8.8"),
        ("SDG 10 - 12 officials", "en", "sdg-goal-10"),
        ("GCM 23-24 January", "en", "gcm"),
        ("l’ODD 8", "fr", "sdg-goal-8"),
        ("les ODD 8 et 10", "fr", "sdg-goal-8 sdg-goal-10"),
        ("cibles 8.7 à 8.8 des ODD", "fr", "sdg-target-8.7 sdg-target-8.8"),
        ("objectif 23 du Pacte mondial sur les migrations", "fr", "gcm-objective-23"),
        ("objetivo 23 del Pacto Mundial para la Migración", "es", "gcm-objective-23"),
        ("los ODS 8 y 10", "es", "sdg-goal-8 sdg-goal-10"),
    ],
)
def test_lists_and_ranges_name_each_part(text: str, language: str, codes: str) -> None:
    """Numbers in a row, and from one to another, name the parts between; a dash with spaces is no range."""
    (match,) = REAL_MATCHER.matches(text, language)
    assert " ".join(match.codes) == codes


@pytest.mark.parametrize("sign", ["", "(", "“", "\n", "\u2028", "\u200b", "。"])
def test_any_sign_may_stand_before_a_name(linker: Linker, sign: str) -> None:
    """A name begins where no letter or digit stands before it, at the beginning of the text too."""
    assert found(linker, f"{sign}GCM") == [("gcm", "GCM")]


@pytest.mark.parametrize("letter", ["x", "é", "_", "7", "日", "ж", "º", "x\u0301"])
def test_no_name_begins_inside_a_word(linker: Linker, letter: str) -> None:
    """After a letter or a digit of any script there is no name; a later one is still found."""
    assert [quote for _, quote in found(linker, f"{letter}GCM, {letter}GCM MCOF")] == ["MCOF"]


def test_the_words_around_are_whole_and_short(linker: Linker) -> None:
    """Prefix and suffix touch the quote, hold whole words and at most 32 characters."""
    text = "Policies follow the ongoing discussions of the GCM and becoming a key informed stakeholder."
    (mention,) = linker.matcher.mentions(text, "en", "narrative")
    assert (mention.prefix, mention.suffix) == ("ongoing discussions of the ", " and becoming a key informed")
    assert mention.start == text.index("GCM")


def test_texts_with_decomposed_letters_keep_their_places(linker: Linker) -> None:
    """Marks and ligatures before a name do not shift it."""
    text = "e\u0301tude, mise en œuvre, ﬁn du GCM"
    (mention,) = linker.matcher.mentions(text, "fr", "narrative")
    assert (mention.start, mention.quote) == (text.index("GCM"), "GCM")


def test_every_real_name_finds_itself() -> None:
    """Each name of each framework, and each name of a part that is no heading, is found whole."""
    for code, concept in REAL.concepts["framework"].items():
        for label in concept.labels:
            if concept.broader and label.kind is LabelKind.PREFERRED:
                continue
            mentions = {item.framework: item.quote for item in REAL_MATCHER.mentions(label.text, label.language, "")}
            assert set(mentions.values()) == {label.text}
            assert code in mentions
            assert len(mentions) == 1 or label.kind is LabelKind.HIDDEN  # a plural names several


def test_no_decoy_is_a_mention() -> None:
    """No name of a decoy gives a framework."""
    for label in REAL.decoys:
        assert list(REAL_MATCHER.matches(f"the {label.text} of", label.language)) == []


def test_headings_of_parts_are_common_words() -> None:
    """The heading of a part alone is no mention."""
    assert list(REAL_MATCHER.matches("Human rights, No poverty and National sovereignty", "en")) == []


def test_an_empty_vocabulary_finds_nothing() -> None:
    """Without names there are no mentions."""
    assert list(build_matcher(Vocabulary({}, {})).matches("GCM", "en")) == []


@given(
    st.lists(
        st.one_of(st.sampled_from(NAMES), st.text(max_size=12), st.sampled_from(["objective 2 of the ", "“", "8"]))
    ),
    st.sampled_from(["", " ", ", ", "\n", "\u2019s "]),
    st.sampled_from(["en", "fr", "es", "de", ""]),
)
def test_any_text_is_searched_without_failing(pieces: list[str], gap: str, language: str) -> None:
    """Each mention's words stand at its place, between its prefix and suffix, and mentions never overlap."""
    text = gap.join(pieces)
    last = 0
    for mention in REAL_MATCHER.mentions(text, language, "narrative"):
        start = mention.start
        assert start is not None
        end = start + len(mention.quote)
        assert text[start:end] == mention.quote != ""
        assert text[start - len(mention.prefix) : start] == mention.prefix
        assert text[end : end + len(mention.suffix)] == mention.suffix
        assert max(len(mention.prefix), len(mention.suffix)) <= 32
        assert start >= last or end == last  # parts named together share their words
        last = end
