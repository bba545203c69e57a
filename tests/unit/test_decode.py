"""Whatever comes in is a message or a rejection with its reason, never a crash."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scoring import DAY, START, catalogue

from schemas.rejection import Rejection
from schemas.wire import MAX_MESSAGE_BYTES
from stream.core.decode import REASONS, Refused, decode_article, decode_event
from stream.core.pipeline import Inbound, Observer

ARTICLE: dict[str, Any] = {"id": "x:1", "publisher": "X", "published_at": "2022-02-01T00:00:00Z"}
OBSERVER = Observer(catalogue())


def reason(value: bytes) -> str:
    with pytest.raises(Refused) as refused:
        decode_article(value, START)
    return refused.value.reason


def body(**given: object) -> bytes:
    return json.dumps(ARTICLE | given).encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"{", "bad_json"),
        (body()[:-9], "bad_json"),
        (b"\xff\xfe{}", "not_utf8"),
        (b"[]", "wrong_shape"),
        (b"null", "wrong_shape"),
        (b"[" * 100_000, "bad_json"),
        (b'{"id":"a","id":"b"}', "duplicate_key"),
        (b'{"id":"' + b"a" * MAX_MESSAGE_BYTES + b'"}', "too_large"),
        (body(id=""), "wrong_shape"),
        (body(id="a\x00b"), "wrong_shape"),
        (body(id="a\u202eb"), "wrong_shape"),
        (body(id=7), "wrong_shape"),
        (body(title="t" * 2_001), "wrong_shape"),
        (body(published_at="yesterday!"), "bad_time"),
        (body(published_at="2022-02-30"), "bad_time"),
        (body(published_at="1989-12-31T23:59:59Z"), "too_old"),
        (body(published_at="2022-02-02T00:00:01Z"), "in_future"),
        (body(text="\\ud800")[:-1].replace(b"\\\\u", b"\\u") + b"}", "bad_json"),
    ],
)
def test_what_cannot_be_taken_is_refused_with_its_reason(value: bytes, expected: str) -> None:
    assert reason(value) == expected


@pytest.mark.parametrize("ahead", ["2022-02-02T00:00:00Z", "2022-02-01T00:00:00Z", "1990-01-01T00:00:00Z"])
def test_up_to_a_day_ahead_is_taken(ahead: str) -> None:
    assert decode_article(body(published_at=ahead), START).body.id == "x:1"


def test_a_title_of_2000_characters_and_unknown_fields_are_taken() -> None:
    assert decode_article(body(title="t" * 2_000, mood="good"), START)


def test_a_day_is_its_last_second_or_when_it_was_received() -> None:
    day = body(published_at="2022-02-01")
    assert decode_article(day, START + 5 * DAY).at == START + DAY - 1
    assert decode_article(day, START + 3_600).at == START + 3_600


@given(st.binary(max_size=300))
def test_any_bytes_are_decoded_or_refused(value: bytes) -> None:
    for decode in (decode_article, decode_event):
        try:
            decode(value, START)
        except Refused as refused:
            reasons = {refused.reason}
        else:
            reasons = set()
        assert reasons <= set(REASONS)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda c: st.lists(c) | st.dictionaries(st.text(), c),
)


@given(
    st.dictionaries(
        st.sampled_from([*ARTICLE, "title", "text", "lang", "precision", "tz_assumed", "url"]), JSON
    )
)
def test_any_article_shaped_thing_is_matched_or_refused(given: dict[str, Any]) -> None:
    value = json.dumps(ARTICLE | given).encode()
    found = OBSERVER.observe([Inbound("article", value, START, "articles-0", 7)])
    assert sum(found.outcomes[o] for o in ("matched", "unmatched", "rejected")) == 1


@given(st.lists(st.binary(max_size=40) | st.just(body()), max_size=20))
def test_every_message_is_accounted_for_whatever_stands_beside_it(values: list[bytes]) -> None:
    pack = [Inbound("article", value, START, "articles-0", n) for n, value in enumerate(values)]
    found = OBSERVER.observe(pack)
    counts = Counter({o: found.outcomes[o] for o in ("matched", "unmatched", "rejected")})
    assert counts.total() == len(values)
    assert counts["rejected"] == len(found.rejections)
    assert counts["unmatched"] + counts["matched"] >= values.count(body())
    for _, row in found.rejections:
        rejection = Rejection.model_validate_json(row)
        assert rejection.reason in REASONS
        assert rejection.sample.isprintable()


def test_an_unknown_indicator_is_a_rejection() -> None:
    value = json.dumps(
        {"id": "e", "dataset": "analyst", "occurred_at": "2022-02-01T00:00:00Z", "indicator": "nonsense"}
    ).encode()
    found = OBSERVER.observe([Inbound("event", value, START, "events-0", 0)])
    assert found.outcomes["rejected:unknown_indicator"] == 1
