"""A port in use is one clear sentence: which port, whose, and the setting that moves it."""

import socket

import pytest

from deploy.local import HOST
from deploy.local.ports import Ports, PortTakenError, free_port


@pytest.mark.parametrize("name", list(Ports.model_fields))
def test_a_taken_port_is_named_with_its_setting(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for other in Ports.model_fields:
        monkeypatch.setenv(Ports.setting(other), str(free_port()))
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv(Ports.setting(name), str(port))
        with pytest.raises(PortTakenError, match=rf"port {port}, for {name}.*{Ports.setting(name)}"):
            Ports().require_free()


def test_free_ports_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Ports.model_fields:
        monkeypatch.setenv(Ports.setting(name), str(free_port()))
    Ports().require_free()
