#!/usr/bin/env python3
"""Who is ahead, at a glance: one row a workload, one column a peer, and a sentence above. What README and page begin with;
for the terminal, printed from the JSON of run.py, the strongest rival of each row only."""
import json
import shutil
import sys
import textwrap
from math import exp, log
from statistics import mean

from figures import Figures, digits, gives_all, ratio, short, title_of


class Cell:
    """How many times as fast libstm is as one peer in one row."""

    def __init__(self, peer, times):
        self.peer, self.times = peer, times

    @property
    def ahead(self):
        """The peer is faster."""
        return self.times is not None and self.times.median < 1


class Line:
    def __init__(self, key, ours, cells):
        self.key, self.ours, self.cells = key, ours, cells

    def won(self, but_for=()):
        """Nobody who promises as much is faster."""
        return not any(cell.ahead and gives_all(cell.peer) and cell.peer["name"] not in but_for for cell in self.cells)


def closeness(figures, peer):
    """Mean of libstm's lead over the peer, by ratios: the smaller, the stronger the rival."""
    times = [ratio(figures.row(workload, configuration, "libstm", lane),
                   figures.row(workload, configuration, peer["name"], lane))
             for workload, configuration, lane in figures.lanes()]
    times = [log(found.median) for found in times if found and found.median > 0]
    return exp(mean(times)) if times else float("inf")


def columns(figures):
    """All who were measured, but libstm and the floor: first those who promise as much, in each group the strongest first."""
    others = [peer for peer in figures.peers.values() if not peer["name"].startswith("libstm")]
    others = [peer for peer in others if peer["name"] != "floor" and closeness(figures, peer) != float("inf")]
    return sorted(others, key=lambda peer: (not gives_all(peer), closeness(figures, peer)))


def lines(figures):
    peers = columns(figures)
    for workload, configuration, lane in figures.lanes():
        ours = figures.row(workload, configuration, "libstm", lane)
        if ours is not None:
            yield Line((workload, configuration, lane), ours, [
                Cell(peer, ratio(ours, figures.row(workload, configuration, peer["name"], lane))) for peer in peers])


def listed(names):
    names = list(names)
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def row_count(number):
    return "one row" if number == 1 else f"{number} rows"


def lost_to(found):
    """{name of one with equal promises: the rows in which it is ahead}, most rows first."""
    ahead = {}
    for line in found:
        for cell in line.cells:
            if cell.ahead and gives_all(cell.peer):
                ahead.setdefault(cell.peer["name"], []).append(line)
    return dict(sorted(ahead.items(), key=lambda item: -len(item[1])))


def who_is_ahead(figures, found):
    """"LMDB in 2 rows, of one thread"."""
    for name, rows in lost_to(found).items():
        alone = sum(line.key[1] == "1 thread" for line in rows)
        text = f"{figures.peers[name]['title']} in {row_count(len(rows))}"
        yield text + (", of one thread" if alone == len(rows) else f", {alone} of them of one thread" if alone else "")


def but_for(figures, found):
    """How it looks without those who are ahead in more than a quarter of the rows."""
    strong = [name for name, rows in lost_to(found).items() if len(rows) > len(found) / 4]
    won = sum(line.won(strong) for line in found)
    if not strong:
        return ""
    stops = all(figures.peers[name]["gives"]["blocks"] for name in strong)
    return (f"; of all but {listed(figures.peers[name]['title'] for name in strong)}"
            f"{', where a stopped thread stops the others,' if stops else ''} in {won}")


def verdict(figures):
    """A few sentences; nothing if there is nobody to compare with."""
    found = list(lines(figures))
    equals = [peer for peer in columns(figures) if gives_all(peer)]
    if not found or not equals:
        return ""
    won = sum(line.won() for line in found)
    one = len(equals) == 1
    text = (f"{listed(peer['title'] for peer in equals)} {'promises' if one else 'promise'} what libstm does: all keys or "
            f"none, serializable, the whole store at one instant. libstm is ahead of {'it' if one else 'all of them'} in "
            f"{won or 'none'} of {row_count(len(found))}{but_for(figures, found)}.")
    ahead = list(who_is_ahead(figures, found))
    return text[0].upper() + text[1:] + (f" Ahead of libstm: {'; '.join(ahead)}." if ahead else "")


def strongest(line):
    """Of those who promise as much: "mutex 1.80"; times libstm's rate."""
    cells = [cell for cell in line.cells if cell.times and gives_all(cell.peer)]
    if not cells:
        return ""
    best = min(cells, key=lambda cell: cell.times.median)
    return f"{best.peer['name']:10}{digits(1 / best.times.median):>6}" + (" <-" if best.ahead else "")


def shortened(title, size):
    """In its middle, if need be: threads and lanes stand at the end."""
    if len(title) <= size:
        return title
    cut = max(title.rfind(", "), title.rfind(": "))
    end = "..." + (title[cut:] if cut >= 0 and len(title) - cut < size / 2 else "")
    return title[:size - len(end)] + end


def terminal_lines(figures, width):
    found = list(lines(figures))
    titles = [title_of(figures, *line.key) for line in found]
    space = min(max(map(len, titles), default=0), max(20, width - 32))
    yield f"{'':{space}}  libstm/s  strongest rival, to libstm (<-: ahead)"
    for title, line in zip(titles, found):
        yield f"{shortened(title, space):{space}}  {short(line.ours.rate.median):>8}  {strongest(line)}".rstrip()
    yield ""
    yield from textwrap.wrap(verdict(figures), width)


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("usage: overview.py RESULTS.json", file=sys.stderr)
        return 2
    with open(sys.argv[1], encoding="utf-8") as file:
        figures = Figures(json.load(file))
    for line in terminal_lines(figures, min(110, shutil.get_terminal_size().columns)):
        print(line)
    return 0


if __name__ == "__main__":
    sys.exit(main())
