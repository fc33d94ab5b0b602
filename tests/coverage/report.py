#!/usr/bin/env python3
"""Says which lines, branches and conditions of libstm the tests run, and which not, and why.

usage: report.py FOLDER EXCEPTIONS [--html DIR] [--json FILE]

FOLDER holds what llvm-cov exported of the library and of its testing build; tools/coverage makes it, and calls this.
Exits with 0 if enough was run and every exception still applies, else with 1.
"""
import argparse
import json
import os
import sys
from collections import Counter

import exceptions
import page
from measured import Sources, measure

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WANTED = {"lines": 100.0, "branches": 98.0, "MC/DC": 95.0}
MEASURE_OF = {"line": "lines", "true": "branches", "false": "branches", "alone": "MC/DC"}
SAYS = {"line": "never run", "true": "never true", "false": "never false", "alone": "never decides alone"}


class Report:
    def __init__(self, run, excepted, stale):
        self.excepted = excepted
        self.stale = stale
        self.missed = sorted(place for place, was_run in run.items() if not was_run)
        self.all = Counter((place.file, MEASURE_OF[place.kind]) for place in run)
        self.lost = Counter((place.file, MEASURE_OF[place.kind]) for place in self.missed)
        self.excused = Counter((place.file, MEASURE_OF[place.kind]) for place in excepted)
        self.files = sorted({file for file, _ in self.all})

    def sums(self, file, measure_name):
        """(how many there are, not run, of these excepted) of a file, or of all."""
        files = self.files if file is None else [file]
        return tuple(sum(counter[each, measure_name] for each in files)
                     for counter in (self.all, self.lost, self.excused))

    def percent(self, file, measure_name, with_exceptions=True):
        count, lost, excused = self.sums(file, measure_name)
        return 100.0 * (count - lost + (excused if with_exceptions else 0)) / count if count else None

    def too_low(self):
        figures = {name: self.percent(None, name) for name in WANTED}
        return [name for name, figure_of in figures.items() if figure_of is not None and figure_of < WANTED[name]]

    def unexcepted(self):
        return [place for place in self.missed if place not in self.excepted]


def figure(percent):
    """Cut, not rounded: 99.96 is not 100."""
    return "" if percent is None else f"{int(percent * 10 + 1e-9) / 10:.1f}"


def row(title, cells):
    return f"{title:<32}" + "".join(f"{cell:>12}" for cell in cells)


def table(report):
    yield row("", [f"{name} %" for name in WANTED])
    for file in report.files:
        cells = [figure(report.percent(file, name)) for name in WANTED]
        if any(cells):
            yield row(file, cells)
    yield row("all, without what is excepted", [figure(report.percent(None, name)) for name in WANTED])
    yield row("all", [figure(report.percent(None, name, False)) for name in WANTED])
    yield row("wanted", [figure(wanted) for wanted in WANTED.values()])
    yield row("places, not run, excepted", ["/".join(map(str, report.sums(None, name))) for name in WANTED])


def told(place):
    return f"{place.file}:{place.line}: {place.function}: {SAYS[place.kind]}: {place.text}"


def uncovered(report):
    missed = report.unexcepted()
    if missed:
        yield ""
        yield "Not run, and not excepted:"
        yield from (f"  {told(place)}" for place in missed)
    if report.excepted:
        yield ""
        yield "Excepted:"
        reasons = {}
        for place in report.missed:
            if place in report.excepted:
                reasons.setdefault(report.excepted[place].reason, []).append(place)
        for reason, places in reasons.items():
            yield from (f"  {told(place)}" for place in places)
            yield f"      {reason}"


def as_json(report):
    def place_of(place):
        shown = place._asdict()
        shown["reason"] = report.excepted[place].reason if place in report.excepted else None
        return shown

    def measures(file):
        return {name: {"count": count, "missed": lost, "excepted": excused}
                for name in WANTED for count, lost, excused in [report.sums(file, name)]}
    return {"format": 1, "wanted": WANTED, "total": measures(None),
            "files": {file: measures(file) for file in report.files},
            "missed": [place_of(place) for place in report.missed],
            "stale": [exception.text for exception in report.stale]}


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder")
    parser.add_argument("exceptions")
    parser.add_argument("--html", metavar="DIR")
    parser.add_argument("--json", metavar="FILE")
    return parser.parse_args()


def main():
    options = arguments()
    sources = Sources(ROOT)
    run = measure(options.folder, sources)
    with open(options.exceptions, encoding="utf-8") as stream:
        try:
            listed = exceptions.parse(stream)
        except ValueError as trouble:
            sys.exit(f"{options.exceptions}: {trouble}")
    missed = [place for place, was_run in run.items() if not was_run]
    report = Report(run, *exceptions.apply(listed, missed))
    print("\n".join([*table(report), *uncovered(report)]))
    if options.json:
        with open(options.json, "w", encoding="utf-8") as stream:
            json.dump(as_json(report), stream, indent=1)
    if options.html:
        page.write(options.html, report, run, sources)
    for exception in report.stale:
        print(f"{options.exceptions}:{exception.line}: excepts nothing: it is run now, or is gone: take it out: "
              f"{exception.text}", file=sys.stderr)
    for name in report.too_low():
        print(f"{name}: {figure(report.percent(None, name))} %, and {figure(WANTED[name])} % is wanted", file=sys.stderr)
    return 1 if report.stale or report.too_low() else 0


if __name__ == "__main__":
    sys.exit(main())
