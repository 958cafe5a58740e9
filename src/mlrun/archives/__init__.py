"""Archives of somebody else, unpacked whole or not at all, and never beside their folder."""

from __future__ import annotations

from mlrun.archives.members import SUFFIXES as SUFFIXES
from mlrun.archives.members import Kind as Kind
from mlrun.archives.members import Member as Member
from mlrun.archives.tree import Limits as Limits
from mlrun.archives.unpack import unpack as unpack
