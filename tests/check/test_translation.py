"""Reports in English, French and Spanish: the same rules and places, other words."""

import ast
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner
from pyoxigraph import Literal
from tests.conftest import ROOT

from iomld.check.checker import Checker
from iomld.check.report import CheckReport
from iomld.check.translation import worded_finding, worded_report
from iomld.cli.validate import validate_command
from iomld.errors import SourceError
from iomld.formats.rdf import TURTLE, parse
from iomld.i18n import LANGUAGES, is_translated, worded
from iomld.iris import SH
from iomld.messages import Message, message
from iomld.model import Finding, Severity
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline
from iomld.validate import all_rules

TRANSLATIONS = LANGUAGES[1:]

RECORDS = [
    {
        "projectCode": "CO.9001",
        "projectType": "PO",
        "status": "completed",
        "budgetUSD": "100 000 USD",
        "title": {"en": "A title", "q1": "x"},
        "colour": "blue",
        "benefitingMemberStates": "Nauru; Narnia",
        "source": {"url": "ftp://x", "retrievedAt": "today"},
        "mentions": [{"framework": "gcm", "quote": "x", "confidence": 7}],
    },
    {
        "projectCode": "PO.9002",
        "projectType": "CO",
        "title": {"en": "A {?value} title"},
        "coverage": "national",
        "budgetUSD": 5,
        "startYear": 2018,
        "endYear": 2016,
        "allocationYear": 1990,
        "status": "active",
        "benefitingMemberStates": ["Nauru", "Nauru"],
    },
    {
        "projectCode": "PO.9003",
        "startYear": 2010,
        "endYear": 2030,
        "allocationYear": 2009,
        "title": "x",
        "sources": [1],
    },
]


def _identifiers() -> Iterator[str]:
    """The identifiers of all messages that are made somewhere in the code."""
    for module in sorted((ROOT / "src" / "iomld").rglob("*.py")):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "message":
                (sentence,) = node.args
                assert isinstance(sentence, ast.Constant), f"{module}:{node.lineno}"
                assert isinstance(sentence.value, str)
                assert {keyword.arg for keyword in node.keywords} == set(_places(sentence.value, node)), sentence.value
                yield sentence.value


def _places(sentence: str, node: ast.Call) -> list[str]:
    """The places for values; a sentence that is given none may hold braces."""
    return re.findall(r"\{(\w+)\}", sentence) if node.keywords else []


def test_every_message_is_in_the_catalogues() -> None:
    """Those that refuse a whole file too; and each has the values that its sentence has places for."""
    identifiers = set(_identifiers())
    assert len(identifiers) > 200
    for language in TRANSLATIONS:
        assert {sentence for sentence in identifiers if not is_translated(Message(sentence), language)} == set()


@pytest.mark.parametrize("language", TRANSLATIONS)
@pytest.mark.parametrize(
    "data", [b'{"a": 1', b"<a> <b> .", b"<?xml version='1.0'?><a>", b"a,b\n", b"Hello.", b"\0\1", b""]
)
def test_a_file_that_cannot_be_read_is_told_in_the_language(data: bytes, language: str) -> None:
    """Name and place stay, the sentence is in the language, and only what a parser said may be English."""
    with pytest.raises(SourceError) as caught:
        Checker(load_pipeline(Choices()), "submission").check_bytes(
            data, "a file.ttl" if data[:1] == b"<" else "a file"
        )
    assert is_translated(caught.value.message, language)
    told = worded(caught.value.message, language)
    assert told.startswith("a file")
    own = re.split(r"\(|Parser error", told)[0].removeprefix("a file")
    assert not re.search(r"\b(?:file|line|column|save|correct|found|is|not)\b", own)


def test_french_sets_its_spaces_and_apostrophes_in_shapes() -> None:
    """A no-break space before a colon, a narrow one before ; ? and !, and no typewriter's apostrophe, as on pages."""
    shown = (re.sub(r"\{\?", "", rule.messages["fr"]) for rule in all_rules())
    wrong = [text for text in shown if re.search(r"[^\u00a0]:(?!\w)|[^\u202f][;!?](?!\w)|'|« | »", text)]
    assert wrong == []


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_every_shape_rule_gets_its_own_words_with_any_values(language: str) -> None:
    """Values come through as they are, whatever signs they hold."""
    for rule in all_rules():
        names = re.findall(r"\{\?(\w+)\}", rule.message)
        values = {name: f"{number} {{?value}}\n« x »\\1" for number, name in enumerate(names)}
        expected = replace(rule, message=rule.messages[language]).filled(**values)
        said = worded_finding(Finding(rule.id, rule.severity, rule.filled(**values)), language)
        assert (str(said.message), said.language) == (str(expected), language)


def test_values_are_recovered_from_what_an_engine_filled_in() -> None:
    """By the rule's own message; a sentence of the engine's own stays as it is."""
    for rule in all_rules():
        names = re.findall(r"\{\?(\w+)\}", rule.message)
        filled = rule.filled(**{name: f"<{name}>" for name in names})
        assert rule.recognized(str(filled)) == filled
        assert rule.recognized("Something else.") == Message("Something else.")


def test_a_finding_is_in_one_language_as_a_whole() -> None:
    """If a part has no translation, the whole finding is in English and is marked as such."""
    key = message("The key '{key}' is unknown and was not read.", key="x")
    said = worded_finding(Finding("unknownKey", Severity.WARNING, key, Message("Ask somebody.")), "fr")
    assert (str(said.message), str(said.fix), said.language) == (str(key), "Ask somebody.", "en")


def test_names_that_a_finding_offers_are_in_the_language() -> None:
    """The words to choose from are those that readers of the language know; each is accepted as it is written."""
    data = json.dumps([{"projectCode": "PO.9004", "status": "bogus", "coverage": "Regionl"}]).encode()
    report = Checker(load_pipeline(Choices()), "submission").check_bytes(data, "x.json")
    fixes = {
        language: {one.rule: str(one.fix) for one in worded_report(report, language).findings} for language in LANGUAGES
    }
    assert fixes["en"]["unknownStatus"] == "Write one of: Active, Completed."
    assert fixes["fr"]["unknownStatus"] == "Choisissez parmi\u00a0: Actif, Achevé."
    assert fixes["es"]["unknownStatus"].endswith("En curso, Finalizado.")
    assert "Régional" in fixes["fr"]["unknownCoverage"]


@pytest.fixture(scope="module")
def reports() -> tuple[CheckReport, CheckReport]:
    """Faults of every kind as either engine sees them."""
    data = json.dumps(RECORDS).encode()
    one, other = (
        Checker(load_pipeline(Choices(engine=engine))).check_bytes(data, "x.json") for engine in ("shacl", "pyshacl")
    )
    return one, other


def _without_words(report: CheckReport) -> list[Finding]:
    return [replace(finding, message=Message(""), fix=None, language="") for finding in report.findings]


@pytest.mark.parametrize("language", TRANSLATIONS)
def test_only_words_differ_and_engines_agree(language: str, reports: tuple[CheckReport, CheckReport]) -> None:
    """Rules, places, values and counts are those of English; no sentence is English; both engines say the same."""
    one, other = (worded_report(report, language) for report in reports)
    assert one.findings == other.findings
    assert _without_words(one) == _without_words(reports[0])
    assert (one.counts, one.files) == (reports[0].counts, reports[0].files)
    assert {finding.language for finding in one.findings} == {language}
    assert len({finding.rule for finding in one.findings}) > 20
    for said, english in zip(one.findings, reports[0].findings, strict=True):
        assert said.message != english.message
    assert [group.example.language for group in one.groups] == [language] * len(one.groups)


def _run(*arguments: str | Path) -> str:
    done = CliRunner().invoke(validate_command, [*map(str, arguments)], standalone_mode=False)
    assert done.exception is None, done.exception
    return done.stdout


@pytest.fixture
def faulty(tmp_path: Path) -> Path:
    """A record with faults."""
    path = tmp_path / "x.json"
    path.write_text('{"projectCode": "PO.9001", "colour": "blue"}', encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("language", "key", "verdict", "cause"),
    [
        ("en", "The key 'colour' is unknown and was not read.", "Does not conform: 1 record, ", "Findings by cause"),
        (
            "fr",
            "La clé «\u00a0colour\u00a0» n’est pas connue et n’a pas été lue.",
            "Non conforme\u00a0: 1 fiche, ",
            "Constats par cause",
        ),
        ("es", "La clave «colour» no es conocida y no se leyó.", "No conforme: 1 ficha, ", "Hallazgos por causa"),
    ],
)
def test_the_command_writes_each_form_in_the_language(
    language: str, key: str, verdict: str, cause: str, faulty: Path
) -> None:
    """Sentences and fixed words change; keys of machine formats do not; RDF messages carry the language tag."""
    text = _run(faulty, "--lang", language)
    assert key in text
    assert text.splitlines()[-1].startswith(verdict)
    document = json.loads(_run(faulty, "--lang", language, "--format", "json"))
    (found,) = [result for result in document["results"] if result["rule"] == "unknownKey"]
    assert (found["severity"], found["message"]) == ("Warning", key)
    quads = list(parse(_run(faulty, "--lang", language, "--format", "turtle"), TURTLE))
    said = [quad.object for quad in quads if quad.predicate.value == f"{SH}resultMessage"]
    assert {term.language for term in said if isinstance(term, Literal)} == {language}
    page = _run(faulty, "--lang", language, "--format", "html")
    assert f'<html lang="{language}" dir="ltr">' in page
    assert f"<h2>{cause}</h2>" in page


def test_the_versions_of_the_check_are_named_in_the_language(faulty: Path) -> None:
    """What the last lines name stays as it is but for the words."""
    text = _run(faulty, "--lang", "fr")
    assert re.search(r"Vérifié avec profil submission, \S+ \S+, iomld \S+, formes \S+, vocabulaires", text)


def test_the_command_knows_three_languages(faulty: Path) -> None:
    """Another one is a wrong option."""
    assert CliRunner().invoke(validate_command, [str(faulty), "--lang", "de"]).exit_code == 2


def test_a_whole_file_is_refused_in_the_language_and_says_so(tmp_path: Path) -> None:
    """The message has the tag of its language."""
    path = tmp_path / "empty.json"
    path.write_text("", encoding="utf-8")
    report = _run(path, "--lang", "fr", "--format", "turtle")
    assert 'le fichier est vide. Vérifiez qu’il a été enregistré."@fr' in report
    assert '"@en' not in report


@pytest.mark.parametrize("engine", ["shacl", "pyshacl"])
def test_messages_of_other_shapes_in_the_language_they_have(engine: str, tmp_path: Path) -> None:
    """The asked language where the shapes have it, else English; ours for constraints without a message."""
    (tmp_path / "s.ttl").write_text("""@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix ex: <http://x.org/> .
        ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:a, ex:b, ex:c .
        ex:a sh:path ex:a ; sh:minCount 1 ; sh:message "A is missing."@en, "A manque."@fr .
        ex:b sh:path ex:b ; sh:minCount 1 ; sh:message "B fehlt."@de, "B is missing."@en .
        ex:c sh:path ex:c ; sh:minCount 1 .""")
    (tmp_path / "d.ttl").write_text("<http://x.org/1> a <http://x.org/C> .")
    options = ("--shapes", tmp_path / "s.ttl", "--engine", engine, "--lang", "fr", "--format", "json")
    results = json.loads(_run(tmp_path / "d.ttl", *options))["results"]
    assert [result["message"] for result in results] == [
        "A manque.",
        "B is missing.",
        "Une valeur manque\u00a0: il y en a moins que la forme n’en demande. Ajoutez-la.",
    ]
