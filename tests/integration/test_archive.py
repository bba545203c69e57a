"""An archive on a real broker: everything comes back once, byte for byte, whatever is interrupted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaAdminClient, TopicPartition
from workers import sources

from stream.archive import export as exporting
from stream.archive import manifest, restore
from stream.archive.manifest import ArchiveProblem
from stream.archive.read import records, verify
from stream.archive.record import received
from stream.settings import Settings
from stream.sources.producer import Sender
from stream.topics import SOURCE_PARTITIONS, create, delete, topics

pytestmark = pytest.mark.integration
DAY = 86_400.0
BEGIN = 1_645_660_800.0  # 2022-02-24


@pytest.fixture
def settings(broker: str, tmp_path: Path) -> Iterator[Settings]:
    made = [
        Settings(brokers=broker, run=f"{tmp_path.name[:30].strip('-').replace('_', '-')}-{side}")
        for side in "ab"
    ]
    for side in made:
        create(side)
    yield made[0]
    for side in made:
        delete(side)


@pytest.fixture
def other(settings: Settings) -> Settings:
    """Where an archive is restored to."""
    return settings.model_copy(update={"run": f"{str(settings.run)[:-1]}b"})


def fill(settings: Settings, numbers: range, ticks: int = 1) -> None:
    """Messages of several days out of order, some that are no text, and ticks."""
    sender = Sender(settings)
    names = {role: topics(settings)[role].name for role in SOURCE_PARTITIONS}
    for n in numbers:
        value = (
            b"\xff\x00 poison \r\n"
            if n % 10 == 0
            else json.dumps({"id": f"x:{n}", "текст": "\u2028"}).encode()
        )
        role = ("articles", "events", "reviews")[n % 3]
        sender.send(names[role], f"k{n}", value, BEGIN + n * 7_919 % (4 * DAY) + 0.25)
    for tick in range(ticks):
        sender.tick(BEGIN + tick * DAY, b"{}")
    sender.flush()
    sender.close()


def content(settings: Settings) -> dict[str, list[Any]]:
    """Everything on the source topics but ticks, by partition, in order."""
    return {
        origin: [
            (r.key, r.value, received(dict(r.headers), 0)) for r in records if "type" not in dict(r.headers)
        ]
        for origin, records in sources(settings).items()
    }


def test_everything_comes_back_once_in_order_and_byte_for_byte(
    settings: Settings, other: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "archive"
    fill(settings, range(200))
    first = exporting.export(settings, folder)
    assert (first.records, first.ticks, first.lost) == (200, 9, 0)
    assert exporting.export(settings, folder) == (0, 0, 0)
    fill(settings, range(200, 260), ticks=0)
    assert exporting.export(settings, folder).records == 60
    checked = verify(folder)
    assert (checked.records, checked.ticks, checked.faults) == (260, 9, [])
    times = [record.received_at for record in records(folder)]
    assert times == sorted(times)
    assert len(times) == 260
    assert restore.restore(other, folder) == 260
    assert restore.restore(other, folder) == 0
    assert content(other) == content(settings)


def test_an_export_cut_short_at_any_write_is_made_good_by_the_next(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "PART_RECORDS", 7)
    fill(settings, range(60))
    whole = tmp_path / "whole"
    exporting.export(settings, whole)
    real, folder, cuts = manifest.write, tmp_path / "cut", 0  # one write more is allowed each time
    while True:
        allowed = iter(range(cuts + 1))

        def cut(path: Path, content: bytes, allowed: Iterator[int] = allowed) -> str:
            next(allowed)  # StopIteration ends it there, as a kill would
            return real(path, content)

        monkeypatch.setattr(manifest, "write", cut)
        try:
            exporting.export(settings, folder)
            break
        except (StopIteration, RuntimeError):
            cuts += 1
    assert cuts > 5
    assert verify(folder).faults == []
    assert list(records(folder)) == list(records(whole))


def test_a_restore_cut_short_goes_on(
    settings: Settings, other: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "archive"
    fill(settings, range(90))
    exporting.export(settings, folder)
    monkeypatch.setattr(restore, "CONFIRMED_EVERY", 25)
    sent = Sender.flush

    def cut(sender: Sender) -> None:
        sent(sender)
        raise KeyboardInterrupt

    monkeypatch.setattr(Sender, "flush", cut)
    with pytest.raises(KeyboardInterrupt):
        restore.restore(other, folder)
    monkeypatch.undo()
    assert restore.restore(other, folder) == 65
    assert content(other) == content(settings)


def test_what_the_broker_deleted_before_is_told(settings: Settings, tmp_path: Path, broker: str) -> None:
    folder = tmp_path / "archive"
    fill(settings, range(30), ticks=0)
    exporting.export(settings, folder)
    fill(settings, range(30, 90), ticks=0)
    partition = TopicPartition(topics(settings)["reviews"].name, 0)
    admin = KafkaAdminClient(bootstrap_servers=broker)
    admin.delete_records({partition: 25})
    admin.close()
    done = exporting.export(settings, folder)
    assert (done.records, done.lost) == (60 - 15, 15)
    assert (verify(folder).lost, verify(folder).faults) == (15, [])


def test_only_an_empty_topic_takes_an_archive(settings: Settings, other: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    fill(settings, range(9))
    exporting.export(settings, folder)
    fill(other, range(3), ticks=0)
    with pytest.raises(ArchiveProblem, match="already holds records"):
        restore.restore(other, folder)
    with pytest.raises(ArchiveProblem, match="name another folder"):
        exporting.export(other, folder)


def test_damage_is_found_and_named(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "archive"
    fill(settings, range(60))
    exporting.export(settings, folder)
    damaged, missing, *_ = sorted(folder.glob("day=*/*.zst"))
    damaged.write_bytes(damaged.read_bytes()[:-1])
    missing.unlink()
    (folder / "day=2022-02-24" / "articles-0-00000000000000099999.jsonl.zst").write_bytes(b"")
    faults = "\n".join(verify(folder).faults)
    assert f"{damaged}: damaged" in faults
    assert f"{missing}: missing" in faults
    assert "99999.jsonl.zst: not in the manifest" in faults
    with pytest.raises(ArchiveProblem, match=r"damaged|missing"):
        list(records(folder))
