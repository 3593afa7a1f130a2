"""Drawings of the ablation as SVG, readable on light and dark ground."""

from html import escape

INK, FAINT = "#5b6270", "#9aa1ad"
COLOURS = {"better": "#1b7f4b", "worse": "#b3261e", "neither": "#4a6fa5"}
FONT = 'font-family="system-ui, sans-serif" font-size="12"'


def text(x, y, words, anchor="start", colour=INK, size=None):
    size = f' font-size="{size}"' if size else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{size}>{escape(words)}</text>'


def line(x1, y1, x2, y2, colour=FAINT, width=1, dashes=""):
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
            f'stroke-width="{width}"{dash}/>')


def page(width, height, parts):
    body = "\n".join(parts)
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" {FONT}>\n{body}\n</svg>\n')


def forest(title, entries, unit="points of EER"):
    """Differences with their intervals, one line each; entries: (label, difference, corrected p) or (heading,)."""
    left, width, row, top = 330, 420, 20, 46
    values = [bound for entry in entries if len(entry) > 1 for bound in (entry[1].low, entry[1].high, 0)]
    low, high = min(values), max(values)
    room = max(high - low, 1e-6) * 0.06
    low, high = low - room, high + room
    place = lambda value: left + width * (value - low) / (high - low)
    height = top + row * len(entries) + 40
    parts = [text(10, 20, title, size=14), line(place(0), top - 8, place(0), height - 34)]
    for index, entry in enumerate(entries):
        y = top + row * index + 6
        if len(entry) == 1:
            parts.append(text(10, y + 4, entry[0], colour=INK, size=12))
            continue
        label, gap, p = entry
        kind = "neither" if p > 0.05 else "better" if gap.value < 0 else "worse"
        parts += [
            text(left - 10, y + 4, label, "end"), line(place(gap.low), y, place(gap.high), y, COLOURS[kind], 2),
            f'<circle cx="{place(gap.value):.1f}" cy="{y:.1f}" r="4" fill="{COLOURS[kind]}"/>',
            text(left + width + 12, y + 4, f"{gap.value:+.2f}"),
        ]
    y = height - 22
    for value in ticks(low, high):
        parts += [line(place(value), y - 12, place(value), y - 8), text(place(value), y + 4, f"{value:g}", "middle", FAINT)]
    parts.append(text(left + width / 2, y + 18, f"{unit}, left is better", "middle", FAINT))
    return page(left + width + 70, height + 10, parts)


def ticks(low, high, most=8):
    step = 10.0 ** -3
    for factor in (1, 2, 5) * 6:
        if (high - low) / step <= most:
            break
        step = next_step(step)
    first = int(low / step) - 1
    return [index * step for index in range(first, first + 40) if low <= index * step <= high]


def next_step(step):
    digits = f"{step:e}"[0]
    return step * (2.5 if digits == "2" else 2)


def curves(title, series, low=None, high=None, label="step"):
    """Courses over steps: series of (name, colour, [(step, value)])."""
    left, top, width, height = 60, 40, 620, 240
    steps = [step for *_, points in series for step, _ in points]
    values = [value for *_, points in series for _, value in points]
    low = min(values) if low is None else low
    high = max(values) if high is None else high
    end = max(steps)
    x = lambda step: left + width * step / end
    y = lambda value: top + height * (1 - (min(max(value, low), high) - low) / (high - low or 1))
    parts = [text(10, 20, title, size=14)]
    for value in ticks(low, high, 6):
        parts += [line(left, y(value), left + width, y(value), dashes="2 4"), text(left - 6, y(value) + 4, f"{value:g}", "end")]
    for step in ticks(0, end, 7):
        parts.append(text(x(step), top + height + 18, f"{step:g}", "middle"))
    for index, (name, colour, points) in enumerate(series):
        path = " ".join(f"{x(step):.1f},{y(value):.1f}" for step, value in points)
        parts += [f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>',
                  text(left + width + 12, top + 14 + 18 * index, name, colour=colour)]
    parts.append(text(left + width / 2, top + height + 36, label, "middle", FAINT))
    return page(left + width + 320, top + height + 46, parts)
