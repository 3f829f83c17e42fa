"""The course of a metric as an SVG element: a line over the versions, releases filled, the policy's bounds dashed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from decimal import Decimal
from xml.etree.ElementTree import Element, SubElement

from reviewtui.display import clean, number_text
from reviewtui.metric_trend import Series

WIDTH, HEIGHT = 640, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 64, 16, 16, 28
_LONGEST = 8
"""Digits of a number beside the axis, at most."""
_LABELS = 6
"""Versions that are named below the line, at most."""


def plot_element(model: str, series: Series, *, identity: str) -> Element:
    """The plot, with a name and a description for whoever does not see it. `identity` is unique in the document."""
    svg = Element(
        "svg",
        {"viewBox": f"0 0 {WIDTH} {HEIGHT}", "role": "img", "aria-labelledby": f"{identity}-t {identity}-d"},
    )
    title = SubElement(svg, "title", {"id": f"{identity}-t"})
    title.text = clean(f"{series.key} of {model}")
    description = SubElement(svg, "desc", {"id": f"{identity}-d"})
    description.text = description_text(series)
    low, high = _range(series)
    _axis(svg, low, high)
    for word, bound in (("min", series.minimum), ("max", series.maximum)):
        if bound is not None:
            _bound(svg, word, bound, _y(bound, low, high))
    places = list(_places(series, low, high))
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    SubElement(svg, "polyline", {"points": line, "class": "line"})
    for point, (x, y) in zip(series.points, places, strict=True):
        kind = "released" if point.version.kind.value == "release" else "candidate"
        dot = SubElement(svg, "circle", {"cx": f"{x:.1f}", "cy": f"{y:.1f}", "r": "3.5", "class": kind})
        told = SubElement(dot, "title")
        told.text = clean(f"{point.version.version}: {number_text(point.value)}")
    _names(svg, series, places)
    return svg


def description_text(series: Series) -> str:
    """The plot in a sentence."""
    first, last = series.points[0], series.points[-1]
    values = [point.value for point in series.points]
    words = f"{len(values)} versions, from {number_text(first.value)} ({first.version.version}) to "
    words += f"{number_text(last.value)} ({last.version.version}); lowest {number_text(min(values))}, "
    words += f"highest {number_text(max(values))}."
    bounds = [f"{word} {number_text(bound)}" for word, bound in (("min", series.minimum), ("max", series.maximum))
              if bound is not None]  # fmt: skip
    if series.direction:
        words += f" {series.direction.capitalize()} is better."
    return clean(words + (f" The policy asks for {' and '.join(bounds)}." if bounds else ""))


def _range(series: Series) -> tuple[float, float]:
    values = [point.value for point in series.points]
    values += [bound for bound in (series.minimum, series.maximum) if bound is not None]
    low, high = min(values), max(values)
    if low == high:
        return low - (abs(low) or 1.0) * 0.1, high + (abs(high) or 1.0) * 0.1
    room = high / 20 - low / 20
    return low - room, high + room


def _y(value: float, low: float, high: float) -> float:
    # In halves, so that no difference of two very large numbers overflows.
    share = (value / 2 - low / 2) / (high / 2 - low / 2)
    return _TOP + (1 - share) * (HEIGHT - _TOP - _BOTTOM)


def _places(series: Series, low: float, high: float) -> Iterator[tuple[float, float]]:
    step = (WIDTH - _LEFT - _RIGHT) / max(1, len(series.points) - 1)
    for number, point in enumerate(series.points):
        yield _LEFT + number * step, _y(point.value, low, high)


def _axis(svg: Element, low: float, high: float) -> None:
    SubElement(svg, "path", {"d": f"M{_LEFT},{_TOP}V{HEIGHT - _BOTTOM}H{WIDTH - _RIGHT}", "class": "axis"})
    for value in axis_values(low, high):
        y, words = _y(value, low, high), number_text(value)
        SubElement(svg, "path", {"d": f"M{_LEFT},{y:.1f}H{WIDTH - _RIGHT}", "class": "grid"})
        _label(svg, _LEFT - 6, y + 4, words if len(words) <= _LONGEST else f"{value:.4g}", "end")


def axis_values(low: float, high: float) -> list[float]:
    """Up to five round numbers between two others, which may be as far apart, or as near, as numbers can be."""
    room = high / 4 - low / 4
    power = math.floor(math.log10(room)) if room > 0 else -400
    if not -300 < power < 300:
        return [low, high]
    step = next(Decimal(each).scaleb(power) for each in (1, 2, 5, 10) if float(Decimal(each).scaleb(power)) >= room)
    first, last = math.ceil(Decimal(low) / step), math.floor(Decimal(high) / step)
    # Numbers that differ in their last digits alone have no round ones between them.
    return sorted({float(number * step) for number in range(first, last + 1)}) or [low, high]


def _bound(svg: Element, word: str, bound: float, y: float) -> None:
    SubElement(svg, "path", {"d": f"M{_LEFT},{y:.1f}H{WIDTH - _RIGHT}", "class": "bound"})
    _label(svg, _LEFT + 6, y - 3, f"policy {word} {number_text(bound)}", "start")


def _names(svg: Element, series: Series, places: list[tuple[float, float]]) -> None:
    last = len(places) - 1
    shown = sorted({round(number * last / (_LABELS - 1)) for number in range(_LABELS)})
    for number in shown:
        at = "start" if number == 0 else "end" if number == last else "middle"
        name = series.points[number].version.version
        _label(svg, places[number][0], HEIGHT - 10, clean(name if len(name) <= 14 else name[:13] + "…"), at)


def _label(svg: Element, x: float, y: float, words: str, anchor: str) -> None:
    text = SubElement(svg, "text", {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": anchor})
    text.text = words
