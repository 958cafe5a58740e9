"""What user code may know and records, logs and errors may not."""

from __future__ import annotations

from mlrun.secrets.lookup import get_secret_or_env as get_secret_or_env
from mlrun.secrets.mask import Masker as Masker
from mlrun.secrets.provider import SecretProvider as SecretProvider
from mlrun.secrets.provider import kinds as kinds
from mlrun.secrets.secret import STARS as STARS
from mlrun.secrets.secret import Secret as Secret
from mlrun.secrets.store import SecretsStore as SecretsStore
from mlrun.secrets.store import masked_sources as masked_sources
