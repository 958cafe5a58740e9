"""Starts a server, runs a client's program against it, and says how that went."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from service import Service

client, program = sys.argv[1:]
with tempfile.TemporaryDirectory(prefix="compatibility-") as folder, Service(Path(folder)) as service:
    env = {**os.environ, "MLRUN_DBPATH": service.url, "MPLBACKEND": "Agg"}
    done = subprocess.run(
        [client, program], cwd=folder, env=env, stdout=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL
    )
lines = [line for line in done.stdout.splitlines() if line.startswith(("ok ", "FAILED "))]
print("\n".join(lines) or done.stdout[-2000:])
print(f"{sum(line.startswith('ok ') for line in lines)} of {len(lines)} acts succeeded")
sys.exit(done.returncode)
