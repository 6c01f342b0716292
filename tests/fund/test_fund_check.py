"""`iomld fund check`: what a fund folder means for tables, and each fault of its lists and shapes with its line."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.commands import run_iomld
from tests.fund.conftest import EXAMPLE

from iomld.assets import asset_text, load_fields
from iomld.check.fund import fund_faults
from iomld.fund_folder import read_fund_folder, using
from iomld.i18n import is_translated, worded
from iomld.model import GivenMention, Place
from iomld.read.record.mentions import given_mention
from iomld.read.table.columns import mention_columns

Change = Callable[..., Path]
GROUP, FIELDS = "ontology/group.ttl", "shapes/fields.ttl"
RULE = """
hcf:short a sh:PropertyShape ; sh:path hcf:hostCity ; sh:severity sh:Warning ; dcterms:isPartOf prof:published ;
  sh:name "Short"@en ; sh:description "Short."@en ; sh:message "Too long."@en ; CONSTRAINT .
"""
# File, text that is replaced (or nothing, to add text), the new text, the line, and the sentence.
FAULTS = {
    "list that is no Turtle": (GROUP, 'skos:notation "fishers"', "skos:notation fishers", 9, "column "),
    "concept without a code": (GROUP, 'skos:notation "fishers" ;', "", 8, "has no code. Write its skos:notation."),
    "concept without a name": (GROUP, 'skos:prefLabel "Fishers"@en, "Pêcheurs"@fr', "a skos:Concept", 8, "has no name"),
    "concept of another list": (GROUP, "group:fishers a", "<https://x.example/fishers> a", 8, "so its IRI must be"),
    "concept in no list": (
        GROUP,
        "group:fishers a skos:Concept ; skos:inScheme <https://grants.example/data/scheme/group> ;",
        "group:fishers a skos:Concept ;",
        8,
        "is not in the list. Write skos:inScheme",
    ),
    "list of another base": (GROUP, "grants.example/data/scheme/group>", "x.example/group>", 6, "the file has no list"),
    "list with a blank node": (GROUP, "", "\n[] skos:notation 'x' .\n", 15, "a list has no blank nodes"),
    "empty list": ("ontology/sea.ttl", "", "", 1, "the file has no list"),
    "ontology of iomld": ("ontology/iomld.ttl", "", "", 1, "the terms of iomld are the same for every publisher"),
    "fund without a name": ("ontology/fund.ttl", "foaf:name", "skos:note", 4, "has no name. Write its foaf:name."),
    "fund of another base": ("ontology/fund.ttl", "grants.example/data/", "x.example/", 4, "is no fund. Its IRI must"),
    "fund that is not described": ("iomld.toml", "fund/harbours", "fund/piers", 5, "does not describe <https://grants"),
    "unknown rule": ("iomld.toml", "notAMember", "notAMembr", 8, "there is no rule 'notAMembr' to leave out"),
    "shape that is no Turtle": (FIELDS, "sh:maxCount 1 ;", "sh:maxCount ;", 14, "column "),
    "key of iomld": (FIELDS, '"hostCity"', '"budget"', 12, "'budget' is a key of iomld."),
    "key of the context": (FIELDS, '"hostCity"', '"label"', 12, "'label' is a key of iomld."),
    "no key": (FIELDS, '"hostCity"', '"Host city"', 12, "'Host city' is no key."),
    "key of two fields": (FIELDS, '"groups"', '"hostCity"', 12, "two fields have the key 'hostCity'."),
    "property of another field": (FIELDS, "sh:path hcf:group ", "sh:path hcf:hostCity ", 12, "the property of another"),
    "property of iomld": (
        FIELDS,
        "sh:path hcf:group ",
        "sh:path <https://w3id.org/iomld/ns#status> ",
        20,
        "the property of another",
    ),
    "unknown datatype": (FIELDS, "xsd:string", "xsd:integer", 12, "the sh:datatype of 'hostCity' must be one of"),
    "unknown list": (
        FIELDS,
        "scheme/group>",
        "scheme/people>",
        20,
        "there is no list 'people'. Add ontology/people.ttl.",
    ),
    "no severity": (FIELDS, "sh:order 14.5 ; sh:severity sh:Violation ;", "sh:order 14.5 ;", 12, "has no severity"),
    "no profile": (
        FIELDS,
        "prof:submission, prof:published ; sh:order 14.5",
        "prof:mine ; sh:order 14.5",
        12,
        "in no profile",
    ),
    "no message": (
        FIELDS,
        'sh:message "The host',
        'sh:name "The host',
        12,
        "hostCityRule has no sh:message in English",
    ),
    "rule of iomld": (FIELDS, "hcf:hostCityRule", "hcf:budget", 12, "iomld has a rule 'budget'."),
    "misspelt constraint": (FIELDS, "sh:minLength", "sh:minLenght", 14, "sh:minLenght is not a SHACL term"),
    "ill-formed shape": (FIELDS, "", RULE.replace("CONSTRAINT", "sh:minCount 'two'"), 34, "The shape is ill-formed"),
    "undeclared prefix": (
        FIELDS,
        "",
        RULE.replace("CONSTRAINT", 'sh:sparql [ sh:select "SELECT $this { $this x:y 1 }" ]'),
        35,
        "uses the undeclared prefix x:",
    ),
    "query of other data": (
        FIELDS,
        "",
        RULE.replace("CONSTRAINT", 'sh:sparql [ sh:select "SELECT $this { SERVICE <http://x> { } }" ]'),
        35,
        "contains SERVICE, which would read data outside the file",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_named_with_its_file_and_line(fault: str, changed: Change) -> None:
    """The first sentence is about what was broken, in each language."""
    name, before, after, line, words = FAULTS[fault]
    folder = changed(name, before, after)
    first, *_ = fund_faults(read_fund_folder(folder))
    assert str(first).startswith(f"{folder / name}, line {line}"), first
    assert words in str(first)
    for language, word in (("fr", "ligne"), ("es", "línea")):
        assert is_translated(first, language)
        assert f"{folder / name}, {word} {line}" in worded(first, language)


def test_the_example_has_no_fault() -> None:
    """The command prints the columns, those of the folder with a mark, and the lists."""
    done = run_iomld("fund", "check", EXAMPLE)
    assert (done.returncode, done.stderr) == (0, "")
    assert "group (2, new)" in done.stdout
    assert "  hostCity +               Host city; Ville hôte; city; ville\n" in done.stdout
    assert "  title *  " in done.stdout
    assert "Stage" in done.stdout


def test_either_of_two_fields_is_required_unless_the_folder_leaves_out_their_rule(changed: Change) -> None:
    """The command names the pairs of which a record needs one, and a record without them breaks that rule."""
    pairs = "projectCode or primaId; budget or budgetUSD; benefitingMemberStates or benefitingCountries"
    assert f"one of each pair is required too: {pairs}\n" in run_iomld("fund", "check", EXAMPLE).stdout
    record = '{"projectCode": "PO.0001", "title": "A title", "coverage": "one-country"}'
    said = run_iomld("validate", "-", "--fund", EXAMPLE, "--format", "csv", text=record).stdout
    assert {rule for rule in ("codeMissing", "budget", "benef") if f",{rule}," in said} == {"budget", "benef"}
    folder = changed("iomld.toml", '"notAMember"', '"notAMember", "budget"')
    assert "too: projectCode or primaId; benefitingMemberStates" in run_iomld("fund", "check", folder).stdout


def test_all_faults_are_listed_and_nothing_is_published(changed: Change, tmp_path: Path) -> None:
    """The check lists them, with status 1; other commands name the first and the number of others, with status 2."""
    changed(GROUP, 'skos:notation "fishers" ;', "")
    folder = changed(FIELDS, "hcf:hostCityRule", "hcf:budget")
    checked = run_iomld("fund", "check", folder)
    assert (checked.returncode, checked.stdout, checked.stderr.count("\n")) == (1, "", 2)
    for command in (["publish", "--to", tmp_path / "releases"], ["validate"], ["convert"]):
        done = run_iomld(command[0], EXAMPLE / "projects.csv", *command[1:], "--fund", folder)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert done.stderr.startswith(f"iomld: {folder / GROUP}, line 8: <")
        assert f"1 more: 'iomld fund check {folder}' lists it" in done.stderr
    assert not (tmp_path / "releases").exists()


def test_faults_are_worded_in_the_language_of_the_command(changed: Change) -> None:
    """`--lang` says the faults of the lists, and those of `iomld.toml`, which stop every command."""
    folder = changed(GROUP, 'skos:notation "fishers" ;', "")
    checked = run_iomld("fund", "check", folder, "--lang", "fr")
    assert checked.stderr.endswith("n’a pas de code. Écrivez son skos:notation.\n")
    changed("iomld.toml", 'currency = "EUR"', 'currency = "ECU"')
    done = run_iomld("validate", EXAMPLE / "projects.csv", "--fund", folder, "--lang", "es")
    assert done.stderr == (
        f'iomld: {folder / "iomld.toml"}, línea 7: «currency»: escriba un código ISO 4217 ("EUR"), '
        'o "" si no hay ninguno.\n'
    )


def test_a_rule_of_the_folder_is_checked(changed: Change, tmp_path: Path) -> None:
    """A property shape without a target applies to each project, of a field and of any other rule."""
    folder = changed(
        FIELDS, "", RULE.replace("CONSTRAINT", "sh:maxLength 4").replace("prof:published", "prof:submission")
    )
    table = tmp_path / "projects.csv"
    table.write_text((EXAMPLE / "projects.csv").read_text(encoding="utf-8").replace("Sfax", "S"), encoding="utf-8")
    done = run_iomld("validate", table, "--fund", folder)
    assert "2:L2: warning: Too long. [short]" in done.stdout
    assert "3:L3: violation: The host city is the name of one city. Write it in full. [hostCityRule]" in done.stdout


def test_rules_hold_for_the_lists_of_the_folder(tmp_path: Path) -> None:
    """Rules about status and coverage go by IATI codes, that on regions by countries, and notAMember is left out."""
    table = tmp_path / "projects.csv"
    rows = (
        "Project code,Title (en),Stage,Reach,Sea,Benefiting Member States,Start date,End date,Allocation year,Budget",
        "A/1,Two piers stand,Under way,One country,Atlantic,Senegal; Portugal; Palestine,1990-03-01,1999-02-28,1990,1",
        "A/2,One pier falls,Closed,Several countries,Atlantic,Tunisia,2019-03-01,2030-02-28,2019,900000000",
    )
    table.write_text("\n".join(rows), encoding="utf-8")
    done = run_iomld("validate", table, "--fund", EXAMPLE, "--as-of", "2026-01-01", "--format", "csv")
    found = [(line.split(",")[1], line.split(",")[7]) for line in done.stdout.splitlines()[1:]]
    assert sorted(found) == [
        ("2", "nationalOne"),
        ("2", "statusPast"),
        ("2", "typeMissing"),
        ("3", "regionMatch"),
        ("3", "regionalTwo"),
        ("3", "statusFuture"),
        ("3", "typeMissing"),
    ]


_REVIEWER = """
shp:Mention sh:property hcf:reviewerRule .
hcf:reviewerRule a sh:PropertyShape ; sh:path hcf:reviewer ; sh:codeIdentifier "reviewer" ; sh:maxCount 1 ;
  dcterms:isPartOf prof:submission, prof:published ; sh:order 79.5 ; sh:severity sh:Violation ; sh:datatype xsd:string ;
  sh:name "Reviewer"@en ; sh:description "Who has read the mention."@en ; sh:message "A mention has one reviewer."@en .
"""


def test_a_folder_can_add_a_key_of_mentions(changed: Callable[..., Path]) -> None:
    """The key is read, a column of tables of mentions, and in the context, the frame and the graph of the folder."""
    fund = read_fund_folder(changed("shapes/fields.ttl", "", _REVIEWER))
    assert fund_faults(fund) == []
    with using(fund):
        mention = given_mention({"framework": "gcm", "quote": "GCM", "reviewer": "Awa"}, lambda _: Place("a.json"))
        assert isinstance(mention, GivenMention)
        assert mention.others == (("reviewer", "Awa"),)
        assert mention_columns()[-1].name == "reviewer"
        assert "reviewer" in json.loads(asset_text("ontology/context-v1.jsonld"))["@context"][0]
        assert "reviewer" in json.loads(asset_text("ontology/frame-project.jsonld"))["mentions"]
        assert "<https://grants.example/ns#reviewer>" in asset_text("ontology/fund-terms.ttl")
    assert "reviewer" not in load_fields().mention_keys


def test_a_key_of_mentions_cannot_have_the_name_of_one_of_ours(changed: Callable[..., Path]) -> None:
    """Readers would not know which of the two is meant."""
    twice = _REVIEWER.replace('"reviewer"', '"method"')
    (fault,) = fund_faults(read_fund_folder(changed("shapes/fields.ttl", "", twice)))
    assert "'method' is a key of iomld" in str(fault)
