"""The broker's jars are the pinned ones, whole, or there is a clear error."""

import hashlib
from pathlib import Path

import pytest
import requests
from jgo.env import LockedDependency, LockFile
from jgo.maven import Artifact, PythonResolver

from deploy.local import jars

GOOD, BAD = b"the jar that was pinned", b"half of i"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    lock = tmp_path / "kafka.lock.toml"
    pinned = LockedDependency("org.example", "broker", "1.0", sha256=hashlib.sha256(GOOD).hexdigest())
    LockFile([pinned]).save(lock)
    monkeypatch.setattr(jars, "LOCK", lock)
    monkeypatch.setattr(jars, "REPOSITORY", tmp_path / "m2")
    return tmp_path / "m2"


def central_serves(monkeypatch: pytest.MonkeyPatch, content: bytes) -> list[str]:
    asked: list[str] = []

    def download(_: PythonResolver, artifact: Artifact) -> Path:
        path = artifact.cached_path
        assert path is not None
        asked.append(artifact.filename)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    monkeypatch.setattr(PythonResolver, "download", download)
    return asked


def test_jars_are_fetched_once(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = central_serves(monkeypatch, GOOD)
    said: list[str] = []
    path = jars.classpath(said.append)
    assert path == str(repository / "org" / "example" / "broker" / "1.0" / "broker-1.0.jar")
    assert jars.classpath(said.append) == path
    assert asked == ["broker-1.0.jar"]
    assert len(said) == 1


def test_a_download_that_was_cut_short_is_repeated(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jar = repository / "org" / "example" / "broker" / "1.0" / "broker-1.0.jar"
    jar.parent.mkdir(parents=True)
    jar.write_bytes(BAD)
    central_serves(monkeypatch, GOOD)
    jars.classpath(lambda _: None)
    assert jar.read_bytes() == GOOD


@pytest.mark.usefixtures("repository")
def test_what_is_not_what_was_pinned_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    central_serves(monkeypatch, BAD)
    with pytest.raises(jars.JarsError, match="checksum mismatch for broker"):
        jars.classpath(lambda _: None)


@pytest.mark.usefixtures("repository")
def test_without_network_the_error_says_what_to_check(monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(_: PythonResolver, _artifact: Artifact) -> Path:
        raise requests.ConnectionError("no route")

    monkeypatch.setattr(PythonResolver, "download", unreachable)
    with pytest.raises(jars.JarsError, match=r"broker-1.0.jar can't be fetched: no route.*HTTPS_PROXY"):
        jars.classpath(lambda _: None)


def test_the_lock_pins_every_jar_with_a_checksum() -> None:
    pinned = LockFile.load(jars.LOCK).dependencies
    assert all(jar.sha256 for jar in pinned)
    assert {jar.version for jar in pinned if jar.groupId == "org.apache.kafka"} == {jars.KAFKA_VERSION}
