"""Draw a report's pictures as SVG, which needs no library that an image may lack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

SIDE, LEFT, TOP = 420, 150, 60
INK, BLUE, GREY = "#1b1b1b", "31,90,160", "#9a9a9a"
MOST_LABELS = 30
MOST_POINTS = 2000


def draw(details: dict[str, Any]) -> dict[str, str]:
    """Return pictures by file name: of confusion and calibration, or of the pairs of true and predicted values."""
    pictures = {}
    confusion, pairs = details.get("confusion"), details.get("pairs")
    if confusion and len(confusion["labels"]) <= MOST_LABELS:
        pictures["confusion.svg"] = _confusion(confusion["labels"], confusion["rows"])
    if details.get("calibration"):
        points = [(each["confidence"], each["accuracy"]) for each in details["calibration"]]
        pictures["calibration.svg"] = _scatter(
            "Calibration: share of right answers by confidence", "confidence", "right", points, (0.0, 1.0), radius=6
        )
    if pairs:
        step = -(-len(pairs) // MOST_POINTS)
        values = [value for pair in pairs for value in pair]
        bounds = (min(values), max(values)) if min(values) < max(values) else (values[0] - 1, values[0] + 1)
        pictures["predictions.svg"] = _scatter(
            "Predicted by true values", "true", "predicted", pairs[::step], bounds, radius=2
        )
    return pictures


def _confusion(labels: Sequence[str], rows: Sequence[Sequence[int]]) -> str:
    cell = SIDE / len(labels)
    most = max(max(row) for row in rows) or 1
    parts = []
    for down, (label, row) in enumerate(zip(labels, rows, strict=True)):
        y = TOP + down * cell
        parts.append(_text(LEFT - 8, y + cell / 2 + 4, label, "end"))
        parts.append(_text(LEFT + (down + 0.5) * cell, TOP + SIDE + 18, label, "middle"))
        for across, count in enumerate(row):
            x, share = LEFT + across * cell, count / most
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{cell:.1f}" height="{cell:.1f}" '
                f'fill="rgba({BLUE},{share:.3f})" stroke="{GREY}" stroke-width="0.5"/>'
            )
            parts.append(_text(x + cell / 2, y + cell / 2 + 4, str(count), "middle", "#fff" if share > 0.5 else INK))
    return _svg("Confusion: true labels by row, answers by column", parts)


def _scatter(
    title: str,
    across: str,
    up: str,
    points: Sequence[tuple[float, float]],
    bounds: tuple[float, float],
    *,
    radius: int,
) -> str:
    """Draw points over the line on which both values are equal."""
    low, high = bounds

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + (x - low) / (high - low) * SIDE, TOP + (high - y) / (high - low) * SIDE

    parts = [
        f'<rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}" fill="none" stroke="{GREY}"/>',
        f'<line x1="{LEFT}" y1="{TOP + SIDE}" x2="{LEFT + SIDE}" y2="{TOP}" stroke="{GREY}" stroke-dasharray="4"/>',
        _text(LEFT, TOP + SIDE + 18, f"{low:.4g}", "start"),
        _text(LEFT + SIDE, TOP + SIDE + 18, f"{high:.4g}", "end"),
        _text(LEFT + SIDE / 2, TOP + SIDE + 18, across, "middle"),
        _text(LEFT - 8, TOP + SIDE, f"{low:.4g}", "end"),
        _text(LEFT - 8, TOP + 10, f"{high:.4g}", "end"),
        _text(LEFT - 8, TOP + SIDE / 2, up, "end"),
    ]
    for x, y in (place(*point) for point in points):
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="rgba({BLUE},0.6)"/>')
    return _svg(title, parts)


def _text(x: float, y: float, words: str, anchor: str, colour: str = INK) -> str:
    short = words if len(words) <= 20 else f"{words[:19]}…"
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}">{escape(short)}</text>'


def _svg(title: str, parts: Sequence[str]) -> str:
    width, height = LEFT + SIDE + 40, TOP + SIDE + 40
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12"><title>{escape(title)}</title>'
        f'<rect width="{width}" height="{height}" fill="#fff"/>'
    )
    heading = f'<text x="{LEFT}" y="{TOP - 24}" font-size="14" fill="{INK}">{escape(title)}</text>'
    return "\n".join([head, heading, *parts, "</svg>", ""])
