#!/usr/bin/env python3
"""Counts what one operation takes: instructions, by callgrind, and allocations. Unlike times these are the same in
every run, so that a change of one percent shows.

Each operation is run a small and a larger number of times; the difference of the two, by the difference of the
numbers, is what one costs, without start and fill.
"""
import argparse
import fnmatch
import json
import os
import re
import subprocess
import sys
import tempfile

import server

FEW, MANY = 500, 2500
LONGER = 10     # times as long as others: so many times fewer are enough
KEYS = 10000  # few enough to be filled under callgrind in seconds
WORKLOADS = ("transfer", "read4", "churn", "long")
LEFT_OUT = ("redis", "ghc")  # the one works in another process, the other has no --count
TIME_LIMIT = 300


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", help="the folder bench of a build")
    parser.add_argument("output", nargs="?", help="where the JSON goes (default: a table on the terminal only)")
    parser.add_argument("--peers", default="*", help="patterns, with commas between")
    parser.add_argument("--workloads", default=",".join(WORKLOADS), help="names, with commas between")
    parser.add_argument("--hold", help="limits.json: count what stands there, and fail if it takes more")
    return parser.parse_args()


def operation(program, peer, workload, number):
    keys = [] if workload.startswith("value") else ["--keys", str(KEYS)]
    return [program, "--peer", peer, "--workload", workload, *keys, "--count", str(number)]


def output_of(command, environment=None):
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIME_LIMIT, check=True,
                          env=dict(os.environ, **(environment or {})))
    return done.stdout + done.stderr


def output_in_folder(command, environment=None):
    """The same in a folder in memory, which is gone afterwards, however it ends."""
    with tempfile.TemporaryDirectory(prefix="stm-bench-", dir=server.memory_folder()) as folder:
        return output_of([*command, "--folder", folder], environment)


def instructions(command):
    text = output_in_folder(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command])
    return int(re.search(r"Collected : (\d+)", text).group(1))


def allocations(command, counter):
    text = output_in_folder(command, {"LD_PRELOAD": counter})
    return int(re.search(r"(\d+) allocations", text).group(1))


def count(program, peer, workload, counter):
    # The program does all of them twice, the first time to warm up; only the second time's allocations count.
    numbers = [number // (LONGER if workload == "long" else 1) for number in (FEW, MANY)]
    few, many = (operation(program, peer, workload, number) for number in numbers)
    return {"peer": peer, "workload": workload,
            "instructions": (instructions(many) - instructions(few)) / (2 * (numbers[1] - numbers[0])),
            "allocations": allocations(many, counter) / numbers[1]}


def failure_of(error):
    if isinstance(error, subprocess.TimeoutExpired):
        return f"took more than {TIME_LIMIT} s"
    return str(error)


def chosen(options, limits):
    folder = os.path.join(options.build, "peers")
    for name in sorted(os.listdir(folder)):
        if not name.startswith("stm-peer-"):
            continue
        program = os.path.join(folder, name)
        for peer in json.loads(output_of([program, "--list"])):
            if peer["name"] in LEFT_OUT or not any(
                    fnmatch.fnmatch(peer["name"], pattern) for pattern in options.peers.split(",")):
                continue
            for workload in peer["workloads"]:
                if workload["configurations"] and is_asked_for(peer["name"], workload["name"], options, limits):
                    yield program, peer["name"], workload["name"]


def is_asked_for(peer, workload, options, limits):
    if limits is not None:
        return (peer, workload) in limits
    return workload in options.workloads.split(",")


def limits_in(path):
    with open(path, encoding="utf-8") as file:
        return {(limit["peer"], limit["workload"]): limit for limit in json.load(file)}


def excess(row, limits):
    """What takes more than it may."""
    limit = limits[row["peer"], row["workload"]]
    return [f"{row['peer']}, {row['workload']}: FAILED: {row[what]:.3f} {what}, where {limit[what]} were enough"
            for what in ("instructions", "allocations") if row[what] > limit[what]]


def main():
    options = arguments()
    counter = os.path.join(options.build, "peers", "libbench-allocations.so")
    limits = limits_in(options.hold) if options.hold else None
    rows = []
    print(f"{'':36}{'instructions':>14}{'allocations':>14}   of one operation")
    for program, peer, workload in chosen(options, limits):
        try:
            rows.append(count(program, peer, workload, counter))
        except (subprocess.SubprocessError, AttributeError) as error:
            print(f"{peer + ', ' + workload:36}  not counted: {failure_of(error)}")
            continue
        row = rows[-1]
        print(f"{peer + ', ' + workload:36}{row['instructions']:14,.1f}{row['allocations']:14.3f}", flush=True)
    if options.output:
        with open(options.output, "w", encoding="utf-8") as file:
            json.dump(rows, file)
    if limits is None:
        return 0 if rows else 1
    failures = [text for row in rows for text in excess(row, limits)]
    missing = limits.keys() - {(row["peer"], row["workload"]) for row in rows}
    failures += [f"{peer}, {workload}: FAILED: not counted" for peer, workload in sorted(missing)]
    for text in failures:
        print(text, file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
