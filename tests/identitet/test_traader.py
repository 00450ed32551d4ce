"""Hashing leaves the hub to the others, and is refused where waiting would be wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest
from flask import Flask

from portal.core.db import transactional
from portal.core.errors import ForMange, Travelt
from portal.core.traader import FILER, Pulje, i_traadpool

PROGRAM = """
from gevent import monkey
monkey.patch_all()
import time, gevent
from portal.core.traader import i_traadpool
from portal.identitet.passord import lag_hash, stemmer

slag = []
def hjerte():
    while True:
        slag.append(time.monotonic())
        gevent.sleep(0.005)

gevent.spawn(hjerte)
gevent.sleep(0)
hasher = [gevent.spawn(i_traadpool, lag_hash, "lilla traktor på taket") for _ in range(4)]
gevent.joinall(hasher, raise_error=True)
assert all(stemmer(h.value.verdi, "lilla traktor på taket") for h in hasher[:1])
try:
    i_traadpool(int, "x")
except ValueError:
    print("feilen kom fram")
print("lengste stopp", max(b - a for a, b in zip(slag, slag[1:])))
print("slag", len(slag))
"""


def test_huben_gaar_mens_det_hashes() -> None:
    ut = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    tall = {linje.rsplit(" ", 1)[0]: float(linje.rsplit(" ", 1)[1]) for linje in ut.splitlines()[1:]}
    assert "feilen kom fram" in ut
    # Four hashes take some 300 ms on two threads. On the hub the heart would stand still that long.
    assert tall["slag"] > 10


def test_uten_gevent_kalles_den_rett_paa() -> None:
    assert i_traadpool(lambda a, b: a + b, 1, b=2) == 3


def test_aldri_inne_i_en_transaksjon(app: Flask) -> None:
    @transactional
    def feil() -> None:
        i_traadpool(int, "1")

    with pytest.raises(RuntimeError, match="transaction"):
        feil()


FULLT = """
from gevent import monkey
monkey.patch_all()
import threading, gevent
from gevent.monkey import get_original
from portal.core.errors import ForMange, Travelt
from portal.core.traader import FILER, JOURNAL, TEKSTER, i_traadpool
from portal.identitet.passord import lag_hash, stemmer

hash_ = lag_hash("lilla traktor på taket").verdi
sperre = get_original("_thread", "allocate_lock")()
sperre.acquire()

def fil():
    sperre.acquire()
    sperre.release()
    return "fil"

jobber = [gevent.spawn(FILER.kjoer_for, n, fil) for n in range(FILER.traader + FILER.venter)]
gevent.sleep(0.2)
try:
    FILER.kjoer_for(0, int)
except ForMange as feil:
    print(feil.kode)
try:
    FILER.kjoer_for("en til", int)
except Travelt as feil:
    print(feil.kode, feil.status)
with gevent.Timeout(30):
    print("passord", i_traadpool(stemmer, hash_, "lilla traktor på taket"))
    print("journal", JOURNAL.kjoer(str, "pdf"))
    print("side", TEKSTER.kjoer(str, "tekst"))
print("venter", sum(not j.dead for j in jobber))
sperre.release()
gevent.joinall(jobber, raise_error=True)
print("ferdig", {j.value for j in jobber}, FILER.kjoer_for(0, str, "igjen"))
"""


def test_innloggingen_gaar_mens_filene_staar() -> None:
    """All threads for files are taken and the queue is full: the next is told to come back, and nobody else waits."""
    ut = subprocess.run(
        [sys.executable, "-c", FULLT], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    assert ut.splitlines() == [
        "en_om_gangen",
        "travelt 409",
        "passord True",
        "journal pdf",
        "side tekst",
        f"venter {FILER.traader + FILER.venter}",
        "ferdig {'fil'} igjen",
    ]


def test_plassen_er_ledig_igjen_etter_en_feil() -> None:
    pulje = Pulje(1, venter=0)
    for _ in range(3):
        with pytest.raises(ValueError, match="invalid"):
            pulje.kjoer_for("Ánte", int, "x")
    assert pulje.kjoer_for("Ánte", lambda: pulje.venter) == 0


def test_en_fil_om_gangen_for_hver() -> None:
    pulje = Pulje(1, venter=1)
    with pytest.raises(ForMange, match="en_om_gangen"):
        pulje.kjoer_for("Ánte", lambda: pulje.kjoer_for("Ánte", int))
    assert pulje.kjoer_for("Ánte", lambda: pulje.kjoer_for("Biret", int)) == 0
    with pytest.raises(Travelt):
        pulje.kjoer_for("Ánte", lambda: pulje.kjoer_for("Biret", lambda: pulje.kjoer(int)))
