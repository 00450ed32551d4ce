"""A worker process that runs one round when it is told to: `python -m tests.levende.arbeider`.

It is the portal's own worker with the portal's own jobs; only its clock is given. Each line in is a moment
(ISO 8601) at which every job is due; each line out says that the round is done.
"""

from __future__ import annotations

import sys
from datetime import datetime

from portal.cli import arbeider
from portal.core.clock import som_om
from portal.factory import create_app


def main() -> None:
    arbeideren = arbeider(create_app())
    print("klar", flush=True)
    for runde, linje in enumerate(sys.stdin, 1):
        with som_om(datetime.fromisoformat(linje.strip())):
            arbeideren.en_runde(runde * 1e6)
        print("ferdig", flush=True)


if __name__ == "__main__":
    main()
