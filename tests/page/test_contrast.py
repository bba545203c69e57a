"""Contrast: every pair of colours the style sheet puts together, computed (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

from stream.page import render

CSS = (Path(render.STATIC) / "page.css").read_text(encoding="utf-8")
TEXT, GRAPHICS = 4.5, 3.0
PAIRS = [
    *[
        (ink, on, TEXT)
        for ink in ("ink", "muted", "link", "raise", "lower", "open")
        for on in ("ground", "surface")
    ],
    *[(f"on-{name}", name, TEXT) for name in ("alarm", "normal", "watch", "warning", "critical")],
    ("surface", "link", TEXT),  # the button that sends
    *[(name, "surface", GRAPHICS) for name in ("control", "index", "focus")],
    *[(name, "track", GRAPHICS) for name in ("raise", "lower", "open")],
    *[("ink", name, GRAPHICS) for name in ("normal", "watch", "warning")],  # the needle on the gauge
]


def palettes() -> dict[str, dict[str, str]]:
    light, dark = (
        dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block))
        for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    )
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.2.

    >>> luminance("#ffffff")
    1.0
    """
    parts = [int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)]
    r, g, b = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("one", "other", "least"), PAIRS, ids=str)
def test_contrast(scheme: str, one: str, other: str, least: float) -> None:
    palette = palettes()[scheme]
    light, dark = sorted((luminance(palette[one]), luminance(palette[other])), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= least


def test_no_colour_stands_outside_the_palette() -> None:
    rules = re.sub(r":root \{.*?\}", "", CSS, flags=re.DOTALL)
    assert not re.findall(r"#[0-9a-f]{3,8}\b(?![^{]*\{)", rules)
