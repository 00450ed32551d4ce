"""Writes requirements.txt and requirements-dev.txt, with hashes, from the .in files (`make lock`).

What is locked stays as it is unless the .in files demand otherwise; `make lock UPGRADE=1` takes the newest.
Run in .venv, which has uv.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# No addresses: a lock file must not bind the next person to the index that the last one used.
OPTIONS = [
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--quiet"),
    *("--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"),
]


def main() -> int:
    upgrade = ["--upgrade"] if os.environ.get("UPGRADE") else []
    for name in ("requirements", "requirements-dev"):
        command = [
            sys.executable,
            "-m",
            "uv",
            "pip",
            "compile",
            *OPTIONS,
            *upgrade,
            f"{name}.in",
            "-o",
            f"{name}.txt",
        ]
        print(f"{name}.in → {name}.txt", flush=True)
        if subprocess.run(command, cwd=ROOT).returncode != 0:
            print(f"{name}.txt is unchanged: see the message above.", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
