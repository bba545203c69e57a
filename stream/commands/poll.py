"""poll: bring messages in, from the publishers' own feeds."""

import logging
import signal
import threading
from pathlib import Path

import click

from stream.commands import options
from stream.commands.operate import log_to_terminal

log = logging.getLogger(__name__)


@click.command()
@click.option(
    "--feeds",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="TOML file of feeds; left out: those that ship (stream/sources/feeds.toml).",
)
@click.option("--once", is_flag=True, help="Ask each feed that is due once, and end.")
@click.option(
    "--allow",
    multiple=True,
    metavar="ADDRESS",
    help="An address that may be reached although it isn't public (a mirror of your own).",
)
def poll(feeds: Path | None, once: bool, allow: tuple[str, ...]) -> None:  # noqa: FBT001 - a flag of click
    """Ask feeds and GDELT politely, and send what is new to the live topics, until stopped.

    Which entries were sent is kept on a topic: whoever polls next goes on from there. Names that lead to addresses
    that aren't public are refused, at every redirect. A feed that fails is asked less and less often.

    \b
    belwatch poll
    belwatch poll --once --feeds feeds.toml
    """
    from stream.clock import now  # noqa: PLC0415 - see worker
    from stream.sources import cursor  # noqa: PLC0415
    from stream.sources.feeds import Feed, load  # noqa: PLC0415
    from stream.sources.fetch import Fetcher, FetchProblem  # noqa: PLC0415
    from stream.sources.poll import Poller, Turn  # noqa: PLC0415
    from stream.sources.producer import Sender  # noqa: PLC0415

    log_to_terminal()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())

    def tell(feed: Feed, what: Turn | FetchProblem) -> None:
        if isinstance(what, FetchProblem):
            log.warning("%s", what)
            return
        log.info("%s: %d new, %d refused", feed.url, len(what.lines), len(what.bad))
        for bad in what.bad:
            log.warning("%s: entry %d: %s", feed.url, bad.number, bad.reason)

    settings = options.settings()
    wanted = load(feeds)
    if not wanted:
        raise click.ClickException("no feeds to poll: the file names none")
    known = cursor.load(settings)
    sender = Sender(settings)
    fetcher = Fetcher(allowed=allow)
    try:
        poller = Poller(settings, wanted, known, fetch=fetcher, sender=sender, now=now)
        if once:
            poller.round(tell)
        else:
            poller.run(stop.wait, tell)
    finally:
        fetcher.close()
        sender.close()
