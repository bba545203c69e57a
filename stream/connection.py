"""Connection: every client of Kafka is made here, from the settings, and says clearly why it can't be."""

import asyncio
import logging
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka import errors as aio
from aiokafka.errors import KafkaError as AIOKafkaError
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer
from kafka.errors import AuthorizationError, KafkaError

from stream.settings import Settings

BOOTSTRAP_MS = 8_000
KNOCK_MS = 5_000
_REFUSED = (
    aio.SaslAuthenticationFailed,
    aio.AuthenticationFailedError,
    aio.UnsupportedSaslMechanismError,
    aio.IllegalSaslStateError,
)


class BrokerProblem(Exception):  # noqa: N818 - what is wrong, said so that it can be mended
    """No broker serves us as it must; the text says what to do. `exit_code` is of sysexits.h."""

    exit_code = 69  # EX_UNAVAILABLE


class AccessProblem(BrokerProblem):
    """The broker doesn't let us in, or isn't who it must be: no restart mends that."""

    exit_code = 77  # EX_NOPERM


class ConfigProblem(BrokerProblem):
    """A setting names what isn't there or can't be read: no restart mends that."""

    exit_code = 78  # EX_CONFIG


def administrator(settings: Settings) -> KafkaAdminClient:
    """Connect for administration.

    Raises
    ------
    BrokerProblem, AccessProblem, ConfigProblem
        where no broker answers, it refuses us, or a setting is wrong.
    """
    with _explained(settings):
        return KafkaAdminClient(**options(settings), bootstrap_timeout_ms=BOOTSTRAP_MS)


def producer(settings: Settings, **given: object) -> KafkaProducer:
    """Make a producer that is idempotent and wants every replica in sync to confirm; raises as above."""
    administrator(settings).close()  # a producer that can't start leaks its sockets
    with _explained(settings):
        return KafkaProducer(
            **options(settings),
            bootstrap_timeout_ms=BOOTSTRAP_MS,
            acks="all",
            enable_idempotence=True,
            allow_auto_create_topics=False,
            **given,
        )


def consumer(settings: Settings, **given: object) -> KafkaConsumer:
    """Make a consumer without a group, from the earliest record on; raises as above."""
    administrator(settings).close()
    with _explained(settings):
        return KafkaConsumer(
            **options(settings),
            bootstrap_timeout_ms=BOOTSTRAP_MS,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            **given,
        )


def options(settings: Settings) -> dict[str, Any]:
    """Bootstrap servers and credentials, in the words that kafka-python and aiokafka share."""
    found: dict[str, Any] = {
        "bootstrap_servers": settings.servers,
        "security_protocol": settings.security_protocol,
    }
    if settings.tls:
        found["ssl_context"] = tls(settings)
    if settings.sasl:
        found |= {
            "sasl_mechanism": settings.sasl_mechanism,
            "sasl_plain_username": settings.sasl_username,
            "sasl_plain_password": password(settings),
        }
    return found


def password(settings: Settings) -> str:
    """Read the SASL password: from the environment, else its file."""
    if settings.sasl_password:
        return settings.sasl_password.get_secret_value()
    return _secret("BELWATCH_SASL_PASSWORD_FILE", settings.sasl_password_file)


def tls(settings: Settings) -> ssl.SSLContext:
    """Trust the authority in the settings (else the system's), check the broker's name, show our certificate."""
    try:
        context = ssl.create_default_context(cafile=settings.ssl_cafile)
    except OSError as error:
        raise ConfigProblem(
            f"BELWATCH_SSL_CAFILE: no certificate can be read from {settings.ssl_cafile} ({error})"
        ) from error
    if settings.ssl_certfile:
        secret = settings.ssl_key_password_file
        # a function: OpenSSL would ask on the terminal for the password of a key that has one
        key_password = _secret("BELWATCH_SSL_KEY_PASSWORD_FILE", secret) if secret else ""
        try:
            context.load_cert_chain(settings.ssl_certfile, settings.ssl_keyfile, lambda: key_password)
        except OSError as error:
            raise ConfigProblem(
                f"BELWATCH_SSL_CERTFILE, _SSL_KEYFILE or _SSL_KEY_PASSWORD_FILE: {settings.ssl_certfile} and its key"
                f" can't be read or don't belong together ({type(error).__name__})"
            ) from error
    return context


def _secret(setting: str, path: Path | None) -> str:
    try:
        found = path.read_text(encoding="utf-8").strip("\r\n") if path else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigProblem(f"{setting}: {path} can't be read ({type(error).__name__})") from error
    if not found or "\n" in found:
        raise ConfigProblem(f"{setting}: {path} must hold one line, the password")
    return found


@contextmanager
def _explained(settings: Settings) -> Iterator[None]:
    """Turn what a client raises into what to do; kafka-python's own account of it, many lines long, is not shown."""
    # at DEBUG these log the bytes of a password, at INFO each connection
    wordy = ("kafka.protocol", "kafka.net")
    for name in wordy:
        logging.getLogger(name).setLevel(logging.WARNING)
    noisy = [(logger, logger.level) for logger in map(logging.getLogger, ("kafka", "aiokafka", *wordy))]
    for logger, _ in noisy:
        logger.setLevel(logging.CRITICAL)
    try:
        if settings.tls or settings.sasl:
            asyncio.run(_knock(settings))
        yield
    except ssl.SSLCertVerificationError as error:
        raise AccessProblem(
            f"the certificate of the broker at {settings.brokers} can't be trusted ({error.verify_message}): set"
            " BELWATCH_SSL_CAFILE to the authority that signed it, and BELWATCH_BROKERS to the name it is made out to"
        ) from error
    except _REFUSED as error:
        raise AccessProblem(
            f"the broker at {settings.brokers} refuses user {settings.sasl_username!r} by {settings.sasl_mechanism}:"
            " check BELWATCH_SASL_USERNAME, BELWATCH_SASL_PASSWORD or _PASSWORD_FILE, and BELWATCH_SASL_MECHANISM"
        ) from error
    except AuthorizationError as error:
        raise AccessProblem(
            f"the broker at {settings.brokers} lets us in but allows too little ({type(error).__name__}):"
            " grant this user its topics and group"
        ) from error
    except (KafkaError, AIOKafkaError, OSError, ValueError) as error:
        if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
            raise AccessProblem(
                f"the broker at {settings.brokers} ends the TLS handshake: does it speak TLS on this port, and want a"
                " certificate of ours (BELWATCH_SSL_CERTFILE)?"
            ) from error
        raise BrokerProblem(
            f"no Kafka broker answers at {settings.brokers} by {settings.security_protocol} ({type(error).__name__})."
            " Start one, or set BELWATCH_BROKERS to where yours is, and BELWATCH_SECURITY_PROTOCOL to what it speaks."
        ) from error
    finally:
        for logger, level in noisy:
            logger.setLevel(level)


async def _knock(settings: Settings) -> None:
    """Introduce ourselves once, where kafka-python would try again and again, and never say why it gave up."""
    from aiokafka.conn import AIOKafkaConnection  # noqa: PLC0415 - time to import; only where there is somebody to convince

    how = options(settings)
    for server in how.pop("bootstrap_servers"):
        host, _, port = server.rpartition(":")
        line = AIOKafkaConnection(host, int(port), request_timeout_ms=KNOCK_MS, **how)
        try:
            await line.connect()
        except ssl.SSLError:
            raise
        except (OSError, TimeoutError):
            continue  # nobody is there; the client will say, if nobody is anywhere
        finally:
            closed = line.close()
            # else the socket outlives us
            await (closed if line._protocol else asyncio.sleep(0))  # noqa: SLF001 - whether it ever was open
        return


def credentials(settings: Settings) -> Mapping[str, Any]:
    """Faust's settings for where brokers are and how to get in."""
    from faust.auth import SASLCredentials, SSLCredentials  # noqa: PLC0415 - a second to import; only the worker does

    found: dict[str, Any] = {"broker": ";".join(f"kafka://{server}" for server in settings.servers)}
    context = tls(settings) if settings.tls else None
    if settings.sasl:
        found["broker_credentials"] = SASLCredentials(
            username=settings.sasl_username,
            password=password(settings),
            mechanism=settings.sasl_mechanism,
            ssl_context=context,
        )
    elif context:
        found["broker_credentials"] = SSLCredentials(context)
    return found
