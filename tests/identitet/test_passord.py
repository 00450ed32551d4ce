"""What a good password is, and how it is kept."""

from __future__ import annotations

import pytest

from portal.core.errors import UgyldigData
from portal.identitet import passord as p
from portal.identitet.demo import DEMO_PASSORD

INGRID = p.personlige_ord("Ingrid Hætta", "ingrid.haetta@alta.kommune.no", "Alta legevakt")


@pytest.mark.parametrize(
    "passord",
    [
        "kort",
        "elleve tegn",
        "passord12345",
        "P@ssw0rd2024!",
        "PassordPassord",
        "Sommerferie2024!",
        "sommervinter",
        "Velkommen1234",
        "administrator",
        "qwertyuiopå1",
        "asdfghjkløæ!",
        "1qaz2wsx3edc",
        "zxcvbnm,.-zxcvbnm",
        "aaaaaaaaaaaaaaaa",
        "abababababab",
        "abcdefghijklmnop",
        "123456789012",
        "12345678901234567890",
        "kattkattkatt",
        "Ingrid2024!!",
        "IngridHætta1",
        "ingridhaetta99",
        "Alta legevakt 1",
        "Rosenborg1917",
        "liverpoolfc1892",
        "januar-februar",
        "norgenorge123",
        "PASSORD-PASSORD-1",
        "x" * 201,
        "            ",
    ],
)
def test_daarlige_passord(passord: str) -> None:
    with pytest.raises(UgyldigData) as info:
        p.kontroller(passord, personlig=INGRID)
    assert list(info.value.detaljer["felter"]) == ["passord"]


@pytest.mark.parametrize(
    "passord",
    [
        "Riktig hest batteri stift 7",
        "correcthorsebatterystaple",
        "sjakk bever plommetre",
        "kW9#vR2$mT5!x",
        "7#9$2!8%4&6*",
        "đŋšŧž-æøå-12ab",
        "lilla traktor på taket",
        DEMO_PASSORD,
    ],
)
def test_gode_passord(passord: str) -> None:
    p.kontroller(passord, personlig=INGRID)


def test_eget_navn_teller_bare_for_en_selv() -> None:
    passord = "Sárá Šállu og Ánte"
    p.kontroller(passord, personlig=INGRID)
    for skrevet in (passord, "sara sallu og ante", "SARASALLUANTE"):
        with pytest.raises(UgyldigData):
            p.kontroller(skrevet, personlig=p.personlige_ord("Sárá Šállu", "x@y.no", "Ánte"))


def test_hash_er_argon2id_med_salt_og_taaler_andre_tastaturer() -> None:
    sammensatt, delt = "blåbærsyltetøy", "bla\u030abærsyltetøy"
    assert sammensatt != delt
    en, to = p.lag_hash(sammensatt).verdi, p.lag_hash(sammensatt).verdi
    assert en != to and en.startswith("$argon2id$v=19$m=65536,t=3,p=1$") and len(en) <= 200
    assert p.stemmer(en, delt)
    assert not p.stemmer(en, "blåbærsyltetøy ")


def test_uten_hash_stemmer_intet() -> None:
    assert not p.stemmer(None, "hva som helst")
    assert not p.stemmer("ikke en hash", "hva som helst")


def test_hashen_for_ukjente_konti_koster_det_samme() -> None:
    assert not p.boer_fornyes(p.INGEN_KONTO)
    assert p.boer_fornyes("$argon2id$v=19$m=8192,t=1,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA")


def test_for_lange_passord_hashes_ikke(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(p, "_hasher", None)
    assert not p.stemmer("$argon2id$", "x" * 201)
    assert not p.stemmer("$argon2id$", "ﷺ" * 200)  # each becomes 18 signs


def test_ordlista_er_ren() -> None:
    ord_ = sorted(p._vanlige())
    assert len(ord_) > 500
    assert all(o == o.lower() and len(o) >= 4 and " " not in o for o in ord_)
