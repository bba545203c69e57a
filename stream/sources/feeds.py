"""Feeds: which addresses to poll, as a TOML file names them; those that ship stand beside, in feeds.toml."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from schemas.wire import Own
from stream.sources.files import FileProblem


class Feed(Own):
    """One address to ask every so often; `publisher` is who a feed's articles are from."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://")]
    form: Literal["feed", "gdelt"] = "feed"
    publisher: str = ""
    every_minutes: Annotated[float, Field(ge=1)] = 10


def load(path: Path | None) -> list[Feed]:
    """Read which feeds to poll; None: those that ship.

    Raises
    ------
    FileProblem
        with the place of the mistake.
    """
    file = path or Path(__file__).with_name("feeds.toml")
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8")).get("feed", [])
        return TypeAdapter(list[Feed]).validate_python(rows)
    except (OSError, tomllib.TOMLDecodeError) as e:
        raise FileProblem(f"{file}: can't be read ({e})") from None
    except ValidationError as e:
        first = e.errors(include_url=False)[0]
        raise FileProblem(f"{file}: feed {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
