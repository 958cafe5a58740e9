"""Kind ``mail``: a message by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Mapping
from email.errors import HeaderParseError, MessageError
from email.message import EmailMessage
from typing import Any

from mlrun import render
from mlrun.config import mlconf
from mlrun.errors import MLRunInvalidArgumentError, MLRunRuntimeError, MLRunServiceUnavailableError
from mlrun.notifications.base import News, Notifier

_PORT = 587


class Mail(Notifier):
    """
    ``email_addresses`` is a list, or a text with commas; ``use_tls`` speaks TLS from the first byte,
    ``start_tls`` (the default) after it has asked. A password is sent over TLS only.
    """

    params = (
        *("server_host", "server_port", "sender_address", "username", "password", "email_addresses"),
        *("subject", "use_tls", "start_tls", "validate_certs"),
    )
    needs = ("server_host", "sender_address", "email_addresses")

    def check(self, params: Mapping[str, Any]) -> None:
        super().check(params)
        if params.get("password") and not _is_private(params):
            raise MLRunInvalidArgumentError("a password is sent over TLS only: start_tls or use_tls, please")
        try:
            _message("", "", params)
        except (HeaderParseError, MessageError, ValueError, IndexError) as error:
            raise MLRunInvalidArgumentError(f"an address is none: {error}") from error

    def send(self, news: News, params: Mapping[str, Any]) -> None:
        subject = str(params.get("subject") or news.headline)
        message = _message(subject, render.record_text(news.headline, news.facts()), params)
        try:
            with _connection(params) as server:
                if params.get("username"):
                    server.login(str(params["username"]), str(params.get("password", "")))
                server.send_message(message)
        except smtplib.SMTPResponseException as error:
            reason = (
                error.smtp_error.decode("utf-8", "replace") if isinstance(error.smtp_error, bytes) else ""
            )
            raise MLRunRuntimeError(f"{params['server_host']} answered {error.smtp_code} {reason}") from error
        except smtplib.SMTPException as error:
            raise MLRunRuntimeError(f"{params['server_host']} did not take it: {error}") from error
        except OSError as error:
            raise MLRunServiceUnavailableError(
                f"{params['server_host']} can not be reached: {error.strerror or type(error).__name__}"
            ) from error


def _is_private(params: Mapping[str, Any]) -> bool:
    return bool(params.get("use_tls")) or params.get("start_tls") is not False


def _connection(params: Mapping[str, Any]) -> smtplib.SMTP:
    host, port = str(params["server_host"]), int(params.get("server_port") or _PORT)
    timeout, context = float(mlconf.notifications.timeout), ssl.create_default_context()
    if params.get("validate_certs") is False:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if params.get("use_tls"):
        return smtplib.SMTP_SSL(host, port, timeout=timeout, context=context)
    server = smtplib.SMTP(host, port, timeout=timeout)
    if params.get("start_tls") is not False:
        try:
            server.starttls(context=context)
        except BaseException:
            server.close()
            raise
    return server


def _message(subject: str, text: str, params: Mapping[str, Any]) -> EmailMessage:
    given = params["email_addresses"]
    addresses = given.split(",") if isinstance(given, str) else list(given)
    message = EmailMessage()
    message["Subject"] = " ".join(subject.split())
    message["From"] = str(params["sender_address"])
    message["To"] = ", ".join(str(address).strip() for address in addresses)
    message.set_content(text)
    return message
