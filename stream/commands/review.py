"""review: an analyst answers back."""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

import click

from schemas.review import Action, Review
from schemas.wire import rfc3339
from stream.catalogue.load import load
from stream.clock import now
from stream.commands import options
from stream.sources import reviews
from stream.topics import topics


@click.group()
def review() -> None:
    """Answer back: take a message out, confirm it, grade it anew, hold it; kept for good, with who and why.

    TARGET is a message's id, or one indication's (message#indicator); the ledger and the status page name them.

    \b
    belwatch review retract isw:2022-02-20 --reviewer "N. N." --reason "withdrawn by its publisher"
    """


def _common(command: Callable[..., None]) -> Callable[..., None]:
    for option in reversed(
        (
            click.argument("target"),
            click.option("--reviewer", required=True, help="Your name; it stands in the ledger."),
            click.option("--reason", required=True, help="Why; it stands beside your name."),
            click.option(
                "--expires", type=options.Moment(), help="Until when it counts; left out: for good."
            ),
            click.option("--run", help="For a replay run instead of live."),
            click.option("--at", type=options.Moment(), help="When it was given; left out: now."),
            options.as_json,
        )
    ):
        command = option(command)
    return command


def _send(action: Action, target: str, given: dict[str, Any]) -> None:
    settings = options.settings(run=given.pop("run"))
    as_json, expires, at = given.pop("as_json"), given.pop("expires"), given.pop("at")
    problem = load(settings.catalogue).problem.id
    try:
        made = reviews.make(
            problem, action, target, at=now() if at is None else at, expires_at=expires, **given
        )
    except reviews.Incomplete as e:
        raise click.UsageError(str(e)) from None
    reviews.send(settings, made)
    click.echo(
        made.model_dump_json() if as_json else f"sent to {topics(settings)['reviews'].name}: {_line(made)}"
    )


@review.command()
@_common
def retract(target: str, **given: Any) -> None:  # noqa: ANN401 - options, named above
    """Take a message out of the account.

    \b
    belwatch review retract isw:2022-02-20 --reviewer "N. N." --reason "withdrawn by its publisher"
    """
    _send("retract", target, given)


@review.command()
@_common
def confirm(target: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Make a message an observation of the highest credibility.

    \b
    belwatch review confirm tg:1412 --reviewer "N. N." --reason "geolocated"
    """
    _send("confirm", target, given)


@review.command()
@_common
@click.option("--reliability", type=click.Choice(list("ABCDEF")), help="Admiralty code of the source.")
@click.option("--credibility", type=click.IntRange(1, 6), help="Admiralty code of the statement.")
def regrade(target: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Grade a message anew.

    \b
    belwatch review regrade tg:1412 --reliability D --reviewer "N. N." --reason "wrong twice before"
    """
    _send("regrade", target, given)


@review.command()
@_common
def hold(target: str, **given: Any) -> None:  # noqa: ANN401 - as above
    """Set a message aside until --expires: it widens the band, and moves neither index nor level.

    \b
    belwatch review hold tg:1412 --expires 2026-03-01 --reviewer "N. N." --reason "being checked"
    """
    _send("hold", target, given)


@review.command(name="end-exercise")
@_common
@click.option("--on", "ends_on", required=True, type=click.DateTime(["%Y-%m-%d"]), help="Its true end.")
def end_exercise(target: str, ends_on: datetime, **given: Any) -> None:  # noqa: ANN401 - as above
    """Correct the end date that an announcement gave; activity beyond it is past the announced end.

    \b
    belwatch review end-exercise ria:exercise --on 2022-02-20 --reviewer "N. N." --reason "ended early"
    """
    _send("end-exercise", target, given | {"ends_on": date(ends_on.year, ends_on.month, ends_on.day)})


@review.command(name="list")
@click.option("--run", help="Of a replay run instead of live.")
@options.as_json
def list_(run: str | None, *, as_json: bool) -> None:
    """List every review that was given, oldest first.

    \b
    belwatch review list
    """
    for made in reviews.given(options.settings(run=run)):
        click.echo(made.model_dump_json() if as_json else _line(made))


def _line(made: Review) -> str:
    until = f", until {rfc3339(made.expires_at)}" if made.expires_at else ""
    return f"{rfc3339(made.at)}  {made.action} {made.target}, by {made.reviewer}{until}: {made.reason}"
