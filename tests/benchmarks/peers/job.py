"""The reference job, the same for every peer: decode an article, look for terms in it, keep what follows.

Of 300 terms of two words each term belongs to one of 20 keys. For each key an article names, that key's decaying
count is brought up to the article's time, and the new count is an output record. The state is durable where a
peer has a way to make it so.
"""

import math
import os
import random
from collections.abc import Iterator

import ahocorasick_rs
import orjson

BROKERS = os.environ["BENCH_BROKERS"]
TOPIC = os.environ["BENCH_TOPIC"]
GROUP = os.environ["BENCH_GROUP"]
OUT = "bench-out"
KEYS = 20
DECAY = math.log(2) / 86_400  # a second; the count halves each day
WORDS = 110  # about 800 bytes of JSON with their frame

State = tuple[float, float]  # count, and the time it stands for (epoch seconds)

_chance = random.Random(7)  # noqa: S311 - a benchmark, not a secret
_WORDS = [
    "".join(_chance.choice("abcdefghijklmnoprstuvyz") for _ in range(_chance.randint(3, 9)))
    for _ in range(5_000)
]
TERMS = [" ".join(_chance.sample(_WORDS, 2)) for _ in range(300)]
_terms = ahocorasick_rs.AhoCorasick(TERMS)


def articles(number: int, share: float) -> Iterator[tuple[bytes, bytes]]:
    """Key and value of `number` articles, of which every 1/share-th has a term in it."""
    chance = random.Random(8)  # noqa: S311
    texts = [chance.choices(_WORDS, k=WORDS) for _ in range(5_000)]
    every = round(1 / share)
    for n in range(number):
        words = texts[n % len(texts)]
        if n % every == 0:
            words = [*words[:50], TERMS[n // every % len(TERMS)], *words[52:]]
        source = f"s{n % 50}"
        article = {
            "id": f"a{n}",
            "source": source,
            "language": "en",
            "published_at": 1.65e9 + n * 30,
            "title": " ".join(words[:12]),
            "body": " ".join(words[12:]),
        }
        yield source.encode(), orjson.dumps(article)


def named(article: dict[str, str]) -> set[int]:
    """Return the keys an article names."""
    text = f"{article['title']} \n {article['body']}".lower()
    return {found[0] % KEYS for found in _terms.find_matches_as_indexes(text)}


def moved(state: State | None, at: float) -> State:
    """Count one more at `at`."""
    count, since = state or (0.0, 0.0)
    if at >= since:
        return count * math.exp(-DECAY * (at - since)) + 1, at
    return count + math.exp(-DECAY * (since - at)), since
