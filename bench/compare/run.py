#!/usr/bin/env python3
"""Runs all peers on all workloads, taking turns, and writes what was measured as JSON.

For each workload every peer gets a process of its own, filled once. Then come rounds: in each, each
configuration is run by one peer after the other, so that a slow moment of the machine hits those alike that will
be compared. Nothing is judged here: figures.py does that, from the JSON.
"""
import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
import time

import machine
import progress
from server import PeerFailed, Server

TRIES = 3             # of a measurement that other processes disturb
DELAY_MAX = 0.05      # of its time that a thread waits for a CPU
LATENCY_PART = 0.5    # of a measurement's time, for the one with a clock around each operation
LONG = ("transfer-10m",)
LONG_TIME_LIMIT = 1200  # seconds that a peer may take to fill, or at last to check, so many keys
MEMORY_KEPT = 3         # GiB that must be free before another peer is filled with so many keys
QUICK = ("transfer", "read4", "mix", "hot", "snapshot", "memory")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", help="folder with the programs stm-peer-*")
    parser.add_argument("output", help="where the JSON goes")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--milliseconds", type=float, default=80, help="of each measurement")
    parser.add_argument("--peers", default="*", help="patterns, with commas between (default: all)")
    parser.add_argument("--workloads", default="*", help="patterns, with commas between (default: all)")
    parser.add_argument("--quick", action="store_true", help="the main workloads only")
    parser.add_argument("--long", action="store_true", help="ten million keys, too")
    parser.add_argument("--time-limit", type=float, default=300, help="seconds for any answer of a peer")
    parser.add_argument("--compiler", default="", help="to be written down")
    parser.add_argument("--counts", help="JSON of count.py, to be written into the same file")
    parser.add_argument("--estimate", action="store_true", help="only tell how long it will take")
    return parser.parse_args()


# -------------------------------------------------------------------------------------- choosing


def matches(name, patterns):
    return any(fnmatch.fnmatch(name, pattern) for pattern in patterns.split(","))


def programs_in(folder):
    names = sorted(name for name in os.listdir(folder) if name.startswith("stm-peer-"))
    return [os.path.join(folder, name) for name in names]


def peers_of(program):
    done = subprocess.run([program, "--list"], capture_output=True, text=True, timeout=60, check=True)
    return [dict(peer, program=program, version=number_in(peer["version"])) for peer in json.loads(done.stdout)]


def number_in(version):
    """"0.9.24" of "LMDB 0.9.24: (July 24, 2019)"."""
    match = re.search(r"\d+(\.\d+)+", version)
    return match.group(0) if match else version


def choose_peers(options):
    peers = [peer for program in programs_in(options.programs) for peer in peers_of(program)]
    # What all are compared with goes along in any case.
    peers = [peer for peer in peers if matches(peer["name"], options.peers + ",floor,libstm")]
    if not peers:
        sys.exit(f"run.py: there is no stm-peer-* in {options.programs}: build first")
    return peers


def is_chosen(workload, options):
    name = workload["name"]
    if options.workloads != "*":
        return matches(name, options.workloads)
    return (name not in LONG or options.long) and (name in QUICK or not options.quick)


def choose_work(peers, options):
    """Workloads in their order, each with the peers that can run it: [(workload, [(peer, configurations)])]."""
    work = {}
    for peer in peers:
        for workload in peer["workloads"]:
            if not workload["configurations"] or not is_chosen(workload, options):
                continue
            work.setdefault(workload["name"], (workload, []))[1].append((peer, workload["configurations"]))
    order = [workload["name"] for workload in max((peer["workloads"] for peer in peers), key=len)]
    return [work[name] for name in order if name in work]


def configurations_of(rivals):
    """In their order: nobody has more than libstm."""
    return max((names for _, names in rivals), key=len)


def seconds_needed(work, options):
    one = options.milliseconds / 1000 * (1.2 + 1.2 * LATENCY_PART) + 0.01
    runs = sum(len(names) for _, rivals in work for _, names in rivals)
    fill = sum(0.6 * (60 if workload["name"] in LONG else 1) for workload, rivals in work for _ in rivals)
    return runs * one * options.rounds + fill


# ------------------------------------------------------------------------------------- measuring


class Turn:
    """One peer in one workload: its server, and what it has answered."""

    def __init__(self, peer, names, workload, options):
        self.names = names
        self.result = {"peer": peer["name"], "bytes": None, "keys": None, "failed": None,
                       "configurations": {name: {"rounds": [], "latency": {}} for name in names}}
        self.server = None
        try:
            limit = max(options.time_limit, LONG_TIME_LIMIT if workload["name"] in LONG else 0)
            self.server = Server(peer["program"], peer["name"], workload["name"], limit)
            ready = self.server.ready()
            self.result.update(bytes=ready["bytes"], keys=ready["keys"])
        except PeerFailed as failure:
            self.fail(failure)

    def fail(self, failure):
        self.result["failed"] = str(failure)
        self.names = []
        if self.server is not None:
            self.server.kill()
            self.server = None

    def run(self, name, milliseconds):
        """The least disturbed of a few tries."""
        best = None
        for _ in range(TRIES):
            lanes = self.server.ask(f"run {milliseconds:g} {name}")["lanes"]
            if best is None or delay_of(lanes) < delay_of(best):
                best = lanes
            if delay_of(best) <= DELAY_MAX:
                break
        return best

    def add_latency(self, latency, name, milliseconds):
        for ns, count in self.server.ask(f"latency {milliseconds * LATENCY_PART:g} {name}")["latency"]:
            latency[ns] = latency.get(ns, 0) + count

    def take(self, name, milliseconds):
        if name not in self.names:
            return
        configuration = self.result["configurations"][name]
        try:
            configuration["rounds"].append(self.run(name, milliseconds))
            self.add_latency(configuration["latency"], name, milliseconds)
        except PeerFailed as failure:
            self.fail(failure)

    def close(self):
        try:
            if self.server is not None:
                self.server.close()
        except PeerFailed as failure:
            self.result["failed"] = str(failure)
        for configuration in self.result["configurations"].values():
            configuration["latency"] = sorted(configuration["latency"].items())


def delay_of(lanes):
    return max(lane["delayed"] for lane in lanes)


def is_memory_short(workload):
    return workload["name"] in LONG and machine.memory_available() < MEMORY_KEPT


def measure(workload, rivals, options, tell):
    turns, left_out = [], []
    try:
        for peer, names in rivals:
            if is_memory_short(workload):
                left_out.append(peer["name"])
                tell.skip(len(names) * options.rounds)
                continue
            tell.now(f"{workload['name']}: fills {peer['title']}")
            turns.append(Turn(peer, names, workload, options))
        for number in range(options.rounds):
            for name in configurations_of(rivals):
                # Another one begins each round: nobody always comes after the same neighbour.
                for turn in turns[number % len(turns):] + turns[:number % len(turns)]:
                    tell.step(f"{workload['name']}, {name}, round {number + 1} of {options.rounds}: "
                              f"{turn.result['peer']}", name in turn.names)
                    turn.take(name, options.milliseconds)
    finally:
        for turn in turns:
            turn.close()
    return {"name": workload["name"], "title": workload["title"], "unit": workload["unit"],
            "keys": workload["keys"], "configurations": configurations_of(rivals), "left_out": left_out,
            "results": [turn.result for turn in turns]}


def main():
    options = arguments()
    peers = choose_peers(options)
    work = choose_work(peers, options)
    if not work:
        sys.exit("run.py: no workload is named like that; see stm-peer-libstm --list")
    needed = seconds_needed(work, options)
    text = f"{needed:.0f} s" if needed < 120 else f"{needed / 60:.0f} minutes"
    print(f"{len(peers)} peers, {len(work)} workloads, {options.rounds} rounds: about {text}", file=sys.stderr)
    if options.estimate:
        return 0

    report = {"format": 1, "date": time.strftime("%Y-%m-%d"), "machine": machine.facts(options.compiler),
              "settings": {"rounds": options.rounds, "milliseconds": options.milliseconds},
              "peers": [{key: peer[key] for key in ("name", "title", "setup", "version", "gives")}
                        for peer in peers], "workloads": []}
    tell = progress.Progress(sum(len(names) for _, rivals in work for _, names in rivals) * options.rounds)
    ticks, stolen = machine.cpu_ticks()
    for workload, rivals in work:
        report["workloads"].append(measure(workload, rivals, options, tell))
    ticks_after, stolen_after = machine.cpu_ticks()
    tell.end()
    report["machine"]["stolen"] = (stolen_after - stolen) / max(1, ticks_after - ticks)
    report["machine"]["load_after"] = os.getloadavg()[0]
    if options.counts:
        with open(options.counts, encoding="utf-8") as file:
            report["counts"] = json.load(file)
    with open(options.output, "w", encoding="utf-8") as file:
        json.dump(report, file, separators=(",", ":"))
    failures = [(workload["name"], result["peer"], result["failed"]) for workload in report["workloads"]
                for result in workload["results"] if result["failed"]]
    for workload in report["workloads"]:
        if workload["left_out"]:
            print(f"{workload['name']}: memory was short: left out: {', '.join(workload['left_out'])}", file=sys.stderr)
    for name, peer, failure in failures:
        print(f"FAILED: {name}: {peer}: {failure}", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("\nrun.py: interrupted; nothing was written")
