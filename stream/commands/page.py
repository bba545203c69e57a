"""page: what the watch officer sees in a browser."""

import click

from stream.commands import options
from stream.commands.operate import log_to_terminal


@click.command()
@click.option("--run", help="Show a replay run instead of live.")
@click.option("--port", "page_port", type=int, help="Port on loopback; left out: BELWATCH_PAGE_PORT, 9810.")
def page(run: str | None, page_port: int | None) -> None:
    """Serve the status page: index, ledger, evidence, and any past time from the audit trail.

    \b
    belwatch page
    belwatch page --run spring --port 9811
    """
    from stream.page.server import serve  # noqa: PLC0415 - the plotting library takes a second to import

    log_to_terminal()
    serve(options.settings(run=run, page_port=page_port))
