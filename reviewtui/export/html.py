"""The trail as one HTML file that needs nothing else: no script, no request, printable.

Every element is built as a value and serialized by the standard library, so that no text of a repository can become
markup; the page's own policy forbids scripts, pictures and requests besides.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import BinaryIO
from xml.etree.ElementTree import Element, SubElement, tostring

from reviewtui.display import clean
from reviewtui.export.blocks import Block, Contents, Difference, Grid, Heading, Listing, Pairs, Paragraph, Plot
from reviewtui.export.plots import description_text, plot_element
from reviewtui.export.report import Facts, report
from reviewtui.trail import AuditTrail


def write(trail: AuditTrail, out: BinaryIO, facts: Facts) -> None:
    """Write the report, block by block."""
    title = f"Review trail of {trail.header.repository}"
    out.write(_head(title))
    for number, block in enumerate(report(trail, facts)):
        for element in _elements(block, number):
            out.write(tostring(element, encoding="unicode", method="html").encode("utf-8", "backslashreplace") + b"\n")
    out.write(b"</main>\n</body>\n</html>\n")


def _head(title: str) -> bytes:
    style = resources.files("reviewtui.export").joinpath("report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = Element("head")
    SubElement(head, "meta", {"charset": "utf-8"})
    SubElement(head, "meta", {"http-equiv": "Content-Security-Policy", "content": policy})
    SubElement(head, "meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    SubElement(head, "meta", {"name": "referrer", "content": "no-referrer"})
    SubElement(head, "title").text = clean(title)
    SubElement(head, "style").text = style
    words = tostring(head, encoding="unicode", method="html")
    return f'<!DOCTYPE html>\n<html lang="en">\n{words}\n<body>\n<main>\n'.encode()


def _elements(block: Block, number: int) -> Iterator[Element]:
    match block:
        case Heading():
            yield _heading(block)
        case Paragraph():
            yield _text("p", block.text, block.tone)
        case Listing():
            yield _list(block.items)
        case Contents():
            yield _contents(block)
        case Pairs():
            yield _pairs(block)
        case Grid():
            yield _grid(block)
        case Difference():
            yield from _difference(block)
        case Plot():
            yield _figure(block, f"plot-{number}")


def _text(tag: str, text: str, kind: str = "") -> Element:
    element = Element(tag, {"class": kind} if kind else {})
    element.text = clean(text, keep_newlines=True)
    return element


def _heading(block: Heading) -> Element:
    element = _text(f"h{block.level}", block.text)
    if block.anchor:
        element.set("id", block.anchor)
    if block.anchor in ("", "unproven", "alarms"):
        element.set("class", "flows")
    return element


def _list(items: Iterable[str]) -> Element:
    element = Element("ul")
    element.extend(_text("li", item) for item in items)
    return element


def _contents(block: Contents) -> Element:
    nav = Element("nav", {"aria-label": "Contents"})
    entries = SubElement(nav, "ul")
    for level, text, anchor in block.entries:
        item = SubElement(entries, "li", {"class": "deeper"} if level > 1 else {})
        link = SubElement(item, "a", {"href": f"#{anchor}"})
        link.text = clean(text)
    return nav


def _pairs(block: Pairs) -> Element:
    element = Element("dl")
    for label, value in block.rows:
        element.append(_text("dt", label))
        element.append(_text("dd", value))
    return element


def _grid(block: Grid) -> Element:
    # What is wider than the page can be moved also by who has no mouse.
    frame = Element("div", {"class": "table", "role": "region", "aria-label": clean(block.caption), "tabindex": "0"})
    table = SubElement(frame, "table")
    table.append(_text("caption", block.caption))
    header = SubElement(SubElement(table, "thead"), "tr")
    for title in block.header:
        SubElement(header, "th", {"scope": "col"}).text = title
    body = SubElement(table, "tbody")
    for number, cells in enumerate(block.rows):
        tone = block.tones[number] if block.tones else ""
        row = SubElement(body, "tr", {"class": tone} if tone else {})
        row.extend(_text("td", cell, "code" if column in block.codes else "") for column, cell in enumerate(cells))
    return frame


def _difference(block: Difference) -> Iterator[Element]:
    yield _text("h4", block.path)
    kinds = {"+": "add", "-": "remove", "@": "hunk"}
    frame = Element("pre", {"tabindex": "0"})
    for line in block.lines:
        span = SubElement(frame, "span", {"class": kinds[line[0]]} if line[:1] in kinds else {})
        span.text = clean(line) + "\n"
    yield frame


def _figure(block: Plot, identity: str) -> Element:
    figure = Element("figure")
    figure.append(_text("figcaption", f"{block.series.key}: {description_text(block.series)}"))
    figure.append(plot_element(block.model, block.series, identity=identity))
    return figure
