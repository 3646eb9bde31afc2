"""Certificates of a CA that is made here, and a server on loopback that shows one."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A CA; `root` is the file that whoever trusts it is given."""

    def __init__(self, folder: Path, name: str = "Test Trust") -> None:
        self.folder = folder
        self.root = folder / "root.pem"
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, name)])
        constraint = x509.BasicConstraints(ca=True, path_length=None)
        made = self._builder(self._name, self._key, days=30).add_extension(constraint, critical=True)
        self.root.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def issue(self, host: str, *, days: int = 30) -> Path:
        """A file with a key and a certificate for the host, which ends in so many days."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(x509.Name([]), key, days=days)
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        made = builder.add_extension(names, critical=True).sign(self._key, hashes.SHA256())
        path = self.folder / f"{host}.pem"
        pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
        private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        path.write_bytes(private + made.public_bytes(pem))
        return path

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, *, days: int) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        return (
            builder.serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=60))
            .not_valid_after(now + timedelta(days=days))
        )


@contextmanager
def shown(certificate: Path, *, lowest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_2) -> Iterator[int]:
    """A server that shows this certificate to everybody; its port. `lowest`: the oldest version that it speaks."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = lowest
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, context), daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def _serve(listening: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            connection, _address = listening.accept()
            threading.Thread(target=_greet, args=(connection, context), daemon=True).start()


def _greet(connection: socket.socket, context: ssl.SSLContext) -> None:
    connection.settimeout(5)
    with connection, suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
        secured.recv(1)
