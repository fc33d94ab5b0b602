#!/usr/bin/env python3
"""Whether figures are formed as they are told to be; and, given a folder of peers, a whole small comparison.

usage: figures_test.py [FOLDER WITH stm-peer-*]
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import unittest

import notes
import overview
import page
import readme
import run
import table
from figures import Figures, Spread, beaten, goals, nanoseconds, ratio, short

HERE = os.path.dirname(os.path.abspath(__file__))
PROGRAMS = None


def lane(rate, conflicts=0):
    return {"lane": "", "threads": 1, "operations": 10, "rate": rate, "commits": 100, "conflicts": conflicts,
            "busy": 0, "wrong": 0, "delayed": 0.0}


def result(peer, rates, latency=(), failed=None):
    return {"peer": peer, "bytes": 8000, "keys": 100, "failed": failed, "configurations": {
        "1 thread": {"rounds": [[lane(rate, conflicts=1)] for rate in rates], "latency": list(latency)}}}


def peer(name, snapshot=True):
    return {"name": name, "title": name.upper(), "setup": "as ever", "version": "1",
            "gives": {"atomic": True, "isolation": "serializable", "snapshot": snapshot, "durable": False,
                      "blocks": True}}


def report(*results):
    return {"format": 1, "date": "2000-01-01", "settings": {"rounds": 3, "milliseconds": 1},
            "machine": {"cpu": "<cpu>", "cpus": 2, "caches": "", "memory_gib": 1, "virtual": True, "governor": "",
                        "huge_pages": "", "kernel": "6", "system": "s", "libc": "", "compiler": "cc",
                        "revision": "r", "load_before": 0.0, "load_after": 0.0, "stolen": 0.0},
            "peers": [peer("floor", False), peer("libstm"), peer("equal"), peer("less", False)],
            "workloads": [{"name": "transfer", "title": "transfers", "unit": "transfer", "keys": 100,
                           "configurations": ["1 thread"], "results": list(results)}]}


class FiguresTest(unittest.TestCase):
    def setUp(self):
        # The second round was twice as slow for everybody: it must not show in any ratio.
        self.report = report(result("floor", [400, 200, 400]), result("libstm", [100, 50, 100]),
                             result("equal", [150, 75, 150]), result("less", [900, 900, 900]))
        self.figures = Figures(self.report)

    def test_median_and_spread(self):
        spread = Spread([5, 1, 9, 3])
        self.assertEqual((spread.median, spread.min, spread.max), (4, 1, 9))

    def test_ratios_are_formed_within_a_round(self):
        row = self.figures.row
        times = ratio(row("transfer", "1 thread", "floor"), row("transfer", "1 thread", "libstm"))
        self.assertEqual((times.median, times.min, times.max), (4, 4, 4))

    def test_only_equals_are_ahead(self):
        (row, times), = beaten(self.figures)
        self.assertEqual((row.peer, times.median), ("equal", 1.5))

    def test_goal_that_is_missed(self):
        goal, = goals(self.figures)
        self.assertEqual((goal.found, goal.met), (4, False))

    def test_goal_that_is_met(self):
        goal, = goals(Figures(report(result("floor", [190] * 3), result("libstm", [100] * 3))))
        self.assertTrue(goal.met)

    def test_a_peer_that_failed_is_left_out(self):
        figures = Figures(report(result("floor", [1]), result("libstm", [], failed="it fell")))
        self.assertIsNone(figures.row("transfer", "1 thread", "libstm"))

    def test_percentiles(self):
        latency = [[10, 5000], [20, 4900], [1000, 100]]
        row = Figures(report(result("libstm", [1], latency))).row("transfer", "1 thread", "libstm")
        self.assertEqual(row.percentile(0.5), 10)
        self.assertEqual(row.percentile(0.99), 20)
        self.assertIsNone(row.percentile(0.9999), "one operation is too few to tell")

    def test_lost_attempts(self):
        self.assertEqual(self.figures.row("transfer", "1 thread", "libstm").conflicts, 0.01)

    def test_numbers(self):
        self.assertEqual([short(value) for value in (1.234, 12.34, 123.4, 12340, 1234000, None)],
                         ["1.23", "12.3", "123", "12.3 k", "1.23 M", "–"])
        self.assertEqual([nanoseconds(value) for value in (5, 1500, 2e6)], ["5 ns", "1.50 µs", "2.00 ms"])

    def test_table(self):
        text = "\n".join(table.lines(self.report))
        self.assertIn("| transfers | 100 | 0.25 | **0.67** | **0.11** |", text)
        self.assertIn("at most 2, **missed**", text)

    def test_who_is_ahead_is_explained_or_not(self):
        text = "\n".join(table.lines(self.report))
        self.assertIn("- Not explained yet (bench/compare/notes.json). **EQUAL**: *transfers* 1.50.", text)
        row, _ = beaten(self.figures)[0]
        known = [{"workload": "other", "why": "no"}, {"workload": "trans*", "peer": "equal", "why": "because"}]
        self.assertEqual(notes.why(known, row), "because")
        self.assertIsNone(notes.why(known[:1], row))

    def test_verdict(self):
        self.assertEqual(overview.verdict(self.figures), (
            "EQUAL promises what libstm does: all keys or none, serializable, the whole store at one instant. libstm is "
            "ahead of it in none of one row; of all but EQUAL, where a stopped thread stops the others, in 1. "
            "Ahead of libstm: EQUAL in one row, of one thread."))
        won = Figures(report(result("libstm", [100]), result("equal", [50]), result("less", [200])))
        self.assertIn("libstm is ahead of it in 1 of one row.", overview.verdict(won))
        self.assertEqual(overview.verdict(Figures(report(result("libstm", [100])))), "")

    def test_terminal(self):
        text = list(overview.terminal_lines(self.figures, 60))
        self.assertEqual(text[1], "transfers       100  equal       1.50 <-")
        self.assertLessEqual(max(map(len, text)), 60)
        for title, expected in (("a title that fits", "a title that fits"),
                                ("a title that is too long, 2 threads", "a title that..., 2 threads"),
                                ("a title that is too long: a lane", "a title that is...: a lane"),
                                ("a title that is far too long for it", "a title that is far too...")):
            self.assertEqual(overview.shortened(title, 26), expected)

    def test_the_strongest_rivals_come_first_and_those_who_promise_less_last(self):
        measured = report(result("libstm", [100]), result("equal", [10]), result("less", [200]))
        measured["peers"].insert(2, peer("slow"))
        measured["workloads"][0]["results"].append(result("slow", [1]))
        self.assertEqual([column["name"] for column in overview.columns(Figures(measured))], ["equal", "slow", "less"])

    def test_a_note_that_says_nothing_is_refused(self):
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write('[{"workload": "transfer", "row": "1", "why": "x"}]')
            file.flush()
            self.assertRaisesRegex(ValueError, "a note has row", notes.read, file.name)
        self.assertIsInstance(notes.read(), list)

    def test_readme_keeps_what_is_around_the_marks(self):
        text = f"before\n{readme.BEGIN}old\n{readme.END}after\n"
        self.assertEqual(readme.with_table(text, "new\n"), f"before\n{readme.BEGIN}new\n{readme.END}after\n")
        self.assertRaisesRegex(ValueError, "marks are missing", readme.with_table, "before\n", "new\n")

    def test_page_needs_nothing_else_and_escapes(self):
        text = "".join(page.page(self.report))
        self.assertNotRegex(text, r"https?://|<script|<link|src=|@import|url\(")
        self.assertIn("&lt;cpu&gt;", text)
        self.assertEqual(text.count("<svg"), text.count("</svg>"))


class ChoiceTest(unittest.TestCase):
    def test_a_peer_that_knows_few_workloads_hides_none(self):
        def able(name, *workloads):
            return dict(peer(name), workloads=[{"name": workload, "configurations": ["1 thread"]}
                                               for workload in workloads])

        options = argparse.Namespace(workloads="*", long=False, quick=False)
        work = run.choose_work([able("few", "hot"), able("many", "transfer", "hot")], options)
        self.assertEqual([(workload["name"], [chosen["name"] for chosen, _ in rivals]) for workload, rivals in work],
                         [("transfer", ["many"]), ("hot", ["few", "many"])])


class ComparisonTest(unittest.TestCase):
    def compare(self, folder, *options):
        output = os.path.join(folder, "results.json")
        done = subprocess.run([sys.executable, os.path.join(HERE, "run.py"), PROGRAMS, output, "--rounds", "2",
                               "--milliseconds", "5", *options], capture_output=True, text=True, timeout=120,
                              check=False)
        return done, output

    def test_all_of_it(self):
        if PROGRAMS is None:
            self.skipTest("no folder with peers was given")
        with tempfile.TemporaryDirectory() as folder:
            done, output = self.compare(folder, "--peers", "mutex", "--workloads", "transfer,snapshot")
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(output, encoding="utf-8") as file:
                measured = json.load(file)
        figures = Figures(measured)
        self.assertEqual(set(figures.peers), {"floor", "libstm", "mutex"})
        for name in figures.peers:
            self.assertGreater(figures.row("transfer", "1 thread", name).rate.min, 0)
        self.assertEqual(len(figures.row("snapshot", "side by side", "libstm", "snapshots").rates), 2)
        self.assertIn("plain table with one mutex", "".join(page.page(measured)))
        self.assertTrue(list(table.lines(measured)))

    def test_a_peer_that_breaks_an_invariant_is_told(self):
        with tempfile.TemporaryDirectory() as folder:
            global PROGRAMS
            before, PROGRAMS = PROGRAMS, folder
            self.addCleanup(self.restore, before)
            self.fake_peer(folder)
            done, output = self.compare(folder, "--workloads", "transfer")
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, "FAILED: transfer: fake: .*money has vanished")
            with open(output, encoding="utf-8") as file:
                self.assertEqual(Figures(json.load(file)).rows, {})

    @staticmethod
    def restore(programs):
        global PROGRAMS
        PROGRAMS = programs

    @staticmethod
    def fake_peer(folder):
        listing = [dict(peer("libstm"), name="fake", workloads=[
            {"name": "transfer", "title": "", "unit": "", "keys": 1, "configurations": ["1 thread"]}])]
        listing[0]["name"] = "fake"
        path = os.path.join(folder, "stm-peer-fake")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"""#!/bin/sh
if [ "$1" = --list ]; then echo '{json.dumps(listing)}'; exit 0; fi
echo '{{"ready": true, "bytes": 1, "keys": 1}}'
read line
echo 'fake: money has vanished' >&2
exit 1
""")
        os.chmod(path, 0o755)


if __name__ == "__main__":
    if len(sys.argv) > 1 and not sys.argv[1].startswith("-"):
        PROGRAMS = sys.argv.pop(1)
    unittest.main(verbosity=1)
