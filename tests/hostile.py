"""Hostile text: what a publisher could write so as to speak in another's place, or to break what reads it."""

import json
import random
from collections.abc import Iterator

ANCHORED = (
    "Russian tanks arrive at Brest in Belarus",
    "Російські танки прибули до Бреста в Білорусі",
    "Lukashenko denies that Belarus will enter the war against Ukraine",
)
NASTY = (
    "<!channel>", "<!here|x>", "<@U012AB3CD>", "<https://evil.example|Alertmanager>", "&lt;!channel&gt;", "|", ">", "<",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"'><svg/onload=1>", "{{ 7*7 }}", "{% raw %}",
    "{{ .Labels }}", "${jndi:ldap://x}", "%s%n%x", "javascript:alert(1)",
    '"} 1\nbelwatch_level{problem="x"} 3\n# EOF\n', '\\"', "\\", "\\n", '"', "'", "`", "*bold*", "_it_", "~~~",
    "\n", "\r\n", "\r", "\t", "\v", "\f", "\x85", "\u2028", "\u2029", "\x00", "\x07", "\x1b[2J\x1b]0;owned\x07", "\x7f",
    "\u202e", "\u202a", "\u2066", "\u2069", "\u200b", "\u200d", "\u00ad", "\ufeff", "\ue000", "\U000e0041", "\ufffe",
    "\ud800", "\udfff", "א ב ג", "مرحبا", "e\u0301\u0301\u0301" * 9, "🇧🇾", "ﷺ", "A" * 300, "\u0000" * 40,
)  # fmt: skip
URLS = (
    "https://isw.example/report", "javascript:alert(1)", "https://bank.example@evil.example/", "https://x.example/|y>",
    "data:text/html,<script>", "//x.example", "https://[::1", "HTTPS://X.EXAMPLE/\u202etxt", "http://x.example/\n2", "",
)  # fmt: skip
LONG = 1 << 20


def text(chance: random.Random) -> str:
    """Compose a title or a name; half of them speak of what is watched."""
    parts = [chance.choice(NASTY) for _ in range(chance.randint(1, 6))]
    if chance.random() < 0.1:
        parts.insert(chance.randint(0, len(parts)), chance.choice(ANCHORED))
    return chance.choice(["", " "]).join(parts)


def messages(count: int, seed: int) -> Iterator[tuple[bytes, str, str, str]]:
    """Yield (value, title, publisher, url); values are JSON, or nearly."""
    chance = random.Random(seed)  # noqa: S311 - reproducible
    for n in range(count):
        title, publisher, url = text(chance), text(chance)[:200], chance.choice(URLS)
        body: dict[str, object] = {
            "id": f"x:{n}" if chance.random() < 0.9 else text(chance),
            "published_at": "2022-02-20T10:00:00Z" if chance.random() < 0.95 else text(chance),
            "publisher": publisher or "x",
            "title": title if n % 1_000 else title * (1 + LONG // max(1, len(title))),
            "text": f"{text(chance)} {chance.choice(ANCHORED)}." if n % 10 == 0 else text(chance),
            "url": url,
            text(chance)[:40]: text(chance),
        }
        yield _bytes(body, chance), title, publisher, url


def _bytes(body: dict[str, object], chance: random.Random) -> bytes:
    value = json.dumps(body, ensure_ascii=chance.random() < 0.7).encode(errors="surrogatepass")
    roll = chance.random()
    if roll < 0.02:
        return value[: chance.randint(0, len(value))]
    if roll < 0.04:
        at = chance.randint(0, len(value))
        return value[:at] + bytes([chance.randint(0, 255)]) + value[at:]
    if roll < 0.05:
        return b'{"id": 1, ' + value[1:]
    return value
