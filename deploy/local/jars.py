"""Apache Kafka's jars: pinned in `kafka.lock.toml`, fetched from Maven Central by jgo, kept in `.cache/m2`.

`python -m deploy.local lock` resolves `COORDINATES` anew and rewrites the lock file.
"""

import hashlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path

import requests
from jgo.config import GlobalSettings
from jgo.constants import MAVEN_CENTRAL_URL
from jgo.env import LockedDependency, LockFile
from jgo.maven import MavenContext, PythonResolver

from deploy.local.paths import CACHE

KAFKA_VERSION = "4.3.1"
COORDINATES = (
    f"org.apache.kafka:kafka_2.13:{KAFKA_VERSION}",
    # Kafka speaks to slf4j 1.7; without a provider it says so on every start and logs nothing.
    # "!": only itself; its parent POM would manage the version of kafka-clients too.
    "org.apache.logging.log4j:log4j-slf4j-impl:2.25.3!",
)
LOCK = Path(__file__).with_name("kafka.lock.toml")
REPOSITORY = CACHE / "m2"
TIMEOUT = 60  # seconds without an answer from the repository


class JarsError(Exception):
    """The broker's jars can't be had; the message says what to do."""


def lock(coordinates: Sequence[str] = COORDINATES, path: Path | None = None) -> LockFile:
    """Resolve the broker (or what else is named) and what it needs, and pin all of it with checksums."""
    context = _context()
    wanted = [context.create_dependency(coordinate) for coordinate in coordinates]
    inputs, transitive = context.resolver.resolve(wanted)
    pinned = LockFile.from_resolved_dependencies(inputs + transitive, environment_name="kafka")
    pinned.dependencies.sort(key=lambda jar: (jar.groupId, jar.artifactId))
    pinned.save(path or LOCK)
    return pinned


def classpath(say: Callable[[str], None] = print, path: Path | None = None) -> str:
    """Return the class path of what is pinned; fetch and verify what is missing first.

    Parameters
    ----------
    say
        Told in one line what is being fetched. Nothing is said, and the network isn't used,
        when all jars are there.
    path
        The lock file: the broker's, unless another is named.
    """
    path = path or LOCK
    pinned = LockFile.load(path)
    verified = REPOSITORY / f"verified-{hashlib.sha256(path.read_bytes()).hexdigest()[:16]}"
    if not (verified.exists() and all(_path(jar).exists() for jar in pinned.dependencies)):
        _fetch(pinned, path, say)
        verified.touch()
    return ":".join(str(_path(jar)) for jar in pinned.dependencies)


def _fetch(pinned: LockFile, path: Path, say: Callable[[str], None]) -> None:
    # A download that was cut short leaves half a jar behind: whatever fails its checksum goes.
    for jar in pinned.dependencies:
        if _path(jar).exists() and not _intact(jar):
            _path(jar).unlink()
    missing = [jar for jar in pinned.dependencies if not _path(jar).exists()]
    what = f"Apache Kafka {KAFKA_VERSION} (about 45 MB)" if path == LOCK else f"what {path.name} pins"
    say(f"Fetching {what}: {len(missing)} jars from Maven Central ...")
    context = _context()
    with ThreadPoolExecutor(max_workers=4) as pool:
        for done in as_completed([pool.submit(_download, context, jar) for jar in missing]):
            done.result()
    broken = [jar.artifactId for jar in pinned.dependencies if not _intact(jar)]
    if broken:
        message = f"checksum mismatch for {', '.join(broken)}: not what {path.name} pins; try again"
        raise JarsError(message)


def _download(context: MavenContext, jar: LockedDependency) -> None:
    artifact = context.project(jar.groupId, jar.artifactId).at_version(jar.version).artifact()
    try:
        artifact.resolve()
    except (requests.RequestException, RuntimeError) as error:
        message = (
            f"{artifact.filename} can't be fetched: {error}. "
            "Check the network; HTTPS_PROXY and a [repositories] mirror in ~/.config/jgo.conf are honoured."
        )
        raise JarsError(message) from error


def _path(jar: LockedDependency) -> Path:
    name = f"{jar.artifactId}-{jar.version}.{jar.packaging}"
    return REPOSITORY.joinpath(*jar.groupId.split("."), jar.artifactId, jar.version, name)


def _intact(jar: LockedDependency) -> bool:
    return hashlib.sha256(_path(jar).read_bytes()).hexdigest() == jar.sha256


def _context() -> MavenContext:
    mirrors = dict(GlobalSettings.load().repositories)  # a user's own come first
    repositories = {**mirrors, "central": mirrors.get("central", MAVEN_CENTRAL_URL)}
    # jgo's own resolver: it needs neither Maven nor Java.
    return MavenContext(
        resolver=PythonResolver(), repo_cache=REPOSITORY, remote_repos=repositories, timeout=TIMEOUT
    )
