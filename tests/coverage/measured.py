"""What llvm-cov says of libstm, as places that a test may run: lines, sides of branches, conditions.

The core is compiled twice: as users get it, and with the hooks of the testing build. The first says which places there
are, both say which were run: a schedule test runs the same lines as a thread does. Places are compared by where they
stand in the source, so that what only the testing build has falls out.
"""
import json
import os
import re
from collections import Counter, namedtuple

# kind: line; true, false (a side of a branch); alone (a condition that decides alone, for MC/DC)
Place = namedtuple("Place", "file line column kind text function within")

EXPANSION = 1  # the kind of a region
CONDITION = 6  # the kind of a branch that is part of a decision


class Sources:
    """The text of the files under one folder."""

    def __init__(self, root):
        self.root = root
        self.files = {}

    def lines(self, file):
        if file not in self.files:
            with open(os.path.join(self.root, file), encoding="utf-8") as stream:
                self.files[file] = stream.read().split("\n")
        return self.files[file]

    def span(self, file, line, column, end_line, end_column):
        lines = self.lines(file)[line - 1:end_line]
        lines[-1] = lines[-1][:end_column - 1]
        lines[0] = lines[0][column - 1:]
        return squeezed(" ".join(lines))

    def call(self, file, line, column):
        """A macro's use, with its arguments."""
        text = "\n".join([self.lines(file)[line - 1][column - 1:]] + self.lines(file)[line:line + 12])
        end = re.match(r"\w+", text).end()
        if text[end:end + 1] != "(":
            return text[:end]
        depth = 0
        for place in range(end, len(text)):
            depth += (text[place] == "(") - (text[place] == ")")
            if depth == 0:
                return squeezed(text[:place + 1])
        return squeezed(text[:end])


def squeezed(text):
    text = re.sub(r"/\*.*?\*/", " ", text)
    return re.sub(r"\s+", " ", text).strip()


def conditions(decision):
    """The conditions of a decision in C, in the order of its text: parted by && and ||, not inside calls."""
    found, start, depth, calls = [], 0, 0, []
    previous = ""
    for place, letter in enumerate(decision):
        if letter == "(":
            calls.append(bool(re.match(r"[\w)\]]", previous)))
            depth += calls[-1]
        elif letter == ")" and calls:
            depth -= calls.pop()
        elif decision[place:place + 2] in ("&&", "||") and depth == 0:
            found.append(decision[start:place])
            start = place + 2
        if not letter.isspace():
            previous = letter
    found.append(decision[start:])
    return [trimmed(text) for text in found]


def trimmed(text):
    """Without the parentheses that only group."""
    text = text.strip()
    while text.count("(") > text.count(")") and text.startswith("("):
        text = text[1:].strip()
    while text.count(")") > text.count("(") and text.endswith(")"):
        text = text[:-1].strip()
    return text


class Function:
    """A function of the export, and where its macros are used: a region's file number stands for such a use."""

    def __init__(self, data, sources):
        self.data = data
        self.sources = sources
        self.name = data["name"].split(":")[-1]
        self.file = os.path.relpath(data["filenames"][0], sources.root)
        self.uses = {region[6]: region for region in data["regions"] if region[7] == EXPANSION}

    def outermost(self, number):
        region = None
        while number in self.uses:
            region = self.uses[number]
            number = region[5]
        return region

    def place(self, region, number, kind, text, within=""):
        """The place of a region in this function's own file, though it stand inside a macro."""
        use = self.outermost(number)
        if use is None:
            return Place(self.file, region[0], region[1], kind, text, self.name, within)
        return Place(self.file, use[0], use[1], kind, text, self.name, f"{region[0]}:{region[1]} {within}")

    def text(self, region, number):
        use = self.outermost(number)
        return self.sources.span(self.file, *region[:4]) if use is None else self.sources.call(self.file, *use[:2])

    def branches(self):
        """A macro's argument stands at one place, however many conditions it has: these are told apart by their order.
        A bug on purpose is one of them only where it can be put in, in the testing build."""
        seen = {}
        counts = Counter((branch[6], *branch[:4]) for branch in self.data["branches"] if branch[8] == CONDITION)
        for branch in self.data["branches"]:
            number = branch[6]
            if self.is_on_purpose(branch):
                continue
            text, within = self.text(branch, number), ""
            if branch[8] == CONDITION and self.outermost(number) is not None:
                key = number, *branch[:4]
                seen[key] = seen.get(key, -1) + 1
                every = conditions(argument(text))
                texts = [each for each in every if not is_constant(each)]
                text = (every if counts[key] == len(every) else texts)[seen[key]]
                if is_constant(text):
                    continue
                within = str(texts.index(text))
            for kind, count in (("true", branch[4]), ("false", branch[5])):
                yield self.place(branch, number, kind, text, within), count != 0

    def is_on_purpose(self, branch):
        """What comes after a constant that is false, in a bug on purpose, is not part of the library."""
        use = self.outermost(branch[6])
        return (branch[4] == branch[5] == 0 and self.data["count"] != 0 and use is None and
                is_constant(self.sources.lines(self.file)[branch[0] - 1]))

    def decisions(self):
        """Triples of a decision's record, the number of the macro's use that it stands in or 0, and its text. A record
        does not tell that number; but records come in the order of uses, and so do their conditions."""
        uses = {}
        for branch in self.data["branches"]:
            if branch[8] == CONDITION and self.outermost(branch[6]) is not None:
                uses.setdefault(tuple(branch[:4]), {})[branch[6]] = True
        queues = {span: iter(numbers) for span, numbers in uses.items()}
        for record in self.data["mcdc_records"]:
            number = next(queues.get(tuple(record[:4]), iter(())), 0)
            yield record, number, (argument(self.text(record, number)) if number else self.text(record, 0))

    def places(self):
        """Pairs of a place and whether it was run."""
        yield from self.branches()
        dead = {self.text(branch, branch[6]) for branch in self.data["branches"] if self.is_on_purpose(branch)}
        for record, number, decision in self.decisions():
            texts = conditions(decision)
            if len(texts) != len(record[6]):
                raise ValueError(f"{self.file}:{record[0]}: {decision}: {len(texts)} conditions, not {len(record[6])}")
            for place, (text, shown) in enumerate(zip(texts, record[6])):
                if not is_constant(text) and text not in dead:  # of a constant nobody can show that it decides
                    yield self.place(record, number, "alone", text, f"{place} of {decision}"), shown


def is_constant(text):
    return re.search(r"\bstmi_mutant\b", text) is not None


def argument(call):
    """Of a macro that is likely() or its like."""
    return call[call.index("(") + 1:-1]


def exported(path):
    with open(path, encoding="utf-8") as stream:
        return json.load(stream)["data"][0]["functions"]


def is_core(file):
    return file.startswith("libstm/src/") and not file.endswith("/mutant.h")


def line_counts(path, root):
    """{(file, line): count}, from what llvm-cov writes for lcov."""
    counts, file = {}, ""
    with open(path, encoding="utf-8") as stream:
        for row in stream:
            if row.startswith("SF:"):
                file = os.path.relpath(row[3:].strip(), root)
            elif row.startswith("DA:"):
                line, count = row[3:].split(",")[:2]
                counts[file, int(line)] = max(int(count), counts.get((file, int(line)), 0))
    return counts


def run_places(folder, build, sources):
    """{place: whether it was run} of one build: what is instantiated more than once counts as one."""
    run = {}
    spans = {}
    for data in exported(os.path.join(folder, f"{build}.json")):
        function = Function(data, sources)
        if not is_core(function.file):
            continue
        first = data["regions"][0]
        for line in range(first[0], first[2] + 1):
            spans[function.file, line] = function.name
        for place, was_run in function.places():
            run[place] = run.get(place, False) or was_run
    for (file, line), count in line_counts(os.path.join(folder, f"{build}.info"), sources.root).items():
        if is_core(file) and (file, line) in spans:
            text = squeezed(sources.lines(file)[line - 1])
            run[Place(file, line, 0, "line", text, spans[file, line], "")] = count != 0
    return run


def measure(folder, sources):
    """{place: whether it was run} of the library as users get it, by tests of it or of the testing build."""
    run = run_places(folder, "library", sources)
    testing = run_places(folder, "testing", sources)
    return {place: was_run or testing.get(place, False) for place, was_run in run.items()}
