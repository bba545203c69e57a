"""The alert on retractions under promtool, in each mode's durations."""

from pathlib import Path

import promtool

from deploy.render import Mode


def test_a_retraction_is_told_for_a_day(rendered: tuple[Mode, Path]) -> None:
    mode, folder = rendered
    run = promtool.run(folder, mode, "reviews.yml")
    assert run.returncode == 0, run.stdout + run.stderr
