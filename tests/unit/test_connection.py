"""Settings that fit together, secrets that never show, and clients that get what they need."""

import ast
import ssl
from pathlib import Path
from typing import Any

import pytest
import trustme
from pydantic import ValidationError

from stream import connection
from stream.commands import options
from stream.connection import ConfigProblem
from stream.settings import Settings

SECRET = "correct horse battery staple"  # noqa: S105 - of nothing
SASL: dict[str, Any] = {
    "security_protocol": "SASL_SSL",
    "sasl_username": "watch",
    "sasl_password": SECRET,
}


def test_the_password_shows_nowhere() -> None:
    settings = Settings(**SASL)
    assert SECRET not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert connection.password(settings) == SECRET
    credentials = connection.credentials(settings)
    assert SECRET not in repr(credentials)


def test_an_error_does_not_repeat_what_was_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BELWATCH_SASL_PASSWORD", SECRET)
    monkeypatch.setenv("BELWATCH_METRICS_PORT", "many")
    with pytest.raises(ValidationError) as error:
        Settings()
    assert SECRET not in str(error.value)
    monkeypatch.delenv("BELWATCH_METRICS_PORT")
    short = "hunter2"  # pydantic shortens what it shows
    monkeypatch.setenv("BELWATCH_SASL_PASSWORD", short)
    with pytest.raises(ValidationError, match="SASL user or password is set") as error:
        Settings()  # which would show all that was given
    assert short not in str(error.value)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"security_protocol": "SASL_SSL"}, "needs BELWATCH_SASL_USERNAME and BELWATCH_SASL_PASSWORD_FILE"),
        (SASL | {"security_protocol": "SSL"}, "set BELWATCH_SECURITY_PROTOCOL to SASL_SSL"),
        (SASL | {"sasl_password_file": "/x"}, "not both"),
        ({"ssl_cafile": "/x"}, "set BELWATCH_SECURITY_PROTOCOL to SSL"),
        ({"security_protocol": "TLS"}, "SASL_SSL"),
    ],
)
def test_settings_that_would_be_ignored_are_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        Settings(**given)


def test_the_environment_is_to_blame_with_another_exit_code_than_the_command_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BELWATCH_SASL_USERNAME", "watch")
    with pytest.raises(options.click.UsageError, match="SASL user or password is set") as error:
        options.settings()
    assert error.value.exit_code == 78
    monkeypatch.delenv("BELWATCH_SASL_USERNAME")
    with pytest.raises(options.click.UsageError, match="BELWATCH_RUN") as error:
        options.settings(run="No!")
    assert error.value.exit_code == 2


def test_the_password_is_read_from_its_file_without_the_line_break(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(SECRET + "\n")
    settings = Settings(**SASL | {"sasl_password": None, "sasl_password_file": file})
    assert connection.options(settings)["sasl_plain_password"] == SECRET


@pytest.mark.parametrize("content", ["", "\n", "two\nlines\n", None])
def test_a_password_file_that_holds_none_is_said(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "password"
    if content is not None:
        file.write_text(content)
    settings = Settings(**SASL | {"sasl_password": None, "sasl_password_file": file})
    with pytest.raises(ConfigProblem, match="BELWATCH_SASL_PASSWORD_FILE") as error:
        connection.password(settings)
    assert error.value.exit_code == 78


def test_tls_checks_who_the_broker_is(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = connection.tls(Settings(security_protocol="SSL", ssl_cafile=tmp_path / "ca.pem"))
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert len(context.get_ca_certs()) == 1


def test_a_certificate_without_its_key_is_said(tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    settings = Settings(security_protocol="SSL", ssl_certfile=tmp_path / "ca.pem")
    with pytest.raises(ConfigProblem, match="BELWATCH_SSL_CERTFILE"):
        connection.tls(settings)


def test_an_authority_that_is_none_is_said(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("-----BEGIN NOTHING-----\n")
    settings = Settings(security_protocol="SSL", ssl_cafile=tmp_path / "ca.pem")
    with pytest.raises(ConfigProblem, match="BELWATCH_SSL_CAFILE"):
        connection.tls(settings)


def test_without_tls_and_password_nothing_is_added() -> None:
    assert connection.options(Settings(brokers="a:1, b:2")) == {
        "bootstrap_servers": ["a:1", "b:2"],
        "security_protocol": "PLAINTEXT",
    }
    assert connection.credentials(Settings(brokers="a:1, b:2")) == {"broker": "kafka://a:1;kafka://b:2"}


def test_every_client_is_made_with_the_settings() -> None:
    stream = Path(connection.__file__).parent
    for path in sorted(stream.rglob("*.py")):
        calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
        for call in calls:
            name = call.func.id if isinstance(call.func, ast.Name) else ""
            if name in {"KafkaProducer", "KafkaConsumer", "KafkaAdminClient"}:
                assert path.name == "connection.py", f"{path}:{call.lineno}: ask stream.connection for it"
            if name in {"AIOKafkaConsumer", "AIOKafkaProducer"}:
                named = {keyword.arg for keyword in call.keywords}
                assert None in named, f"{path}:{call.lineno}: without **connection.options(settings)"
                assert "bootstrap_servers" not in named
