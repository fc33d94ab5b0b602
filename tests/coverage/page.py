"""The report as pages of HTML: a table, and each file with what was not run."""
import os
from html import escape

STYLE = """body{font:14px/1.45 system-ui,sans-serif;margin:2em;color:#222}table{border-collapse:collapse}
td,th{padding:.15em .8em;text-align:right}td:first-child,th:first-child{text-align:left}
pre{font:12px/1.4 monospace;margin:0;padding:0 .6em}.run{background:#eaf6ea}.missed{background:#f8d4d0}
.excepted{background:#f7ecc4}.note{color:#8a2b20;padding-left:5em;white-space:pre-wrap}
.number{color:#888;display:inline-block;width:4em}"""
SAYS = {"line": "never run", "true": "never true", "false": "never false", "alone": "never decides alone"}


def document(title, body):
    return (f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(title)}</title><style>{STYLE}</style>"
            f"<h1>{escape(title)}</h1>{body}</html>\n")


def name_of(file):
    return file.replace("/", "_") + ".html"


def notes(report, places):
    for place in places:
        exception = report.excepted.get(place)
        reason = f" -- {exception.reason}" if exception else ""
        yield f'<pre class="note">{escape(SAYS[place.kind])}: {escape(place.text)}{escape(reason)}</pre>'


def css_of(report, was_run, missed):
    if was_run is None and not missed:
        return ""
    if any(place not in report.excepted for place in missed):
        return "missed"
    return "excepted" if missed else "run"


def source(file, report, run, lines):
    ran = {place.line: was_run for place, was_run in run.items() if place.file == file and place.kind == "line"}
    missed = {}
    for place in report.missed:
        if place.file == file:
            missed.setdefault(place.line, []).append(place)
    for number, line in enumerate(lines, 1):
        here = missed.get(number, [])
        yield (f'<pre class="{css_of(report, ran.get(number), here)}"><span class=number>{number}</span>'
               f"{escape(line)}</pre>")
        yield from notes(report, [place for place in here if place.kind != "line" or place in report.excepted])


def rows(report, names):
    for file in [*report.files, None]:
        title = f'<a href="{name_of(file)}">{escape(file)}</a>' if file else "all"
        cells = "".join("<td>" + ("" if (percent := report.percent(file, name)) is None else
                                  f"{int(percent * 10 + 1e-9) / 10:.1f}") for name in names)
        yield f"<tr><td>{title}{cells}"


def write(folder, report, run, sources):
    os.makedirs(folder, exist_ok=True)
    names = ["lines", "branches", "MC/DC"]
    heads = "".join(f"<th>{name} %" for name in names)
    pages = {"index.html": document("What the tests run of libstm",
                                    f"<table><tr><th>{heads}{''.join(rows(report, names))}</table>")}
    for file in report.files:
        pages[name_of(file)] = document(file, "".join(source(file, report, run, sources.lines(file))))
    for name, text in pages.items():
        with open(os.path.join(folder, name), "w", encoding="utf-8") as stream:
            stream.write(text)
