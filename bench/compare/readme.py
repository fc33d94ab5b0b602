#!/usr/bin/env python3
"""Puts what is made from the JSON of run.py into a README, between two marks that must be there: the summary, which
tells who is ahead and by how much; or the reasons, which tell why, and what was wanted."""
import json
import sys

from table import reasons, summary

BEGIN, END = "<!-- made by tools/bench --readme: begin -->\n", "<!-- made by tools/bench --readme: end -->\n"
PARTS = {"summary": summary, "reasons": reasons}


def with_table(text, table):
    """The text with the table in the place of what stands between the marks."""
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the marks are missing: {BEGIN.strip()} and {END.strip()}")
    return before + begin + table + end + after


def main():
    if len(sys.argv) != 4 or sys.argv[3] not in PARTS:
        print("usage: readme.py RESULTS.json README.md summary|reasons", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        table = "".join(line + "\n" for line in PARTS[sys.argv[3]](json.load(file)))
    with open(sys.argv[2], encoding="utf-8") as file:
        text = file.read()
    try:
        text = with_table(text, table)
    except ValueError as error:
        print(f"readme.py: {sys.argv[2]}: {error}", file=sys.stderr)
        return 1
    with open(sys.argv[2], "w", encoding="utf-8") as file:
        file.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
