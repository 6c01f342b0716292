"""The report as a self-contained HTML page without scripts."""

from collections.abc import Iterator
from html import escape

from iomld.check.report import CheckReport, FindingGroup
from iomld.check.reports.text import basis_words, cap_sentence, focus_node_sentence, place_words, verdict_words
from iomld.check.translation import counted_findings, counted_projects, counted_records
from iomld.i18n import direction, gettext, worded
from iomld.messages import gettext_noop, message
from iomld.model import Finding, Severity

_CSS_CLASSES = {Severity.VIOLATION: "err", Severity.WARNING: "warn", Severity.INFO: "info"}
_SEVERITY_NAMES = {
    Severity.VIOLATION: gettext_noop("Violation"),
    Severity.WARNING: gettext_noop("Warning"),
    Severity.INFO: gettext_noop("Info"),
}
_HEADINGS = (
    gettext_noop("Rule"),
    gettext_noop("Severity"),
    gettext_noop("Findings"),
    gettext_noop("First example"),
)
_MOST_VALUES = 10  # of a group
_STYLE = """
:root{color-scheme:light dark;--paper:light-dark(#f5f7f9,#0d141b);--surface:light-dark(#fff,#141d27);
--sunken:light-dark(#edf1f5,#0a1016);--ink:light-dark(#13202e,#e7edf4);--ink-2:light-dark(#4b5b6d,#a7b6c6);
--line:light-dark(#dbe2ea,#273544);--ok:light-dark(#1b6b3f,#79d6a0);--ok-bg:light-dark(#e2f3e9,#12301f);
--warn:light-dark(#8a5300,#f3c26b);--warn-bg:light-dark(#fdf1d8,#37290d);
--err:light-dark(#a3182d,#ff9aa5);--err-bg:light-dark(#fde7e9,#3b151b)}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:400 1rem/1.6 system-ui,-apple-system,"Segoe UI",sans-serif;
overflow-wrap:anywhere}
main{max-width:76rem;margin-inline:auto;padding:2rem clamp(1rem,4vw,2rem) 4rem}
h1,h2{font-family:"Iowan Old Style",Georgia,"Noto Serif",serif;line-height:1.15}
h1{font-size:clamp(1.9rem,1.2rem + 2.7vw,3rem);margin:0 0 1rem}h2{margin:2.5rem 0 .8rem}
.pill{display:inline-block;padding:.18rem .7rem;border-radius:99px;font-weight:600;font-size:.85rem;
background:var(--sunken)}
.ok{background:var(--ok-bg);color:var(--ok)}.err{background:var(--err-bg);color:var(--err)}
.warn{background:var(--warn-bg);color:var(--warn)}
.card{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:0;margin:0;list-style:none}
.card li{padding:.8rem 1.25rem;border-bottom:1px solid var(--line)}.card li:last-child{border:0}
table{border-collapse:collapse;width:100%;background:var(--surface)}
th,td{text-align:left;vertical-align:top;padding:.5rem .8rem;border:1px solid var(--line)}
.muted{color:var(--ink-2)}.mono,pre{font-family:ui-monospace,"Cascadia Mono",Menlo,monospace;font-size:.875em}
pre{margin:.4rem 0 0;padding:.5rem .8rem;background:var(--sunken);border-radius:8px;white-space:pre-wrap}
"""


def html_report(report: CheckReport) -> Iterator[str]:
    """The report as a page, in chunks."""
    language = report.language
    verdict = (
        verdict_words(report) if report.checked_nothing or not report.conforms else gettext("No violation", language)
    )
    yield (
        f'<!doctype html>\n<html lang="{language}" dir="{direction(language)}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{verdict} · iomld validate</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{verdict}</h1>\n<p>{_counts(report)}</p>\n"
    )
    if report.omitted:
        yield f"<p><strong>{escape(cap_sentence(report))}</strong></p>\n"
    if report.warnings:
        heading = gettext("About the shapes", language)
        yield f'<h2>{heading}</h2>\n<ul class="card">\n'
        yield from (_item(warning, language) for warning in report.warnings)
        yield "</ul>\n"
    if report.groups:
        heads = "".join(f'<th scope="col">{gettext(head, language)}</th>' for head in _HEADINGS)
        by_cause, in_order = gettext("Findings by cause", language), gettext("Findings in source order", language)
        yield f"<h2>{by_cause}</h2>\n<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n"
        yield from (_row(group, language) for group in report.groups)
        yield f'</tbody>\n</table>\n<h2>{in_order}</h2>\n<ol class="card">\n'
        yield from (_item(finding, language) for finding in report.findings)
        yield "</ol>\n"
    basis, heading = escape(basis_words(report.basis, language)), gettext("What was checked", language)
    nodes = f"<p>{escape(focus_node_sentence(report))}</p>\n" if report.focus_nodes else ""
    yield f'<h2>{heading}</h2>\n<p class="mono">{basis}</p>\n{nodes}</main>\n</body>\n</html>\n'


def _counts(report: CheckReport) -> str:
    language = report.language
    css_classes = {Severity.VIOLATION: "ok" if report.conforms else "err", Severity.WARNING: "warn", Severity.INFO: ""}
    pills = (
        f'<span class="pill {css_class}">{counted_findings(report.count(severity), severity, language)}</span>'
        for severity, css_class in css_classes.items()
    )
    records, projects = counted_records(report.records, language), counted_projects(report.projects, language)
    read = worded(message("{records} read, {projects}", records=records, projects=projects), language)
    return f'{" ".join(pills)} <span class="muted">{read}</span>'


def _row(group: FindingGroup, language: str) -> str:
    return (
        f'<tr><th scope="row" class="mono">{escape(group.rule)}</th><td>{_severity(group.severity, language)}</td>'
        f"<td>{group.count}</td><td>{_text(group.example)}{_values(group)}</td></tr>\n"
    )


def _values(group: FindingGroup) -> str:
    """The most frequent values at fault, with their counts."""
    shown = (f"{escape(value)}: {count}" for value, count in group.values[:_MOST_VALUES])
    return f"<pre>{'<br>'.join(shown)}</pre>" if group.values else ""


def _item(finding: Finding, language: str) -> str:
    place = place_words(finding.place).removesuffix(": ")
    where = f' <span class="mono">{escape(place)}</span>' if place else ""
    excerpt = finding.place.excerpt if finding.place else None
    source = f"<pre>{escape(excerpt)}</pre>" if excerpt else ""
    rule = f'<small class="mono muted">{escape(finding.rule)}</small>'
    return f"<li>{_severity(finding.severity, language)}{where}<br>{_text(finding)} {rule}{source}</li>\n"


def _severity(severity: Severity, language: str) -> str:
    return f'<span class="pill {_CSS_CLASSES[severity]}">{gettext(_SEVERITY_NAMES[severity], language)}</span>'


def _text(finding: Finding) -> str:
    fix = f" <strong>{escape(str(finding.fix))}</strong>" if finding.fix else ""
    return f"{escape(str(finding.message))}{fix}"
