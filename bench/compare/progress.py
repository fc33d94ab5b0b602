"""One line on the terminal: what runs now, how much is done, and how long the rest will take."""
import shutil
import sys
import time


class Progress:
    def __init__(self, step_count):
        self.step_count = step_count
        self.done = 0
        self.start = time.monotonic()
        self.on_terminal = sys.stderr.isatty()

    def step(self, text, counts=True):
        self.now(text)
        self.done += counts

    def skip(self, count):
        """So many steps will not be taken."""
        self.step_count -= count

    def now(self, text):
        if not self.on_terminal:
            return
        line = f"{100 * self.done // max(1, self.step_count):3d} %  {self.rest()}  {text}"
        print(f"\r\033[K{line[:shutil.get_terminal_size().columns - 1]}", end="", file=sys.stderr, flush=True)

    def rest(self):
        spent = time.monotonic() - self.start
        if self.done == 0:
            return "        "
        left = spent / self.done * (self.step_count - self.done)
        return f"{left // 60:3.0f}:{left % 60:02.0f} left"

    def end(self):
        if self.on_terminal:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
