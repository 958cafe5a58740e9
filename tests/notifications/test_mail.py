"""Messages by SMTP, to a server that takes them."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from contextlib import ExitStack

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from mlrun.errors import MLRunInvalidArgumentError, MLRunRuntimeError, MLRunServiceUnavailableError
from mlrun.notifications.base import News
from mlrun.notifications.mail import Mail
from mlrun.testing.servers import held_port


class Mailbox:
    def __init__(self):
        self.taken = []

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos == ["full@example.com"]:
            return "552 the mailbox is full"
        self.taken.append(envelope)
        return "250 OK"


@pytest.fixture
def context(tmp_path):
    """Of a server with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "server.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(file)
    return made


@pytest.fixture
def serve():
    """Starts a mail server, and gives it with the parameters that lead to it."""
    started = ExitStack()

    def start(**options):
        port = started.enter_context(held_port())
        controller = Controller(Mailbox(), hostname="127.0.0.1", port=port, ready_timeout=60, **options)
        controller.start()
        started.callback(controller.stop)
        params = {
            "server_host": "127.0.0.1",
            "server_port": port,
            "sender_address": "mlrun@example.com",
            "email_addresses": "a@example.com, b@example.com",
        }
        return controller.handler, params

    with started:
        yield start


def test_a_mail_has_what_there_is_to_know(run, serve):
    mailbox, params = serve()

    Mail().send(News("it is trained", "info", run), {**params, "start_tls": False})

    [envelope] = mailbox.taken
    assert envelope.mail_from == "mlrun@example.com"
    assert envelope.rcpt_tos == ["a@example.com", "b@example.com"]
    text = envelope.content.decode()
    assert "Subject: [info] it is trained: run train is completed" in text
    assert "accuracy=0.9" in text


def test_it_logs_in_over_tls(run, serve, context):
    logins = []

    def authenticate(server, session, envelope, mechanism, data):
        logins.append((data.login, data.password))
        return AuthResult(success=True)

    mailbox, params = serve(tls_context=context, authenticator=authenticate, auth_required=True)

    Mail().send(
        News("m", "info", run), {**params, "username": "me", "password": "s3cr3t", "validate_certs": False}
    )

    assert logins == [(b"me", b"s3cr3t")]
    assert len(mailbox.taken) == 1


def test_a_certificate_that_nobody_vouches_for_is_refused(run, serve, context):
    mailbox, params = serve(tls_context=context)

    with pytest.raises(MLRunServiceUnavailableError, match=r"127\.0\.0\.1 can not be reached"):
        Mail().send(News("m", "info", run), params)

    assert mailbox.taken == []


def test_a_refusal_is_said(run, serve):
    _, params = serve()

    with pytest.raises(MLRunRuntimeError, match=r"127\.0\.0\.1 answered 552 the mailbox is full"):
        Mail().send(
            News("m", "info", run), {**params, "start_tls": False, "email_addresses": ["full@example.com"]}
        )


def test_a_headline_of_several_lines_is_one_subject(run, serve):
    mailbox, params = serve()

    Mail().send(News("a\nBcc: evil@example.com", "info", run), {**params, "start_tls": False})

    assert "\nBcc:" not in mailbox.taken[0].content.decode().replace("\r", "").partition("\n\n")[0]


def test_a_password_is_not_sent_in_the_open():
    params = {"server_host": "h", "sender_address": "a@example.com", "email_addresses": "b@example.com"}

    with pytest.raises(MLRunInvalidArgumentError, match="a password is sent over TLS only"):
        Mail().check({**params, "password": "s3cr3t", "start_tls": False})
