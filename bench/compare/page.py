#!/usr/bin/env python3
"""Prints one page of HTML, with plots and without anything from the network, made from the JSON of run.py."""
import json
import os
import sys
from html import escape

import notes
import overview
import plot
from figures import Figures, beaten, digits, filled, gives_all, goals, nanoseconds, percent, ratio, short, title_of


def cells(tag, values, text_columns=1):
    return "".join(f'<{tag}{" class=text" if index < text_columns else ""}>{value}</{tag}>'
                   for index, value in enumerate(values))


def table(heads, rows, text_columns=1):
    """rows: [(css class, values)], the values in HTML."""
    body = "".join(f'<tr class="{css}">{cells("td", values, text_columns)}</tr>' for css, values in rows)
    return (f'<div class="scroll"><table><thead><tr>{cells("th", heads, text_columns)}</tr></thead>'
            f"<tbody>{body}</tbody></table></div>")


def css_of(peer):
    return "ours" if peer["name"].startswith("libstm") else "floor" if peer["name"] == "floor" else ""


def label_of(peer):
    return peer["title"] + ("" if gives_all(peer) or peer["name"] == "floor" else " °")


LANE_TITLES = {"writer": "the writer's transfers"}


# -------------------------------------------------------------------------------------- sections


def head(report):
    yield "<h1>libstm among others</h1>"


def method(report):
    machine, settings = report["machine"], report["settings"]
    facts = [machine["cpu"], f"{machine['cpus']} CPUs" + (" of a virtual machine" if machine["virtual"] else ""),
             machine["caches"], f"{machine['memory_gib']} GiB", machine["system"], f"Linux {machine['kernel']}",
             machine["libc"], machine["compiler"], f"libstm at {machine['revision']}",
             f"load {machine['load_before']:.1f} before, {machine['load_after']:.1f} after",
             f"{100 * machine['stolen']:.1f} % of the CPU time taken by the host"]
    yield (f"<p>All peers do the same work on the same keys with the same random numbers, and take turns in each of "
           f"{settings['rounds']} rounds of {settings['milliseconds']:g} ms. Told are medians over the rounds; the bars "
           f"go from the slowest round to the fastest; ratios are formed within a round. A hollow mark and ° say that "
           f"the peer promises less than libstm. The floor has one thread: with more, others are compared with that.</p>")
    yield (f'<p class="soft">{escape(report["date"])}. ' + escape("; ".join(fact for fact in facts if fact)) + ".</p>")


def shade(cell):
    """Four greens where libstm is ahead, four reds where the peer is; the strongest from ten times on."""
    times = cell.times.median
    size = max(times, 1 / times) if times > 0 else 10
    level = 1 if size < 1.25 else 2 if size < 2.5 else 3 if size < 10 else 4
    return f"{'behind' if cell.ahead else 'ahead'}{level}"


def cell_of(cell):
    if cell.times is None:
        return "<td></td>"
    spread = f"{digits(cell.times.min)}–{digits(cell.times.max)}"
    return f'<td class="{shade(cell)}" title="{escape(cell.peer["title"])}: {spread}">{digits(cell.times.median)}</td>'


PROMISES = (("all keys or none", lambda gives: gives["atomic"]),
            ("serializable", lambda gives: gives["isolation"] == "serializable"),
            ("whole store at one instant", lambda gives: gives["snapshot"]),
            ("a stopped thread stops nobody", lambda gives: not gives["blocks"]))


def promise_rows(peers, ours):
    for text, has in PROMISES:
        marks = "".join(f"<td>{'✓' if has(peer['gives']) else '<span class=missed>–</span>'}</td>" for peer in peers)
        yield f'<tr class="promise"><th>{text}</th><td>{"✓" if has(ours["gives"]) else "–"}</td>{marks}</tr>'


def overview_section(figures):
    peers, found = overview.columns(figures), list(overview.lines(figures))
    if not peers or not found:
        return
    yield f"<p>{escape(overview.verdict(figures))}</p>"
    yield ('<p class="soft">How many times as fast libstm is, by name and in a commit loop: <span class="key ahead3">libstm '
           'is ahead</span> <span class="key behind3">the peer is ahead</span>, no colour: it cannot do that. The strongest rivals '
           'come first; ° promises less.</p>')
    heads = "".join(f"<th><span>{escape(peer['name'] + ('' if gives_all(peer) else ' °'))}</span></th>" for peer in peers)
    body = "".join(promise_rows(peers, figures.peers["libstm"]))
    for line in found:
        body += (f'<tr><th><a href="#{line.key[0]}">{escape(title_of(figures, *line.key))}</a></th>'
                 f"<td>{short(line.ours.rate.median)}/s</td>{''.join(cell_of(cell) for cell in line.cells)}</tr>")
    yield (f'<div class="scroll"><table class="matrix"><thead><tr><th></th><th>libstm</th>{heads}</tr></thead>'
           f"<tbody>{body}</tbody></table></div>")


def goal_section(figures):
    rows = [("", [escape(goal.text), digits(goal.found), goal.wanted(),
                  '<span class="met">met</span>' if goal.met else '<span class="missed">missed</span>'])
            for goal in goals(figures)]
    yield '<h2 id="wanted">What was wanted</h2>'
    yield table(["", "found", "wanted", ""], rows)


def reason_section(figures):
    ahead = beaten(figures)
    if ahead:
        yield '<h2 id="why">Who is ahead of libstm with the same promises, and why</h2>'
    for why, group in notes.grouped(notes.read(), ahead).items():
        yield f"<p>{escape(why)}</p>"
        yield table(["", "peer", "how many times as fast"], [("", [
            escape(title_of(figures, row.workload, row.configuration, row.lane)),
            escape(figures.peers[row.peer]["title"]), f"{digits(times.median)} ({digits(times.min)}–{digits(times.max)})"])
            for row, times in group], 2)


def peer_section(figures):
    rows = [(css_of(peer), [escape(label_of(peer)), escape(peer["version"]), escape(peer["setup"]),
                            "yes" if peer["gives"]["atomic"] else "no", peer["gives"]["isolation"],
                            "yes" if peer["gives"]["snapshot"] else "no",
                            "no" if peer["gives"]["blocks"] == 0 else "yes"])
            for peer in figures.peers.values()]
    yield '<h2 id="peers">Peers, and how they are used</h2>'
    yield table(["", "version", "used as", "all keys or none", "isolation", "whole store at one instant",
                 "a stopped thread stops others"], rows, 3)
    yield '<p class="soft">None is durable as it is used here.</p>'


def lanes_of(figures, workload):
    """{lane: its configurations}, in their order."""
    found = {}
    for name, configuration, lane in figures.lanes():
        if name == workload["name"]:
            found.setdefault(lane, []).append(configuration)
    order = workload["configurations"]
    return {lane: sorted(names, key=order.index) for lane, names in found.items()}


def lines_of(figures, workload, lane, configurations):
    lines = []
    for name, peer in figures.peers.items():
        rows = [figures.row(workload["name"], configuration, name, lane) for configuration in configurations]
        if any(rows):
            lines.append((label_of(peer), css_of(peer), not gives_all(peer), rows))
    return sorted(lines, key=lambda line: -next(row for row in line[3] if row).rate.median)


def tooltip(figures):
    def text(row):
        return (f"{figures.peers[row.peer]['title']}, {row.configuration}: {short(row.rate.median)}/s "
                f"({short(row.rate.min)}–{short(row.rate.max)})")
    return text


def detail_rows(figures, workload, lane, configurations):
    for configuration in configurations:
        for row in figures.rows_of(workload["name"], configuration, lane):
            peer = figures.peers[row.peer]
            floor, ours = ratio(figures.floor(row), row), ratio(
                figures.row(row.workload, configuration, "libstm", lane), row)
            yield css_of(peer), [
                escape(label_of(peer)), escape(configuration), short(row.rate.median),
                f"{short(row.rate.min)}–{short(row.rate.max)}", digits(floor.median) if floor else "",
                digits(ours.median) if ours else "", percent(row.conflicts), percent(row.busy),
                nanoseconds(row.percentile(0.5)), nanoseconds(row.percentile(0.99)),
                nanoseconds(row.percentile(0.9999)), str(row.wrong) if row.wrong else "",
                f"{row.disturbed}" if row.disturbed else ""]


def workload_section(figures, workload):
    yield f'<h2 id="{workload["name"]}">{escape(workload["title"])}</h2>'
    for lane, configurations in lanes_of(figures, workload).items():
        units = workload["unit"] + "s"
        title = f"{LANE_TITLES.get(lane, lane or units)} a second"
        yield f"<h3>{escape(title)}</h3>" + plot.legend(configurations)
        yield '<div class="scroll">' + plot.chart(
            f"{workload['title']}: {title}", lines_of(figures, workload, lane, configurations), tooltip(figures)) + "</div>"
        yield "<details><summary>Figures, lost attempts, latency</summary>" + table(
            ["", "", "a second", "slowest–fastest", "× the floor's time", "libstm is × as fast", "conflicts", "busy",
             "p50", "p99", "p99.99", "wrong sums", "disturbed rounds"],
            detail_rows(figures, workload, lane, configurations), 2) + "</details>"
    for result in workload["results"]:
        if result["failed"]:
            yield f'<p class="missed">{escape(result["peer"])} failed: {escape(result["failed"])}</p>'
    if workload.get("left_out"):
        yield f'<p>Memory was short; left out: {escape(", ".join(workload["left_out"]))}.</p>'


def memory_section(figures):
    if not filled(figures):
        return
    yield '<h2 id="bytes">Bytes a key</h2><p>Keys of 16 bytes with values of 8, as soon as they are filled in.</p>'
    for workload in filled(figures):
        rows = sorted(figures.rows_of(workload, "1 thread"), key=lambda row: row.bytes_a_key)
        yield table([f"{figures.workloads[workload]['keys']:,} keys", "bytes a key"],
                    [(css_of(figures.peers[row.peer]), [
                        escape(figures.peers[row.peer]["title"]), f"{row.bytes_a_key:.0f}"]) for row in rows])


def count_section(report):
    counts = report.get("counts")
    if not counts:
        return
    yield '<h2 id="counts">Counted, not timed</h2>'
    yield "<p>Instructions · allocations of one operation of one thread; the same in every run.</p>"
    names = list(dict.fromkeys(row["workload"] for row in counts))
    found = {(row["peer"], row["workload"]): row for row in counts}
    peers = list(dict.fromkeys(row["peer"] for row in counts))
    yield table([""] + names, [("ours" if peer.startswith("libstm") else "", [escape(peer)] + [
        count_text(found.get((peer, name))) for name in names]) for peer in peers])


def count_text(row):
    return f"{row['instructions']:,.0f} · {round(row['allocations'], 1):g}" if row else ""


def contents(figures):
    links = [("overview", "Who is ahead"), ("why", "Why somebody is ahead of libstm"),
             ("peers", "Peers, and how they are used"), ("wanted", "What was wanted")]
    links += [(workload["name"], workload["title"]) for workload in figures.workloads.values()]
    return "<nav>" + "".join(f'<a href="#{name}">{escape(title)}</a>' for name, title in links) + "</nav>"


def page(report):
    figures = Figures(report)
    with open(os.path.join(os.path.dirname(__file__), "page.css"), encoding="utf-8") as file:
        style = file.read()
    yield ('<!doctype html><html lang="en"><head><meta charset="utf-8"><title>libstm among others</title>'
           f'<meta name="viewport" content="width=device-width"><style>{style}</style></head><body>')
    yield from head(report)
    yield '<div id="overview"></div>'
    yield from overview_section(figures)
    yield from method(report)
    yield contents(figures)
    yield from reason_section(figures)
    yield from peer_section(figures)
    for workload in report["workloads"]:
        yield from workload_section(figures, workload)
    yield from memory_section(figures)
    yield from count_section(report)
    yield from goal_section(figures)
    yield "</body></html>"


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("usage: page.py RESULTS.json", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        for part in page(json.load(file)):
            print(part)
    return 0


if __name__ == "__main__":
    sys.exit(main())
