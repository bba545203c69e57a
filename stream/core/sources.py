"""Whose voice a publisher or a claimant is."""

import hashlib
import re
from functools import lru_cache

from schemas.catalogue import Catalogue, Source

CACHE = 10_000  # names; a stream has hundreds


class SourceIndex:
    """Find a source by any of its names; an unknown name is its own family, graded as the catalogue says.

    >>> from stream.catalogue.load import load
    >>> sources = SourceIndex(load())
    >>> sources.find("https://www.TASS.ru/").family, sources.find("eng.belta.by").family
    ('ru_state', 'by_state')
    >>> sources.find("example.org").reliability
    'F'
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._unknown = catalogue.unknown_source
        self._by_name = {_key(name): source for source in catalogue.sources for name in source.names}
        self._by_id = {source.id: source for source in catalogue.sources}
        self.find = lru_cache(CACHE)(self._find)

    def _find(self, name: str) -> Source:
        """Look up a publisher or claimant: as written, then its registered domain, then without a remark."""
        for key in _candidates(name):
            if key in self._by_name:
                return self._by_name[key]
        return self._by_id.get(name) or self._stranger(name)

    def _stranger(self, name: str) -> Source:
        key = _key(name)
        digest = hashlib.sha256(key.encode()).hexdigest()[:8]
        slug = re.sub(r"[^a-z0-9]+", "_", key).strip("_")[:40]
        unique = "_".join(part for part in ("unknown", slug, digest) if part)
        return Source(id=unique, names=(name or "unknown",), family=unique, reliability=self._unknown)


def _key(name: str) -> str:
    """Case, scheme, "www." and a closing slash don't tell publishers apart.

    >>> _key(" https://www.Reuters.com/ ")
    'reuters.com'
    """
    key = re.sub(r"^https?://", "", " ".join(name.split()).casefold())
    return key.removeprefix("www.").rstrip("/")


def _candidates(name: str) -> list[str]:
    """Keys to try: the name; without its remark in brackets; without its path; each parent domain.

    >>> _candidates("t.me/Somebody (Ministry)")
    ['t.me/somebody (ministry)', 't.me/somebody']
    >>> _candidates("en.news.example.org/path")
    ['en.news.example.org/path', 'en.news.example.org', 'news.example.org', 'example.org']
    """
    key = _key(name)
    bare = key.split(" (", 1)[0]
    keys = [key, bare]
    host = bare.split("/", 1)[0]
    if "." in host and " " not in host and host != "t.me":  # a channel is not its messenger
        labels = host.split(".")
        keys += [".".join(labels[n:]) for n in range(len(labels) - 1)]
    return list(dict.fromkeys(keys))
