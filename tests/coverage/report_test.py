#!/usr/bin/env python3
"""Whether places are told apart as they should be, and exceptions that apply no longer are found."""
import io
import unittest

import exceptions
from measured import Place, conditions
from report import Report


def place(kind, text="left == NULL", file="libstm/src/a.c", line=3):
    return Place(file, line, 9, kind, text, "find", "")


class Conditions(unittest.TestCase):
    def test_calls_are_whole_and_groups_are_not(self):
        self.assertEqual(conditions("a && (b || f(c, d)) && g(h && i)"), ["a", "b", "f(c, d)", "g(h && i)"])

    def test_a_cast_or_a_sizeof_is_no_group(self):
        self.assertEqual(conditions("(size_t)a == 1 || !b(1)"), ["(size_t)a == 1", "!b(1)"])


class Exceptions(unittest.TestCase):
    LIST = "# why\nlibstm/src/a.c find: true, alone: left == NULL\n    It cannot be.\n    Ever.\n"

    def parsed(self, text):
        return exceptions.parse(io.StringIO(text))

    def test_one_excepts_by_text_wherever_it_stands(self):
        found = self.parsed(self.LIST)
        self.assertEqual(found[0].reason, "It cannot be. Ever.")
        missed = [place("true"), place("alone", line=7), place("false"), place("true", text="right == NULL")]
        excepted, stale = exceptions.apply(found, missed)
        self.assertEqual(sorted(excepted), sorted(missed[:2]))
        self.assertEqual(stale, [])

    def test_one_that_excepts_nothing_is_stale(self):
        _, stale = exceptions.apply(self.parsed(self.LIST), [place("false")])
        self.assertEqual(len(stale), 1)

    def test_each_has_a_reason_and_a_known_kind(self):
        for wrong in ("libstm/src/a.c find: true: left\n", "libstm/src/a.c find: never: left\n    so\n", "    so\n"):
            with self.assertRaises(ValueError):
                self.parsed(wrong)


class Figures(unittest.TestCase):
    def test_a_missed_line_is_too_low_unless_it_is_excepted(self):
        run = {place("line"): False, place("line", line=4): True}
        self.assertEqual(Report(run, {}, []).too_low(), ["lines"])
        excepted = Report(run, {place("line"): object()}, [])
        self.assertEqual(excepted.too_low(), [])
        self.assertEqual(excepted.percent(None, "lines", with_exceptions=False), 50.0)


if __name__ == "__main__":
    unittest.main()
