"""Whose voice a name is: known however it is written, and never guessed."""

from hypothesis import given
from hypothesis import strategies as st

from stream.catalogue.load import load
from stream.core.sources import SourceIndex

CATALOGUE = load()
SOURCES = SourceIndex(CATALOGUE)


@given(st.text(max_size=60))
def test_every_name_has_a_source_and_always_the_same(name: str) -> None:
    found = SOURCES.find(name)
    assert found == SourceIndex(CATALOGUE).find(name)
    assert len(found.id) <= 64


def test_every_listed_name_finds_its_row_in_any_case() -> None:
    for source in CATALOGUE.sources:
        for name in source.names:
            assert SOURCES.find(name.upper()) == source


def test_subdomains_and_addresses_belong_to_their_domain() -> None:
    assert SOURCES.find("https://www.reuters.com/").id == SOURCES.find("uk.reuters.com").id == "reuters"
    assert SOURCES.find("notreuters.com").family != "reuters"


def test_strangers_are_each_their_own_family() -> None:
    one, other = SOURCES.find("example.org"), SOURCES.find("example.net")
    assert one.family != other.family
    assert one.reliability == CATALOGUE.unknown_source


def test_a_messenger_is_no_publisher() -> None:
    assert SOURCES.find("t.me/somebody_unknown").family.startswith("unknown")


def test_every_source_gives_a_reason() -> None:
    assert all(source.reason for source in CATALOGUE.sources)
