"""SVG as matplotlib draws it, made fit for a page that holds several, and for a file of its own."""

import re
from collections.abc import Mapping
from xml.etree import ElementTree as ET

from stream.page.plot import SVG, inline

_REFERENCE = re.compile(r'(?:url\(#|href="#)([^")]+)')


def finished(drawn: bytes, name: str, label: str, marks: Mapping[str, tuple[str, str]]) -> str:
    """Give marked parts their class and title, and keep only ids that are referred to, under the figure's name."""
    root = ET.fromstring(inline(drawn, label))  # noqa: S314 - what matplotlib just drew
    for part in root.iter():
        kind, title = marks.get(part.get("id", ""), ("", ""))
        if kind:
            part.set("class", kind)
        if title:
            shown = ET.Element(f"{{{SVG}}}title")
            shown.text = title
            part.insert(0, shown)
    for shape in root.iterfind(f".//{{{SVG}}}g//{{{SVG}}}defs/{{{SVG}}}path"):
        # no rule reaches into what is reused, so it must take its colours from where it is used
        for colour in ("fill", "stroke"):
            shape.attrib.pop(colour, None)
    text = ET.tostring(root, encoding="unicode")
    used = set(_REFERENCE.findall(text))
    for part in root.iter():
        if "id" in part.attrib and part.attrib["id"] not in used:
            del part.attrib["id"]
    text = ET.tostring(root, encoding="unicode")
    for ref in used:
        text = re.sub(rf'(id="|url\(#|href="#){re.escape(ref)}(?=["\)])', rf"\g<1>{name}-{ref}", text)
    return text


def alone(svg: str, style: str) -> str:
    """The same as a file of its own, which brings its style with it."""
    head, _, rest = svg.partition(">")
    return f"{head}><style>{style}</style>{rest}\n"
