"""What the matcher costs: `python tests/benchmarks/match.py` prints two ratios, from one run on one core.

1. Articles a second of CPU time, JSON decoding included, for 800-byte articles of which 2 % are about Belarus.
2. The same with a catalogue ten times as large: the lexicon and the patterns of every indicator, nine times
   more under other words. The cost should stay nearly flat: a text pays for its words, not for the catalogue.
"""

import json
import random
import re
import statistics
import time

from schemas.article import Article
from schemas.catalogue import Catalogue
from schemas.pattern import Concept
from schemas.wire import instant
from stream.catalogue.load import load
from stream.core.match import Matcher

ARTICLES = 20_000
BYTES = 800
SHARE = 0.02
COPIES = 10
AT = instant(1_645_000_000)
FILLER = re.findall(
    r"\S+",
    "The city council met on Tuesday to discuss repairs of the bridge and new bus lines . "
    "Prices of bread rose again while farmers wait for rain . A court in Lviv heard the case . "
    "In Donetsk region shelling went on , officials said . Рятувальники загасили пожежу . "
    "Президент провел совещание о ценах на зерно . The team will play in Madrid next week .",
)


def articles(catalogue: Catalogue, seed: int = 7) -> list[bytes]:
    """Messages of about 800 bytes; 2 % carry one of the catalogue's own positive examples."""
    chance = random.Random(seed)  # noqa: S311 - a benchmark, not a secret
    examples = [e for i in catalogue.indicators.values() for e in i.examples if e.expect]
    made = []
    for number in range(ARTICLES):
        words = chance.choices(FILLER, k=90)
        if chance.random() < SHARE:
            example = chance.choice(examples)
            words[40:40] = [".", example.title, example.text, "."]
        text = " ".join(words)
        while len(text.encode()) > BYTES - 200:
            text = text[: len(text) - 20]
        made.append(
            json.dumps(
                {
                    "id": f"bench:{number}",
                    "published_at": "2022-02-16T08:00:00Z",
                    "publisher": "example.org",
                    "lang": "en",
                    "title": " ".join(chance.choices(FILLER, k=9)),
                    "text": text,
                    "url": "https://example.org/news/2022/02/16/item",
                },
                ensure_ascii=False,
            ).encode()
        )
    return made


def enlarged(catalogue: Catalogue, times: int) -> Catalogue:
    """The catalogue with `times` as many concepts, patterns and indicators, the added ones in other words."""
    lexicon, indicators = dict(catalogue.lexicon), dict(catalogue.indicators)
    for n in range(1, times):
        rename = {key: f"{key}_{n}" for key in catalogue.lexicon}
        for key, concept in catalogue.lexicon.items():
            lexicon[rename[key]] = Concept(any=tuple(_other(term, n, rename) for term in concept.terms))
        for indicator in catalogue.indicators.values():
            patterns = tuple(
                p.model_copy(
                    update={
                        field: tuple(
                            "|".join(rename.get(c, c) for c in one.split("|")) for one in getattr(p, field)
                        )
                        for field in ("all", "none", "about", "stronger")
                    }
                )
                for p in indicator.patterns
            )
            key = f"{indicator.id}_{n}"
            indicators[key] = indicator.model_copy(update={"id": key, "patterns": patterns})
    return catalogue.model_copy(update={"lexicon": lexicon, "indicators": indicators})


def _other(term: str, n: int, rename: dict[str, str]) -> str:
    parts = []
    for part in term.split():
        if part.startswith("{"):
            parts.append("{" + rename[part.strip("{}?")] + "}")
        elif part.startswith("_"):
            parts.append(part)
        else:
            parts.append(f"{part.rstrip('*?')}zq{n}")
    return " ".join(parts)


def rate(matcher: Matcher, messages: list[bytes]) -> tuple[float, float]:
    """Articles a second (median of five passes), and the share that matched."""
    rates, matched = [], 0
    for _ in range(5):
        start, matched = time.process_time(), 0
        for message in messages:
            article = Article.model_validate_json(message)
            matched += bool(matcher.match(article.title, article.text, article.lang, AT, article.publisher))
        rates.append(len(messages) / (time.process_time() - start))
    return statistics.median(rates), matched / len(messages)


def main() -> None:
    """Print both ratios."""
    catalogue = load()
    messages = articles(catalogue)
    size = statistics.mean(map(len, messages))
    once, share = rate(Matcher(catalogue), messages)
    ten, _ = rate(Matcher(enlarged(catalogue, COPIES)), messages)
    print(f"articles: {len(messages)} of {size:.0f} bytes, {share:.1%} match")  # noqa: T201 - its purpose
    print(f"one core: {once:,.0f} articles/s, decoding included")  # noqa: T201
    print(f"catalogue x{COPIES}: {ten:,.0f} articles/s, {once / ten:.2f} times the cost")  # noqa: T201


if __name__ == "__main__":
    main()
