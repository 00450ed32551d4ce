"""Hashing leaves the hub to the others, and is refused where waiting would be wrong."""

from __future__ import annotations

import subprocess
import sys

import pytest
from flask import Flask

from portal.core.db import transactional
from portal.core.traader import i_traadpool

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
