#!/usr/bin/env python3
"""Prints the tables for a README: how many times as fast libstm is, made from the JSON of run.py."""
import json
import sys

import notes
import overview
from figures import Figures, beaten, digits, filled, gives_all, goals, ratio, short, title_of


def heading(peer):
    return peer["name"] + ("" if gives_all(peer) else " °")


def cell_text(cell):
    if cell.times is None:
        return ""
    text = digits(cell.times.median)
    return f"**{text}**" if cell.ahead else text


def comparison(figures):
    peers = overview.columns(figures)
    yield "| work | libstm, a second | to the floor | " + " | ".join(heading(peer) for peer in peers) + " |"
    yield "|---|---|---|" + "---|" * len(peers)
    for line in overview.lines(figures):
        floor = ratio(line.ours, figures.row(*line.key[:2], "floor", line.key[2]))
        cells = [title_of(figures, *line.key), short(line.ours.rate.median), digits(floor.median) if floor else ""]
        yield "| " + " | ".join(cells + [cell_text(cell) for cell in line.cells]) + " |"


def bytes_a_key(figures):
    """Rows for the same table: what a key takes, and how many times as much the others take."""
    for workload in filled(figures):
        rows = {row.peer: row for row in figures.rows_of(workload, "1 thread")}
        ours = rows.get("libstm")
        if ours is None:
            continue
        names = ["floor"] + [peer["name"] for peer in overview.columns(figures)]
        yield (f"| bytes a key, of {figures.workloads[workload]['keys']:,}: times as many | {ours.bytes_a_key:.0f} | "
               + " | ".join(digits(rows[name].bytes_a_key / ours.bytes_a_key) if name in rows else ""
                            for name in names) + " |")


def ahead_of_us(figures):
    ahead = beaten(figures)
    if not ahead:
        return
    yield "Ahead of libstm with the same promises, how many times as fast, and why:"
    yield ""
    for why, rows in notes.grouped(notes.read(), ahead).items():
        yield f"- {why} {'. '.join(rows_by_peer(figures, rows))}."
    yield ""


def rows_by_peer(figures, rows):
    """"LMDB: *100 keys in order* 1.09"."""
    peers = {}
    for row, times in rows:
        peers.setdefault(row.peer, []).append(
            f"*{title_of(figures, row.workload, row.configuration, row.lane)}* {digits(times.median)}")
    for name, cells in peers.items():
        yield f"**{figures.peers[name]['title']}**: {', '.join(cells)}"


def wanted(figures):
    yield "| what | found | wanted |"
    yield "|---|---|---|"
    for goal in goals(figures):
        missed = "" if goal.met else ", **missed**"
        yield f"| {goal.text} | {digits(goal.found)} | {goal.wanted()}{missed} |"


def summary(report):
    """Who is ahead, and by how much."""
    figures = Figures(report)
    machine, settings = report["machine"], report["settings"]
    verdict = overview.verdict(figures)
    if verdict:
        yield verdict
        yield ""
    yield ("Each peer's column tells how many times as fast libstm is; **bold**: there the peer is faster; nothing: it cannot do "
           "that. The strongest rivals come first.")
    yield ""
    yield from comparison(figures)
    yield from bytes_a_key(figures)
    yield ""
    lesser = [f"{peer['name']}: {less(peer)}" for peer in overview.columns(figures) if not gives_all(peer)]
    if lesser:
        yield "° promises less: " + "; ".join(lesser) + "."
        yield ""
    yield (f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['system']}, {machine['compiler']}; "
           f"{settings['rounds']} rounds of {settings['milliseconds']:g} ms, medians of ratios formed within a round.")


def reasons(report):
    """Why some are ahead, and how what was wanted came out."""
    figures = Figures(report)
    yield from ahead_of_us(figures)
    yield from wanted(figures)


def lines(report):
    yield from summary(report)
    yield ""
    yield from reasons(report)


def less(peer):
    gives = peer["gives"]
    missing = [] if gives["atomic"] else ["keys change one by one"]
    if gives["isolation"] != "serializable":
        missing.append({"none": "no isolation", "snapshot": "write skew is possible"}[gives["isolation"]])
    if not gives["snapshot"]:
        missing.append("no snapshot beside writers")
    return ", ".join(missing)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("usage: table.py RESULTS.json", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        for line in lines(json.load(file)):
            print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
