"""Chaos: workers and a broker under load, killed, stopped and stalled; then the oracle.

    python -m chaos [--seed N] [--short] [--write]

Everything is a real process: a broker of its own, two or three workers, a load that never stops. After the last
fault all is caught up with, and what stands on the topics is compared with what the input must lead to.
"""

import logging
import random
import secrets
import signal
import sys
import tempfile
import time
from pathlib import Path

import click
from chaos.results import summary, table, write
from chaos.trial import FULL, SHORT, Trial


@click.command()
@click.option("--seed", type=int, help="Repeat the run of this seed: its load and its faults.")
@click.option("--short", is_flag=True, help="A few faults of each kind, within three minutes.")
@click.option("--write", "recorded", is_flag=True, help="Write RESULTS.md and results.json beside this file.")
def main(seed: int | None, short: bool, recorded: bool) -> None:  # noqa: FBT001 - flags of click
    """Run faults under load and say what became of it; exit code 1 where anything is lost, doubled or stuck."""
    for number in (signal.SIGTERM, signal.SIGINT):  # in the background a shell has SIGINT ignored
        signal.signal(number, lambda *_: sys.exit("told to stop"))  # and leave nothing behind
    logging.getLogger("kafka").setLevel(logging.CRITICAL)  # a broker that is away is what we are about
    chosen = secrets.randbelow(1_000_000) if seed is None else seed
    plan = SHORT if short else FULL
    click.echo(f"seed {chosen}: {sum(plan.rounds.values())} rounds of faults; repeat with SEED={chosen}")
    folder = Path(tempfile.mkdtemp(prefix="belwatch-chaos-"))
    began = time.monotonic()

    def tell(kind: str, detail: str, seconds: float | None) -> None:
        took = "" if seconds is None else f"caught up after {seconds:5.1f} s"
        click.echo(f"{time.monotonic() - began:7.1f} s  {kind:20} {detail:32} {took}")

    outcome = Trial(plan, random.Random(chosen), chosen, folder, tell).run()  # noqa: S311 - a test's faults
    found = summary(chosen, plan, outcome, time.monotonic() - began)
    click.echo(table(found))
    if recorded:
        write(found)
    if not found.passed:
        click.echo(f"logs of workers and broker: {folder}", err=True)
    sys.exit(0 if found.passed else 1)


if __name__ == "__main__":
    main()
