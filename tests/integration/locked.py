"""A broker that asks who is there: SASL over TLS, and certificates on both sides."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import trustme
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from kafka import KafkaAdminClient
from kafka.admin import UserScramCredentialUpsertion

from deploy.local import HOST
from deploy.local.kafka import Broker
from deploy.local.ports import free_port
from stream.settings import Settings

USER, PASSWORD = "watch-officer", "correct horse battery staple"
WRONG = "hunter2-is-not-it"
# Kafka takes a fixed salt and iterations; what it stores is no secret here.
MECHANISMS = ("SCRAM-SHA-256", "SCRAM-SHA-512", "PLAIN")


class Locked(NamedTuple):
    """Where it listens, and the files that a client needs."""

    broker: Broker
    sasl: str
    mutual: str
    ca: Path
    stranger: Path  # an authority that signed nothing here
    certificate: Path

    def settings(self, **given: object) -> Settings:
        """Settings with the right password, unless told otherwise."""
        right: dict[str, Any] = {
            "brokers": self.sasl,
            "security_protocol": "SASL_SSL",
            "sasl_username": USER,
            "sasl_password": PASSWORD,
            "ssl_cafile": self.ca,
        }
        return Settings(**right | given)

    def mutually(self, **given: object) -> Settings:
        """Settings with a certificate in place of a password."""
        right: dict[str, Any] = {
            "brokers": self.mutual,
            "security_protocol": "SSL",
            "ssl_cafile": self.ca,
            "ssl_certfile": self.certificate,
        }
        return Settings(**right | given)


def locked(folder: Path) -> Locked:
    """Make the authority, the certificates and the broker, not yet started."""
    authority, stranger = trustme.CA(), trustme.CA()
    server, client = authority.issue_cert(HOST), authority.issue_cert("worker@belwatch.example")
    files = {name: folder / f"{name}.pem" for name in ("ca", "stranger", "server", "client")}
    authority.cert_pem.write_to_path(files["ca"])
    stranger.cert_pem.write_to_path(files["stranger"])
    client.private_key_and_cert_chain_pem.write_to_path(files["client"])
    chain = b"".join(part.bytes() for part in server.cert_chain_pems)
    files["server"].write_bytes(_pkcs8(server.private_key_pem.bytes()) + chain)
    plain, sasl, mutual = free_port(), free_port(), free_port()
    more = _listeners(plain, sasl, mutual, files)
    return Locked(
        Broker(plain, folder / "kafka", more),
        f"{HOST}:{sasl}",
        f"{HOST}:{mutual}",
        files["ca"],
        files["stranger"],
        files["client"],
    )


def enlist(broker: Broker) -> None:
    """Tell the broker the user's SCRAM passwords."""
    admin = KafkaAdminClient(bootstrap_servers=broker.address)
    try:
        for mechanism in MECHANISMS[:2]:
            answer = admin.alter_user_scram_credentials(
                [UserScramCredentialUpsertion(USER, mechanism, PASSWORD)]
            )
            assert not any(answer.values()), answer
    finally:
        admin.close()


def _listeners(plain: int, sasl: int, mutual: int, files: Mapping[str, Path]) -> dict[str, str]:
    scram = "org.apache.kafka.common.security.scram.ScramLoginModule required;"
    text = (
        f'org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";'
        # what the module wants although nobody logs in as the broker
    )
    listens = f"SASL_SSL://{HOST}:{sasl},SSL://{HOST}:{mutual}"
    controller = free_port()
    return {
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "listeners": f"PLAINTEXT://{HOST}:{plain},{listens},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{plain},{listens}",
        "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,SSL:SSL,CONTROLLER:PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "sasl.enabled.mechanisms": ",".join(MECHANISMS),
        "listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config": scram,
        "listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config": scram,
        "listener.name.sasl_ssl.plain.sasl.jaas.config": text,
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(files["server"]),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(files["ca"]),
        "listener.name.ssl.ssl.client.auth": "required",
    }


def _pkcs8(key: bytes) -> bytes:
    """Java reads no other form."""
    return load_pem_private_key(key, None).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
