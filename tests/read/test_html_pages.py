"""Saved HTML pages: fields by their elements, whatever the markup; the title, the text, and nothing of the chrome."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.amount import amount

from iomld.errors import SourceError
from iomld.model import Origin, Record
from iomld.pipeline.conversion import Choices
from iomld.pipeline.stages import load_pipeline
from iomld.read.detect import is_html
from iomld.read.page.html import read_html
from iomld.read.text import lines_of

LEXICON = load_pipeline(Choices()).read_options().lexicon

PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
  <meta charset="utf-8">
  <title>Ports in Chile | A Fund</title>
  <link rel="canonical" href="https://example.org/project/ports">
  <script>var status = "Project Status";</script>
</head>
<body class="has-menu">
<header><h1>A Fund</h1><nav><ul><li>Projects</li><li>Year</li></ul></nav></header>
<div id="cookie-banner">We use cookies.</div>
<main>
<h1 class="page-title"><span>Ports &amp; Rosters
  in Chile</span></h1>
{fields}
{body}
</main>
<footer>Contact us.</footer>
</body>
</html>
"""

BODY = """<div class="text"><p>Officers were trained in <em>two</em> towns.</p>
<ul><li>Coverage of the coast</li><li>Rosters</li></ul>
<p>It ended in 2019.</p></div>"""

VALUES = (
    ("Start Date", ["2017"]),
    ("Project Status", ["Completed"]),
    ("Project Type", ["Labour Migration"]),
    ("Budget Amount (USD)", ["100000.00"]),
    ("Other Countries Benefiting at Time of Allocation", ["Costa Rica", "Guinea-Bissau"]),
    ("Projects ID", ["LM.0001"]),
    ("Benefiting Member States", ["Chile", "Uruguay"]),
)

EXPECTED = {
    "title": ["Ports & Rosters in Chile"],
    "startYear": ["2017"],
    "status": ["Completed"],
    "projectType": ["Labour Migration"],
    "budgetUSD": ["100000.00"],
    "benefitingCountries": ["Costa Rica", "Guinea-Bissau"],
    "projectCode": ["LM.0001"],
    "benefitingMemberStates": ["Chile", "Uruguay"],
    "narrative": ["Officers were trained in two towns.\nCoverage of the coast\nRosters\nIt ended in 2019."],
}


def drupal() -> str:
    """Fields as Drupal prints them by itself."""
    rows = []
    for label, values in VALUES:
        items = "".join(f'\n      <div class="field__item">{value}</div>' for value in values)
        rows.append(
            f'  <div class="field field--label-above">\n    <div class="field__label">{label}</div>\n'
            f'    <div class="field__items">{items}\n    </div>\n  </div>'
        )
    return '<div class="node">\n' + "\n".join(rows) + "\n</div>"


def definitions() -> str:
    """Fields as a list of terms and definitions."""
    rows = [f"<dt>{label}</dt>" + "".join(f"<dd>{value}</dd>" for value in values) for label, values in VALUES]
    return "<dl>\n" + "\n".join(rows) + "\n</dl>"


def items() -> str:
    """Fields as list items, label and values in spans, the countries glued together."""
    rows = [
        f"<li><span>{label}</span><span>{''.join(f'<a href=#>{value}</a>' for value in values)}</span></li>"
        for label, values in VALUES
    ]
    return "<ul>\n" + "\n".join(rows) + "\n</ul>"


def table() -> str:
    """Fields as rows of a table, with a line break between values."""
    rows = [f"<tr><th>{label}</th><td>{'<br>'.join(values)}</td></tr>" for label, values in VALUES]
    return "<table><tbody>\n" + "\n".join(rows) + "\n</tbody></table>"


def colons() -> str:
    """Fields as paragraphs with a label in bold and a colon."""
    rows = [f"<p><strong>{label}:</strong> {'; '.join(values)}</p>" for label, values in VALUES]
    return "\n".join(rows)


def flat() -> str:
    """Labels and values as blocks side by side with the narrative's."""
    return "\n".join(
        f"<div>{label}</div>" + "".join(f"<div>{value}</div>" for value in values) for label, values in VALUES
    )


def read(page: str | bytes) -> Record:
    """The record of a page, read with our lists."""
    data = page if isinstance(page, bytes) else page.encode()
    origin = Origin("page.html", hashlib.sha256(data).hexdigest(), "application/octet-stream")
    return read_html(data, origin, file="page.html", lexicon=LEXICON)


def texts(record: Record) -> dict[str, list[str]]:
    """What a record holds, by field."""
    return {name: [value.text for value in values] for name, values in record.values.items()}


def page_of(fields: str, body: str = BODY, language: str = "en") -> str:
    """A page with these fields."""
    return PAGE.format(fields=fields, body=body, language=language)


@pytest.mark.parametrize("markup", [drupal, definitions, items, table, flat])
def test_fields_are_read_from_their_elements(markup: object) -> None:
    """Every usual markup gives the same fields, title and text, and none of the chrome."""
    assert callable(markup)
    page = page_of(markup())
    record = read(page)
    assert texts(record) == EXPECTED
    assert record.findings == ()
    for name, values in record.values.items():
        for value in values:
            line = page.split("\n")[(value.place.line or 0) - 1]
            assert value.text.split()[0] in line, name
            assert value.place.excerpt


def test_labels_in_bold_with_a_colon_are_read() -> None:
    """A run of countries stays one value, to be cut by linking."""
    joined = {"benefitingCountries": ["Costa Rica; Guinea-Bissau"], "benefitingMemberStates": ["Chile; Uruguay"]}
    assert texts(read(page_of(colons()))) == EXPECTED | joined


def test_the_origin_says_what_the_page_says_of_itself() -> None:
    """Media type, and the canonical address where it is a web address; a given address has precedence."""
    origin = read(page_of(drupal())).origin
    assert (origin.media_type, origin.url) == ("text/html", "https://example.org/project/ports")
    bad = page_of(drupal()).replace("https://example.org/project/ports", "javascript:alert(1)")
    assert read(bad).origin.url is None
    given_address = Origin("p", "0" * 64, "text/html", url="https://example.org/given")
    assert read_html(page_of(drupal()).encode(), given_address, file="p").origin.url == "https://example.org/given"


def test_the_language_is_that_of_the_labels_then_of_the_page() -> None:
    """Labels tell the language; where they are the same in all, the page's own word counts."""
    assert read(page_of("<dl><dt>Statut du projet</dt><dd>Achevé</dd></dl>")).values["title"][0].language == "fr"
    assert (
        read(page_of("<dl><dt>Prima ID</dt><dd>CL10P0001</dd></dl>", language="es-CL")).values["title"][0].language
        == "es"
    )


def test_empty_fields_stay_unknown() -> None:
    """An item without a value is absent, and the narrative is not taken for it."""
    page = page_of(flat().replace("<div>Chile</div><div>Uruguay</div>", "").replace("<div>2017</div>", ""))
    found = texts(read(page))
    assert "startYear" not in found
    assert "benefitingMemberStates" not in found
    assert found["narrative"] == EXPECTED["narrative"]


def test_a_name_with_markup_inside_is_one_name() -> None:
    """Emphasis inside a country's name does not cut it."""
    found = read(
        page_of(
            "<ul><li><b>Projects ID</b> LM.0001</li><li><b>Benefiting Member States</b> Costa <i>Rica</i></li></ul>"
        )
    )
    assert texts(found)["benefitingMemberStates"] == ["Costa Rica"]


def test_fields_in_a_side_column_are_read_and_the_text_above_them_is_the_narrative() -> None:
    """Fields may follow the text, and be in an aside."""
    found = texts(read(page_of("<p>Officers were trained.</p>", f"<aside>{definitions()}</aside>")))
    assert found["narrative"] == ["Officers were trained."]
    assert found["projectCode"] == ["LM.0001"]


def test_labels_of_a_filter_form_are_not_fields() -> None:
    """The search form of the site has labels of the same words."""
    form = '<form><label for="y">Year</label><select id="y"><option>2001</option></select></form>'
    assert texts(read(page_of(form + drupal()))) == EXPECTED


def test_bare_values_in_elements_are_read_like_bare_lines() -> None:
    """A page without labels is read by its values."""
    values = [
        "Europe",
        "LM.0002",
        "AM10P0001",
        "100,000",
        "Armenia",
        "Georgia",
        "Labour Migration",
        "Regional",
        "Completed",
    ]
    fields = "".join(f'<div class="field__item">{value}</div>\n' for value in values)
    found = texts(read(page_of(fields)))
    assert found["title"] == EXPECTED["title"]
    assert found["benefitingMemberStates"] == ["Armenia", "Georgia"]
    assert (found["region"], found["budgetUSD"], found["status"]) == (["Europe"], ["100,000"], ["Completed"])
    assert found["narrative"] == EXPECTED["narrative"]


def test_the_title_for_sharing_stands_in_for_a_missing_heading() -> None:
    """Without a heading the title is og:title, without the name of the site."""
    shared = '<html><head><meta property="og:title" content="Ports in Chile | A Fund"></head><body>'
    assert texts(read(shared + definitions() + BODY + "</body></html>"))["title"] == ["Ports in Chile"]


def test_text_in_a_pre_element_is_read_by_the_rules_of_text() -> None:
    """A text copy of a page, wrapped in HTML, is still read."""
    text = "A Title of Words\n-\nProject Status\nCompleted\n-\nProjects ID\nLM.0001\nIt ended."
    found = texts(read(f"<html><body><pre>{text}</pre></body></html>"))
    assert (found["title"], found["status"], found["projectCode"]) == (["A Title of Words"], ["Completed"], ["LM.0001"])
    assert found["narrative"] == ["It ended."]


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [("utf-8", "utf-8"), ("cp1252", "iso-8859-1"), ("cp1252", "windows-1252"), ("utf-16", None), ("cp1252", None)],
)
def test_encodings_are_those_that_the_page_declares(encoding: str, declared: str | None) -> None:
    """By byte order mark or declaration; without one UTF-8, else Windows-1252."""
    meta = f'<meta charset="{declared}">' if declared else ""
    page = f"<html><head>{meta}</head><body><h1>Étude à l’œuvre</h1>{definitions()}</body></html>"
    assert texts(read(page.encode(encoding)))["title"] == ["Étude à l’œuvre"]


def test_xhtml_with_a_document_type_and_entities_is_read() -> None:
    """An XML declaration does no harm, and entities that the page declares are not expanded."""
    start = '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
    record = read(
        f'{start}<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>&x;Ports</h1>{definitions()}</body></html>'
    )
    assert texts(record)["title"][0].endswith("Ports")
    assert "root:" not in texts(record)["title"][0]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"<html><body><p>A letter.</p></body></html>", "no project record"),
        (b"", "not a readable HTML page"),
        (b"<html><body>\n\n<p>bell \x07</p>", "line 3: the text contains a control character"),
        (b'<meta charset="utf-8"><p>\xe9t\xe9</p>', "UTF-8"),
        (b'<meta charset="x-klingon"><p>x</p>', "x-klingon"),
        (f"<h1>A &#7; title</h1>{definitions()}".encode(), "control character"),
    ],
)
def test_what_cannot_be_read_says_why(data: bytes, words: str) -> None:
    """Each unreadable page raises with the file's name and a reason."""
    with pytest.raises(SourceError, match=words) as caught:
        read(data)
    assert "page.html" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<!doctype HTML><p>x", True),
        ("\ufeff<!-- saved from url -->\n<html lang=fr>", True),
        ('<?xml version="1.0"?><!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"><html>', True),
        ("<div class='field'>", True),
        ("<rdf:RDF xmlns:rdf='x'>", False),
        ("<https://example.org/a> <https://example.org/b> 1 .", False),
        ("A text about <html>", False),
        ("", False),
    ],
)
def test_html_is_known_by_how_it_begins(text: str, expected: bool) -> None:  # noqa: FBT001  # a row of the table
    """Comments, declarations and a byte order mark may precede the first element."""
    assert is_html(text) is expected


PARTS = [
    *(f"<{tag}>" for tag in ["div", "li", "ul", "dl", "dt", "dd", "main", "h1", "br"]),
    *(f"<{tag}>" for tag in ["table", "tr", "th", "td", "span", "pre"]),
    *(f"</{tag}>" for tag in ["div", "li", "dl", "main", "h1", "span", "pre", "nav"]),
    "<nav>", "<p hidden>", "Project Status", "Projects ID", "Benefiting Member States", "Chile", "Uruguay",
    "Completed", "LM.0001", "Global", "Year: 2017", "\n", "&amp;", "&#0;", "&#xd800;", "<!--", "-->", "<![CDATA[",
    "Europe", "100,000",
]  # fmt: skip


@settings(max_examples=amount(100))
@given(st.lists(st.one_of(st.sampled_from(PARTS), st.text(max_size=8)), max_size=40).map("".join))
def test_no_markup_breaks_the_reader(text: str) -> None:
    """Whatever the markup, there is a record with values and lines of the source, or a SourceError."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        record = read(data)
    except SourceError:
        return
    for values in record.values.values():
        assert all(value.text.strip() for value in values)
        assert all(1 <= (value.place.line or 0) <= len(lines_of(text)) for value in values)


@settings(max_examples=amount(50))
@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    """Bytes of any kind are read or refused."""
    for page in (data, b"<dl><dt>Year</dt><dd>" + data):
        try:
            assert read(page).values is not None
        except SourceError as error:
            assert str(error).startswith("page.html")  # noqa: PT017  # both ends are right


def test_a_page_of_many_elements_on_one_line_is_read() -> None:
    """Time grows linearly with size and depth; text that is nested too deeply is ignored."""
    deep = "<div>" * 5000 + "x" + "</div>" * 5000
    many = "<p>word</p>" * 20_000
    record = read(f"<main><h1>A Title</h1>{items()}{many}{deep}</main>".replace("\n", ""))
    assert texts(record)["projectCode"] == ["LM.0001"]
    assert texts(record)["narrative"][0].count("word") == 20_000
    assert len(record.values["projectCode"][0].place.excerpt or "") <= 160
