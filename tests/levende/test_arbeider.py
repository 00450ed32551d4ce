"""Two workers on one database: due work is done once, whichever of them comes first."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import sqlalchemy as sa

from portal.core.clock import now
from portal.revisjon.models import Revisjon, Revisjonskjede, Revisjonssegl
from tests.levende.conftest import Folk
from tests.levende.tjener import ROT, VENT, Hus, vent_til


def start_arbeider(hus: Hus, logg: Path) -> subprocess.Popen[str]:
    with logg.open("w") as feil:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.levende.arbeider"],
            cwd=ROT,
            env=hus.miljoe,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=feil,
            text=True,
        )


def test_to_arbeidere_forsegler_en_gang(hus: Hus, folk: Folk, sak: str) -> None:
    arbeidere = [start_arbeider(hus, hus.mappe / f"arbeider{nummer}.log") for nummer in range(2)]

    def si(linje: str) -> None:
        """To both at once, and both answers."""
        for a in arbeidere:
            assert a.stdin
            a.stdin.write(f"{linje}\n")
            a.stdin.flush()
        svar()

    def svar() -> None:
        for a in arbeidere:
            assert a.stdout
            assert a.stdout.readline(), (hus.mappe / "arbeider0.log").read_text()

    try:
        svar()
        foer = hus.verdi(sa.select(sa.func.count()).select_from(Revisjonssegl))
        start = now()
        for time in range(1, 7):
            # Something new to seal, and an hour and a minute since the last time.
            assert folk("spesialist").get(f"/henvendelser/{sak}").status == 200
            si((start + timedelta(minutes=61 * time)).isoformat())
        segl = hus.rader(
            sa.select(Revisjonssegl.nummer, Revisjonssegl.tidspunkt).order_by(Revisjonssegl.nummer)
        )
        assert len(segl) == foer + 6 and [s.nummer for s in segl] == list(range(1, len(segl) + 1))
        assert all(b.tidspunkt - a.tidspunkt >= timedelta(hours=1) for a, b in pairwise(segl))
        # Within the hour, however many ask: nothing.
        si((start + timedelta(minutes=61 * 6 + 30)).isoformat())
        assert hus.verdi(sa.select(sa.func.count()).select_from(Revisjonssegl)) == len(segl)
        # The worker's other jobs have written since. What stood there before the last seal is under it.
        uforseglet = (
            sa.select(sa.func.count())
            .select_from(Revisjonskjede)
            .join(Revisjon, Revisjon.kjede == Revisjonskjede.noekkel)
            .where(Revisjon.nummer > Revisjonskjede.forseglet, Revisjon.tidspunkt < segl[-1].tidspunkt)
        )
        assert hus.verdi(uforseglet) == 0
    finally:
        for a in arbeidere:
            assert a.stdin and a.stdout
            a.stdin.close()
            assert a.wait(VENT) == 0
            a.stdout.close()
    hus.kontroller_revisjon()
    for nummer in range(2):
        logg = (hus.mappe / f"arbeider{nummer}.log").read_text()
        assert "jobb_feilet" not in logg and "Traceback" not in logg, logg


def test_arbeideren_paa_kommandolinja(hus: Hus) -> None:
    """`flask portal arbeider` runs until it is told to stop, and says so."""
    logg = hus.mappe / "arbeider.log"
    with logg.open("w") as ut:
        prosess = subprocess.Popen(
            [sys.executable, "-m", "flask", "--app", "portal.factory:create_app", "portal", "arbeider"],
            cwd=ROT,
            env=hus.miljoe,
            stdout=ut,
            stderr=subprocess.STDOUT,
        )
    try:
        vent_til(lambda: "Arbeideren går" in logg.read_text(), "arbeideren går")
        assert prosess.poll() is None
    finally:
        prosess.terminate()
        prosess.wait(VENT)
    assert "Traceback" not in logg.read_text()
