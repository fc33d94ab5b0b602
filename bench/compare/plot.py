"""A chart of rates as inline SVG: a line for each peer, a mark for each configuration, on a logarithmic axis, with
a bar from the slowest round to the fastest. Colours come from the page's style sheet, so that it can be dark."""
from html import escape
from math import ceil, floor, log10

WIDTH, LABELS, LINE, TOP, BOTTOM, RIGHT = 880, 230, 24, 8, 30, 24
SHAPES = ("circle", "square", "diamond", "triangle")


def mark(shape, x, y, css, title):
    paths = {"circle": f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5"',
             "square": f'<rect x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9"',
             "diamond": f'<path d="M{x:.1f} {y - 6.5:.1f} l6.5 6.5 l-6.5 6.5 l-6.5 -6.5 z"',
             "triangle": f'<path d="M{x:.1f} {y - 6:.1f} l6 11 l-12 0 z"'}
    return f'{paths[shape]} class="{css}"><title>{escape(title)}</title></{paths[shape][1:].split(" ")[0]}>'


class Axis:
    """Powers of ten, from below the smallest to above the largest."""

    def __init__(self, smallest, largest):
        self.low, self.high = floor(log10(smallest)), ceil(log10(largest))
        self.high = max(self.high, self.low + 1)

    def x(self, value):
        return LABELS + (log10(value) - self.low) / (self.high - self.low) * (WIDTH - LABELS - RIGHT)

    def draw(self, height):
        for power in range(self.low, self.high + 1):
            x = self.x(10 ** power)
            yield f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{height - BOTTOM}" class="grid"/>'
            yield f'<text x="{x:.1f}" y="{height - BOTTOM + 18}" class="tick">{tick(power)}</text>'


def tick(power):
    if power < 3:
        return str(10 ** power) if power >= 0 else f"{10 ** power:g}"
    unit = {1: "k", 2: "M", 3: "G"}[power // 3]
    return f"{10 ** (power % 3)} {unit}"


def draw_row(axis, y, row, index, promises_less, text):
    css = f"mark c{index % len(SHAPES)}" + (" hollow" if promises_less else "")
    low, high = axis.x(row.rate.min), axis.x(row.rate.max)
    yield f'<line x1="{low:.1f}" y1="{y:.1f}" x2="{high:.1f}" y2="{y:.1f}" class="bar c{index % len(SHAPES)}"/>'
    yield mark(SHAPES[index % len(SHAPES)], axis.x(row.rate.median), y, css, text)


def chart(title, lines, tooltip):
    """lines: [(label, css class of it, promises less, [row or None for each configuration])], in their order."""
    rates = [rate for _, _, _, rows in lines for row in rows if row for rate in (row.rate.min, row.rate.max)]
    height = TOP + LINE * len(lines) + BOTTOM
    axis = Axis(min(rates), max(rates))
    parts = [f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(title)}">']
    parts += axis.draw(height)
    for number, (label, css, promises_less, rows) in enumerate(lines):
        middle = TOP + LINE * (number + 0.5)
        if css == "ours":
            parts.append(f'<rect x="0" y="{middle - LINE / 2:.1f}" width="{WIDTH}" height="{LINE}" class="ours-back"/>')
        parts.append(f'<text x="{LABELS - 12}" y="{middle + 4:.1f}" class="label {css}">{escape(label)}</text>')
        for index, row in enumerate(rows):
            if row:
                parts += draw_row(axis, middle, row, index, promises_less, tooltip(row))
    parts.append("</svg>")
    return "".join(parts)


def legend(configurations):
    items = []
    for index, name in enumerate(configurations):
        sample = mark(SHAPES[index % len(SHAPES)], 8, 8, f"mark c{index % len(SHAPES)}", name)
        items.append(f'<span><svg class="sample" viewBox="0 0 16 16">{sample}</svg>{escape(name)}</span>')
    return f'<p class="legend">{"".join(items)}</p>' if len(configurations) > 1 else ""
