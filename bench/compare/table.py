#!/usr/bin/env python3
"""Prints the table for a README: how many times as fast libstm is, made from the JSON of run.py."""
import json
import sys

import notes
from figures import Figures, beaten, digits, filled, gives_all, goals, ratio, short


def columns(figures):
    """Everybody but libstm: first those who give as much, then the others."""
    others = [peer for peer in figures.peers.values() if not peer["name"].startswith("libstm")]
    others = [peer for peer in others if peer["name"] != "floor"]
    return sorted(others, key=lambda peer: not gives_all(peer))


def heading(peer):
    return peer["name"] + ("" if gives_all(peer) else " °")


def title_of(figures, workload, configuration, lane):
    title = figures.workloads[workload]["title"]
    if configuration != "1 thread":
        title += f", {configuration}"
    return f"{title}: {lane}" if lane else title


def comparison(figures):
    peers = columns(figures)
    yield "| work | libstm, a second | to the floor | " + " | ".join(heading(peer) for peer in peers) + " |"
    yield "|---|---|---|" + "---|" * len(peers)
    for workload, configuration, lane in figures.lanes():
        ours = figures.row(workload, configuration, "libstm", lane)
        if ours is None:
            continue
        floor = ratio(ours, figures.row(workload, configuration, "floor", lane))
        cells = [title_of(figures, workload, configuration, lane), short(ours.rate.median),
                 digits(floor.median) if floor else ""]
        for peer in peers:
            times = ratio(ours, figures.row(workload, configuration, peer["name"], lane))
            cells.append(digits(times.median) if times else "")
        yield "| " + " | ".join(cells) + " |"


def bytes_a_key(figures):
    """Rows for the same table: what a key takes, and how many times as much the others take."""
    for workload in filled(figures):
        rows = {row.peer: row for row in figures.rows_of(workload, "1 thread")}
        ours = rows.get("libstm")
        if ours is None:
            continue
        names = ["floor"] + [peer["name"] for peer in columns(figures)]
        yield (f"| bytes a key, of {figures.workloads[workload]['keys']:,}: times as many | {ours.bytes_a_key:.0f} | "
               + " | ".join(digits(rows[name].bytes_a_key / ours.bytes_a_key) if name in rows else ""
                            for name in names) + " |")


def ahead_of_us(figures):
    ahead = beaten(figures)
    if not ahead:
        return
    yield ""
    yield "Ahead of libstm with the same promises, how many times as fast, and why:"
    yield ""
    for why, rows in notes.grouped(notes.read(), ahead).items():
        names = (f"{figures.peers[row.peer]['title']} in *{title_of(figures, row.workload, row.configuration, row.lane)}*"
                 f" ({digits(times.median)})" for row, times in rows)
        yield f"- {'; '.join(names)}: {why}"


def wanted(figures):
    yield "| what | found | wanted |"
    yield "|---|---|---|"
    for goal in goals(figures):
        missed = "" if goal.met else ", **missed**"
        yield f"| {goal.text} | {digits(goal.found)} | {goal.wanted()}{missed} |"


def lines(report):
    figures = Figures(report)
    machine, settings = report["machine"], report["settings"]
    yield (f"{machine['cpu']}, {machine['cpus']} CPUs, {machine['system']}, {machine['compiler']}; "
           f"{settings['rounds']} rounds of {settings['milliseconds']:g} ms, medians of ratios formed within a round. "
           f"Each peer's column tells how many times as fast libstm is.")
    yield ""
    yield from comparison(figures)
    yield from bytes_a_key(figures)
    lesser = [f"{peer['name']}: {less(peer)}" for peer in columns(figures) if not gives_all(peer)]
    if lesser:
        yield ""
        yield "° promises less: " + "; ".join(lesser) + "."
    yield from ahead_of_us(figures)
    yield ""
    yield from wanted(figures)


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
