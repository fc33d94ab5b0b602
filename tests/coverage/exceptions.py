"""What the tests need not run, each with its reason: a kept file.

    FILE FUNCTION: KIND[, KIND]: TEXT
        the reason

KIND is line, true or false (the side of a branch that is never taken), or alone (a condition that never decides alone).
TEXT is what stands there, not where: an edit elsewhere changes nothing, and one that matters makes the exception stale,
which is an error.
"""
import re
from collections import namedtuple

from measured import squeezed

Excepted = namedtuple("Excepted", "file function kinds text reason line")

HEADING = re.compile(r"(?P<file>\S+) (?P<function>\w+): (?P<kinds>[a-z]+(?:, [a-z]+)*): (?P<text>.+)")
KINDS = {"line", "true", "false", "alone"}


def parse(stream):
    found = []
    for number, row in enumerate(stream, 1):
        row = row.rstrip()
        if not row or row.startswith("#"):
            continue
        if row.startswith(" "):
            if not found:
                raise ValueError(f"line {number}: a reason without a place")
            found[-1] = found[-1]._replace(reason=f"{found[-1].reason} {row.strip()}".strip())
            continue
        heading = HEADING.fullmatch(row)
        kinds = set(heading["kinds"].split(", ")) if heading else set()
        if not heading or not kinds <= KINDS:
            raise ValueError(f"line {number}: not FILE FUNCTION: KIND: TEXT, with KIND of {', '.join(sorted(KINDS))}")
        found.append(Excepted(heading["file"], heading["function"], kinds, squeezed(heading["text"]), "", number))
    for exception in found:
        if not exception.reason:
            raise ValueError(f"line {exception.line}: there is no reason")
    return found


def covers(exception, place):
    return (exception.file == place.file and exception.function == place.function and place.kind in exception.kinds and
            exception.text == place.text)


def apply(exceptions, missed):
    """({place: exception}, those that except nothing)."""
    excepted = {}
    used = set()
    for exception in exceptions:
        for place in missed:
            if covers(exception, place):
                excepted[place] = exception
                used.add(exception.line)
    return excepted, [exception for exception in exceptions if exception.line not in used]
