"""Made-up project records as JSON Lines: the same bytes for the same seed and count.

Their size is that of real pages: a narrative of about 800 to 1500 characters in English, French or Spanish that names
none to three policy frameworks, one to five states by name or by code, words or codes for the controlled lists, one
more language of the title now and then.
"""

import argparse
import json
import random
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from iomld.assets import load_vocabulary
from iomld.vocab import Country, LabelKind, Vocabulary

SEED = 20_010_101
_PER_TYPE = 10_000  # project codes hold four digits
_LETTERS, _OLD_CODES = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", 1_000  # of a project code in the old form, such as Q36-805
_SHARES = (("en", 70), ("fr", 18), ("es", 12))  # of the languages, in percent
_COVERAGE = {1: "national", 2: "regional", 3: "regional"}
_LENGTHS = (800, 1500)  # characters of a narrative

# One sentence of each has a gap for a number and one for a state; the others are plain.
_PLAIN: Mapping[str, tuple[str, ...]] = {
    "en": (
        "The Government of {state} asked for help with the training of {number} officials in two provinces.",
        "A team of researchers will collect figures on departures, returns and the sums that families receive.",
        "Migration Policy was so far made by several offices, each with its own forms and none with a budget.",
        "The project’s first phase brings together the Ministry of Labour, two universities and local associations.",
        "Workshops of three days are planned in the capital and at {number} border posts.",
        "In the second year a handbook is printed, a web site opened and the results are shown at a conference.",
        "Returning migrants find advice on housing, schools and small businesses at a “one-stop” office.",
        "Sustainable results depend on people who stay in their posts; the plan covers {number} municipalities.",
        "An agreement between the employers’ federation and the unions is expected by the end of the project.",
        "Global and regional trends in the movement of workers are compared with what {state} has on record.",
    ),
    "fr": (
        "Le Gouvernement ({state}) a demandé un appui pour former {number} fonctionnaires dans deux provinces.",
        "Une équipe de chercheurs réunit des données sur les départs, les retours et l’argent envoyé aux familles.",
        "La première étape rassemble le ministère du Travail, deux universités et des associations locales.",
        "Des ateliers de trois jours sont prévus dans la capitale et à {number} postes frontières.",
        "Un guide sera imprimé la deuxième année, et les résultats présentés lors d’une conférence régionale.",
        "Les migrants de retour sont conseillés sur le logement, l’école et la création d’une petite entreprise.",
        "La durée des résultats dépend du personnel ; le plan d’action couvre donc {number} communes.",
    ),
    "es": (
        "El Gobierno ({state}) pidió apoyo para la formación de {number} funcionarios en dos provincias.",
        "Un equipo de investigación reúne datos sobre las salidas, los retornos y el dinero que reciben las familias.",
        "La primera fase reúne al Ministerio de Trabajo, a dos universidades y a asociaciones locales.",
        "Se prevén talleres de tres días en la capital y en {number} puestos fronterizos.",
        "El segundo año se imprime una guía y los resultados se presentan en una conferencia regional.",
        "Las personas que regresan reciben consejo sobre vivienda, escuela y pequeñas empresas.",
    ),
}
_NAMING: Mapping[str, tuple[str, ...]] = {
    "en": (
        "It follows the Global Compact for Safe, Orderly and Regular Migration and what was agreed since.",
        "It adds to objective {part} of the Global Compact for Migration.",
        "Its aims are those of SDG target 10.7 and of the 2030 Agenda for Sustainable Development.",
        "The framework is the Migration Governance Framework (MiGOF), read together with national law.",
        "Legal experts compare the law with the Palermo Protocol and propose changes.",
        "The Sendai Framework for Disaster Risk Reduction guides the work on the coast.",
    ),
    "fr": (
        "Il suit le Pacte mondial pour des migrations sûres, ordonnées et régulières.",
        "Il répond aux objectifs de développement durable et à l’Agenda 2030.",
        "Le droit national est comparé au Protocole de Palerme.",
    ),
    "es": (
        "Sigue el Pacto Mundial para la Migración Segura, Ordenada y Regular.",
        "Responde a los Objetivos de Desarrollo Sostenible y a la Agenda 2030.",
        "La ley nacional se compara con el Protocolo de Palermo.",
    ),
}
# Which records get which fault: one of so many, beginning with this number.
_FAULTS = {"version": (40, 7), "identifier": (100, 11), "budget": (100, 23), "code": (500, 31), "broken": (1000, 77)}
_TITLES: Mapping[str, str] = {
    "en": "Better Labour Migration “Made Simple” in {state}, Phase {phase}",
    "fr": "Améliorer la migration de main-d’œuvre ({state}), phase {phase}",
    "es": "Mejorar la migración laboral ({state}), fase {phase}",
}


@dataclass(frozen=True, slots=True)
class _Lists:
    """What records choose from."""

    types: Sequence[str]
    members: Sequence[Country]
    others: Sequence[Country]
    vocabulary: Vocabulary


def generated_records(count: int, seed: int = SEED) -> Iterator[dict[str, object]]:
    """Records one by one; the first ones are the same for every count.

    Args:
        count: How many.
        seed: Other seeds give other records.
    """
    return numbered_records(range(count), seed)


def numbered_records(numbers: Iterable[int], seed: int = SEED) -> Iterator[dict[str, object]]:
    """Some of the records, by their numbers from 0."""
    lists = _lists()
    for number in numbers:
        # No secret is made here; a dice for each record lets any stretch of them be made by itself.
        yield _record(number, random.Random(f"{seed}/{number}"), lists)


def generated_lines(count: int, seed: int = SEED) -> Iterator[bytes]:
    """The records as lines of UTF-8."""
    for record in generated_records(count, seed):
        yield json.dumps(record, ensure_ascii=False).encode() + b"\n"


def write_records(path: Path, count: int) -> None:
    """Write records to a file, one after the other; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(generated_lines(count))


def write_changed_records(count: int, scattered: Path, neighbours: Path) -> None:
    """Write ten changed records of the first `count` here and there to one file, ten neighbours to another."""
    chosen = {scattered: random.Random(1).sample(range(count), 10), neighbours: range(count // 2, count // 2 + 10)}
    for path, numbers in chosen.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as file:
            for number, record in zip(numbers, numbered_records(numbers), strict=True):
                changed = record | {"title": {"en": f"Changed {number}"}}
                file.write(f"{json.dumps(changed, ensure_ascii=False)}\n")


def _lists() -> _Lists:
    vocabulary = load_vocabulary()
    countries = sorted(vocabulary.countries.values(), key=lambda country: country.code)
    return _Lists(
        types=sorted(code for code in vocabulary.concepts["type"] if len(code) == len("PO")),
        members=[country for country in countries if country.is_member and country.region],
        others=[country for country in countries if not country.is_member],
        vocabulary=vocabulary,
    )


def _record(number: int, dice: random.Random, lists: _Lists) -> dict[str, object]:
    language = dice.choices([tag for tag, _ in _SHARES], [share for _, share in _SHARES])[0]
    states = dice.sample(lists.members, dice.choice((1, 1, 1, 1, 2, 2, 3, 4, 5)))
    type_, start = lists.types[number // _PER_TYPE % len(lists.types)], dice.randint(2005, 2020)
    coverage = _COVERAGE.get(len(states), "multi-regional")
    record: dict[str, object] = {
        "projectCode": _code(number, lists.types),
        "primaId": f"{states[0].code}{number // _PER_TYPE % 100:02}P{number % _PER_TYPE:04}",
        "language": language,
        "title": _titles(language, states[0], dice),
        "abstract": {"en": f"Help for {states[0].name()} in the work of project {number} on the movement of workers."},
        "narrative": {language: _narrative(language, states[0], dice)},
        "status": _word("status", dice.choice(("active", "completed")), language, dice, lists),
        "projectType": _word("type", type_, language, dice, lists),
        "coverage": _word("coverage", coverage, language, dice, lists),
        "region": _word("region", states[0].region or "global", language, dice, lists),
        "startYear": str(start),
        "endYear": str(start + dice.randint(1, 3)),
        "allocationYear": str(start),
        "budgetUSD": f"{dice.randint(30_000, 200_000)}.{dice.choice(('00', '50', '00'))}",
        "benefitingMemberStates": [_state(state, language, dice) for state in states],
        "source": {"url": f"https://example.org/project/{number}", "retrievedAt": "2026-01-01T00:00:00Z"},
    }
    if dice.random() < 1 / 8:
        record["benefitingCountries"] = [dice.choice(lists.others).code]
    if dice.random() < 1 / 4:
        record |= {"startDate": f"{start}-03-01", "endDate": f"{record['endYear']}-11-30"}
    return record


def _code(number: int, types: Sequence[str]) -> str:
    """A code that no other record has: of its type, or in the old form when all of the types are taken."""
    if number < len(types) * _PER_TYPE:
        return f"{types[number // _PER_TYPE]}.{number % _PER_TYPE:04}"
    prefix, digits = divmod(number - len(types) * _PER_TYPE, _OLD_CODES)
    hundreds, last = divmod(prefix, 10)
    first, second = divmod(hundreds, len(_LETTERS))
    return f"{_LETTERS[first]}{_LETTERS[second]}{last}-{digits:03}"


def _titles(language: str, state: Country, dice: random.Random) -> dict[str, str]:
    """The title in the record's language, and in English beside it now and then."""
    tags = (language, "en") if dice.random() < 1 / 4 else (language,)
    phase = dice.randint(1, 4)
    return {tag: _TITLES[tag].format(state=state.name(tag), phase=phase) for tag in tags}


def _narrative(language: str, state: Country, dice: random.Random) -> str:
    """Paragraphs of sentences up to a length of its own; those that name frameworks stand anywhere."""
    length = dice.randint(*_LENGTHS)
    sentences = dice.sample(_NAMING[language], dice.choice((0, 1, 1, 2, 2, 3)))
    while sum(map(len, sentences)) < length:
        sentences.append(dice.choice(_PLAIN[language]))
    dice.shuffle(sentences)
    filled = [
        sentence.format(state=state.name(language), number=dice.randint(3, 400), part=dice.randint(1, 23))
        for sentence in sentences
    ]
    middle = len(filled) // 2
    return " ".join(filled[:middle]) + "\n\n" + " ".join(filled[middle:])


def _word(scheme: str, code: str, language: str, dice: random.Random, lists: _Lists) -> str:
    """A code of a list, or the word that pages print for it."""
    return code if dice.random() < 1 / 2 else lists.vocabulary.concepts[scheme][code].name(language)


def _state(country: Country, language: str, dice: random.Random) -> str:
    """A code, the name in English or in the record's language."""
    names = [label.text for label in country.labels if label.kind is LabelKind.PREFERRED and label.language == language]
    return dice.choice((country.code, country.name(), *names))


def write_hard_records(folder: Path, count: int, seed: int = SEED) -> None:
    """Write records to two files, `a.jsonl` and `b.jsonl`, with everything that makes their order and place matter.

    Of each thousand, 25 have a Spanish version in another place of the other file, 10 a PRIMA identifier of another
    project, 10 a budget that is no number, 2 no code, and one line is broken.

    Args:
        folder: Where to write.
        count: How many records, besides the Spanish versions.
        seed: Of the random numbers.
    """
    dice, records = random.Random(seed), list(generated_records(count, seed))
    lines: tuple[list[str], list[str]] = ([], [])
    versions: list[Mapping[str, object]] = []
    for number, record in enumerate(records):
        changed = dict(record)
        if _has("version", number):
            title = {"es": f"Título del proyecto {number}"}
            text = {"es": "Sigue el Pacto Mundial."}
            versions.append({**record, "language": "es", "title": title, "narrative": text})
        if _has("identifier", number) and "primaId" in record:
            changed["primaId"] = records[number * 37 % count].get("primaId", record["primaId"])
        if _has("budget", number):
            changed["budgetUSD"] = "a lot"
        if _has("code", number):
            del changed["projectCode"]
        lines[number % 2].append(json.dumps(changed, ensure_ascii=False))
        if _has("broken", number):
            lines[1].append('{"broken": ')
    dice.shuffle(versions)
    for number, version in enumerate(versions):
        lines[number % 2].append(json.dumps(version, ensure_ascii=False))
    folder.mkdir(parents=True, exist_ok=True)
    for name, some in zip(("a.jsonl", "b.jsonl"), lines, strict=True):
        (folder / name).write_text("".join(f"{line}\n" for line in some), encoding="utf-8")


def _has(fault: str, number: int) -> bool:
    """Whether a record has a fault."""
    each, first = _FAULTS[fault]
    return number % each == first


def main() -> None:
    """Write records to standard output."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=20_000, help="how many (default: 20000)")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--hard", type=Path, metavar="FOLDER", help="write hard records to two files in this folder")
    arguments = parser.parse_args()
    if arguments.hard:
        write_hard_records(arguments.hard, arguments.records, arguments.seed)
        return
    sys.stdout.buffer.writelines(generated_lines(arguments.records, arguments.seed))


if __name__ == "__main__":
    main()
