"""A process of its own that writes messages: `python -m tests.henvendelser.skriver CASE MEMBERSHIP COUNT`.

It takes the database from PORTAL_DATABASE_URL, waits for a line on its input, and prints the numbers it got.
"""

from __future__ import annotations

import sys
from uuid import UUID, uuid4

from portal.factory import create_app
from portal.henvendelser.service.meldinger import send_melding
from portal.identitet.steps import aktor_for_medlemskap

if __name__ == "__main__":
    sak, medlemskap, antall = UUID(sys.argv[1]), UUID(sys.argv[2]), int(sys.argv[3])
    with create_app().app_context():
        aktor = aktor_for_medlemskap(medlemskap)
        assert aktor is not None
        print("klar", flush=True)
        sys.stdin.readline()
        print(*[send_melding(aktor, sak, uuid4(), f"{n}")[0] for n in range(antall)], flush=True)
