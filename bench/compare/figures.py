"""From what was measured to what is told: medians with their spread, ratios formed within a round, percentiles,
and how each figure that was wanted came out. No input or output: page.py and table.py do that."""
from statistics import median


class Spread:
    """Median, smallest and largest over the rounds."""

    def __init__(self, values):
        self.values = values
        self.median, self.min, self.max = median(values), min(values), max(values)


class Row:
    """One lane of one peer in one configuration of a workload."""

    def __init__(self, workload, configuration, peer, lane_index, measured, result):
        lanes = [lanes[lane_index] for lanes in measured["rounds"]]
        commits = sum(lane["commits"] for lane in lanes) or 1
        self.workload, self.configuration, self.peer = workload, configuration, peer
        self.lane = lanes[0]["lane"]
        self.rates = [lane["rate"] for lane in lanes]
        self.rate = Spread(self.rates)
        self.conflicts = sum(lane["conflicts"] for lane in lanes) / commits
        self.busy = sum(lane["busy"] for lane in lanes) / commits
        self.wrong = sum(lane["wrong"] for lane in lanes)
        self.disturbed = sum(lane["delayed"] > 0.05 for lane in lanes)
        self.latency = measured["latency"] if lane_index == 0 else []
        self.bytes_a_key = result["bytes"] / result["keys"]

    def percentile(self, part):
        """In ns; None where fewer than ten operations lie beyond it."""
        total = sum(count for _, count in self.latency)
        if total * (1 - part) < 10:
            return None
        seen = 0
        for ns, count in self.latency:
            seen += count
            if seen >= part * total:
                return ns
        return None


def gives_all(peer):
    gives = peer["gives"]
    return bool(gives["atomic"] and gives["isolation"] == "serializable" and gives["snapshot"])


class Figures:
    def __init__(self, report):
        self.report = report
        self.peers = {peer["name"]: peer for peer in report["peers"]}
        self.workloads = {workload["name"]: workload for workload in report["workloads"]}
        self.rows = {}
        for workload in report["workloads"]:
            for result in workload["results"]:
                if not result["failed"]:
                    self.add_result(workload, result)

    def add_result(self, workload, result):
        for name, measured in result["configurations"].items():
            for index in range(len(measured["rounds"][0]) if measured["rounds"] else 0):
                row = Row(workload["name"], name, result["peer"], index, measured, result)
                self.rows[row.workload, row.configuration, row.lane, row.peer] = row

    def row(self, workload, configuration, peer, lane=""):
        return self.rows.get((workload, configuration, lane, peer))

    def rows_of(self, workload, configuration, lane=""):
        """Of all peers, the fastest first."""
        found = [row for (w, c, l, _), row in self.rows.items() if (w, c, l) == (workload, configuration, lane)]
        return sorted(found, key=lambda row: -row.rate.median)

    def lanes(self):
        """(workload, configuration, lane) of all rows, in the order of the report."""
        return list(dict.fromkeys((w, c, l) for w, c, l, _ in self.rows))

    def floor(self, row):
        """What the plain table did in the same rounds; it has one thread at most."""
        same = self.row(row.workload, row.configuration, "floor", row.lane)
        return same or self.row(row.workload, "1 thread", "floor", row.lane)


def ratio(above, below):
    """The one's rate by the other's, within each round; None if either is missing."""
    if above is None or below is None:
        return None
    pairs = [a / b for a, b in zip(above.rates, below.rates) if b > 0]
    return Spread(pairs) if pairs else None


def title_of(figures, workload, configuration, lane):
    title = figures.workloads[workload]["title"]
    if configuration != "1 thread":
        title += f", {configuration}"
    return f"{title}: {lane}" if lane else title


# ------------------------------------------------------------------------------ what was wanted


class Goal:
    def __init__(self, text, found, bound, at_least):
        self.text, self.found, self.bound, self.at_least = text, found, bound, at_least
        self.met = found >= bound if at_least else found <= bound

    def wanted(self):
        return f"at {'least' if self.at_least else 'most'} {self.bound:,g}"


def goals(figures):
    """Those of the figures wanted for which something was measured."""
    found = []

    def want(text, value, bound, at_least):
        if value is not None:
            found.append(Goal(text, value.median if isinstance(value, Spread) else value, bound, at_least))

    def libstm(workload, configuration="1 thread", lane="", way="libstm"):
        return figures.row(workload, configuration, way, lane)

    def floor(workload, configuration="1 thread", lane=""):
        return figures.row(workload, configuration, "floor", lane)

    want("transfer, 1 thread: times the floor's time", ratio(floor("transfer"), libstm("transfer")), 2, False)
    want("read of 4, 1 thread: times the floor's time", ratio(floor("read4"), libstm("read4")), 1.15, False)
    want("value of 1 KiB: times the time of striped locks",
         ratio(figures.row("value-1k", "1 thread", "stripes"), libstm("value-1k")), 1.3, False)
    for name, text in (("transfer", "transfer"), ("read4", "read of 4")):
        want(f"{text}: key handles by names, rates",
             ratio(libstm(name, way="libstm-handles"), libstm(name)), 1.5, True)
    for name in ("transfer-20k", "read4-20k", "transfer-10m"):
        if name in figures.workloads:
            want(f"{figures.workloads[name]['title']}: 2 threads by 1",
                 ratio(libstm(name, "2 threads"), libstm(name)), 1.9, True)
    for way, text in (("libstm", "commit loop"), ("libstm-atomically", "stm_atomically")):
        want(f"8 hot keys, {text}: 8 threads by 2",
             ratio(libstm("hot", "8 threads", way=way), libstm("hot", "2 threads", way=way)), 0.9, True)
    for peer, bound in (("libitm", 2), ("lmdb", 10), ("wiredtiger", 20), ("rocksdb", 50)):
        for name in ("transfer", "mix"):
            for threads in ("1 thread", "2 threads"):
                want(f"{name}, {threads}: times as fast as {figures.peers.get(peer, {}).get('title', peer)}",
                     ratio(libstm(name, threads), figures.row(name, threads, peer)), bound, True)
    snapshots = libstm("snapshot", "side by side", "snapshots")
    want("full snapshots a second beside a writer", snapshots and snapshots.rate, 2000, True)
    want("that writer, by its rate alone", ratio(libstm("snapshot", "side by side", "writer"),
                                                 libstm("snapshot", "writer alone", "writer")), 0.9, True)
    want("a snapshot read whole, by the plain table's scan",
         ratio(libstm("snapshot", "snapshots alone", "snapshots"),
               floor("snapshot", "snapshots alone", "snapshots")), 0.5, True)
    for name in ("transfer", "read4"):
        want(f"{name}: told one transaction ahead which keys come, by not, rates",
             ratio(libstm(name, way="libstm-prefetch"), libstm(name)), 1, True)
    for name in filled(figures):
        row = libstm(name)
        want(f"bytes a key, of {figures.workloads[name]['keys']:,}" if row else "", row and row.bytes_a_key, 100,
             False)
    return found


def filled(figures):
    """The workloads whose bytes a key are told: those of very many keys."""
    return [name for name in ("memory", "transfer-10m") if name in figures.workloads]


def beaten(figures):
    """Where one with equal promises is ahead of libstm by name: [(its row, by how much)], the worst of each row first."""
    found = []
    for workload, configuration, lane in figures.lanes():
        ours = figures.row(workload, configuration, "libstm", lane)
        ahead = [(row, ratio(row, ours)) for row in figures.rows_of(workload, configuration, lane)
                 if not row.peer.startswith("libstm") and gives_all(figures.peers[row.peer])]
        ahead = [(row, times) for row, times in ahead if times is not None and times.median > 1]
        found += sorted(ahead, key=lambda pair: -pair[1].median)
    return found


# -------------------------------------------------------------------------------------- numbers


def short(value):
    """Three digits that matter, and k or M."""
    if value is None:
        return "–"
    for size, unit in ((1e9, " G"), (1e6, " M"), (1e4, " k")):
        if value >= size:
            return f"{digits(value / (size if size != 1e4 else 1e3))}{unit}"
    return digits(value)


def digits(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def nanoseconds(value):
    if value is None:
        return "–"
    for size, unit in ((1e9, "s"), (1e6, "ms"), (1e3, "µs")):
        if value >= size:
            return f"{digits(value / size)} {unit}"
    return f"{value:.0f} ns"


def percent(value):
    return "" if value == 0 else f"{100 * value:.2f} %" if value >= 0.0001 else "< 0.01 %"
