"""From AWS credentials to what s3fs is told."""

from __future__ import annotations

import datetime
import os
import threading
from typing import Any, NamedTuple

from mlrun.datastore.credentials import Credentials
from mlrun.errors import MLRunInvalidArgumentError

KEY, SECRET, TOKEN = "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"
PROFILE, ROLE = "AWS_PROFILE", "MLRUN_AWS_ROLE_ARN"
ENDPOINTS = ("S3_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3")
REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")
NON_ANONYMOUS = "S3_NON_ANONYMOUS"
NAMES = (KEY, SECRET, TOKEN, PROFILE, ROLE, *ENDPOINTS, *REGIONS, NON_ANONYMOUS)
# Where botocore finds a login by itself; it also asks the cloud's machine, which takes seconds elsewhere.
OF_MACHINE = ("AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")
EARLIER = datetime.timedelta(minutes=10)  # a login by role is renewed so long before it ends


def s3_options(credentials: Credentials, authority: str) -> dict[str, Any]:
    """
    What s3fs connects with.

    Without a key, a profile or a role, and where this machine has none of its own, nobody logs in
    (public buckets); ``S3_NON_ANONYMOUS`` makes botocore look everywhere it knows.

    Raises:
        MLRunInvalidArgumentError: A key without its secret.
    """
    options = _login(credentials)
    if role := credentials.get(ROLE):
        options = _role_login(role, options, credentials)
    if endpoint := credentials.get(*ENDPOINTS):
        options["endpoint_url"] = endpoint
    if region := credentials.get(*REGIONS):
        options["client_kwargs"] = {"region_name": region}
    return options


def _login(credentials: Credentials) -> dict[str, Any]:
    login = credentials.together(KEY, SECRET, TOKEN, PROFILE)
    if KEY in login or SECRET in login:
        if missing := [name for name in (KEY, SECRET) if name not in login]:
            raise MLRunInvalidArgumentError(
                f"{missing[0]} is missing beside the other half of its pair; give both in one place"
            )
        token = {"token": login[TOKEN]} if TOKEN in login else {}
        return {"key": login[KEY], "secret": login[SECRET], **token}
    if PROFILE in login:
        return {"profile": login[PROFILE]}
    is_named = credentials.get(NON_ANONYMOUS).lower() not in ("", "0", "false", "no")
    return {} if is_named or _has_own_login() or credentials.get(ROLE) else {"anon": True}


def _has_own_login() -> bool:
    path = os.environ.get("AWS_SHARED_CREDENTIALS_FILE") or os.path.expanduser("~/.aws/credentials")
    return os.path.exists(path) or any(os.environ.get(name) for name in OF_MACHINE)


class _RoleLogin(NamedTuple):
    options: dict[str, Any]
    expires: datetime.datetime


_roles: dict[tuple[str, ...], _RoleLogin] = {}
_lock = threading.Lock()


def _role_login(role: str, options: dict[str, Any], credentials: Credentials) -> dict[str, Any]:
    """The login that *role* gives to whom *options* log in; asked for once an hour."""
    who = (role, *(str(options.get(name, "")) for name in ("key", "secret", "token", "profile")))
    with _lock:
        known = _roles.get(who)
        if known is None or known.expires - EARLIER < datetime.datetime.now(datetime.timezone.utc):
            known = _roles[who] = _assume(role, options, credentials)
        return dict(known.options)


def _assume(role: str, options: dict[str, Any], credentials: Credentials) -> _RoleLogin:
    import botocore.session  # comes with s3fs

    session = botocore.session.Session(profile=options.get("profile"))
    client = session.create_client(
        "sts",
        region_name=credentials.get(*REGIONS) or "us-east-1",
        endpoint_url=credentials.get("AWS_ENDPOINT_URL_STS") or None,
        aws_access_key_id=options.get("key"),
        aws_secret_access_key=options.get("secret"),
        aws_session_token=options.get("token"),
    )
    given = client.assume_role(RoleArn=role, RoleSessionName="mlrun")["Credentials"]
    login = {"key": given["AccessKeyId"], "secret": given["SecretAccessKey"], "token": given["SessionToken"]}
    return _RoleLogin(login, given["Expiration"])
