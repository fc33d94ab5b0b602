"""Why somebody is ahead of libstm in a row, and what has been tried: kept by hand in notes.json, one note a pattern of rows.

A note is {"workload": "value-64k", "configuration": "*", "lane": "*", "peer": "stripes", "why": "one sentence or two"}; each
of the first four is a pattern as in a shell, and may be left out for any. The first that fits is taken.
"""
import fnmatch
import json
import os

KEYS = ("workload", "configuration", "lane", "peer")


def read(path=os.path.join(os.path.dirname(os.path.abspath(__file__)), "notes.json")):
    with open(path, encoding="utf-8") as file:
        notes = json.load(file)
    for note in notes:
        unknown = set(note) - set(KEYS) - {"why"}
        if unknown or not note.get("why"):
            raise ValueError(f"{path}: a note has {', '.join(sorted(unknown)) or 'no why'}: {note}")
    return notes


def why(notes, row):
    """The note for a row of a peer that is ahead, or None."""
    for note in notes:
        if all(fnmatch.fnmatch(getattr(row, key), note.get(key, "*")) for key in KEYS):
            return note["why"]
    return None


UNEXPLAINED = "Not explained yet (bench/compare/notes.json)."


def grouped(notes, ahead):
    """Of [(row, how many times as fast)]: {why: those that it explains}."""
    groups = {}
    for row, times in ahead:
        groups.setdefault(why(notes, row) or UNEXPLAINED, []).append((row, times))
    return groups
