"""Searching in agreements: Norwegian stems, who finds what, which wording, and questions that are hard to read."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from portal.avtaler import soek as regler
from portal.avtaler import steps
from portal.avtaler.forloep import Art, Status
from portal.avtaler.models import Avtale, Avtaleversjon, Bestemmelse
from portal.avtaler.service import soek
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import i_dag, now
from portal.core.db import db, transactional
from tests.avtalehjelp import lag_avtale, lag_bestemmelse
from tests.bygg import Scene, lag_aktor, lag_organisasjon, lagre
from tests.conftest import DB

#: PostgreSQL looks through the clauses of who has few agreements, and else asks the index of words.
VEIER = ("gjennom dem alle", "ordindeksen") if DB == "postgresql" else ("sqlite",)


@pytest.fixture(autouse=True, params=VEIER)
def _vei(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "ordindeksen":
        monkeypatch.setattr(soek, "FAA_EGNE", -1)


@transactional
def _indekser() -> None:
    regler.indekser(db.session.scalars(sa.select(Bestemmelse)).all())


def _avtale(scene: Scene, *klausuler: dict[str, Any], **felt: Any) -> Avtale:
    felt = {"status": Status.GJELDENDE, **felt}
    a = lag_avtale(scene.hf, [scene.kommune], bestemmelser=klausuler, **felt)
    _indekser()
    return a


def _tilsynet() -> Aktor:
    """Who sees whatever has been in force in the country: PostgreSQL searches for them in a way of its own."""
    return lag_aktor(Rolle.INNSYN, lag_organisasjon("myndighet", "Tilsynet"))


def _funnet(hvem: Any, q: str, **valg: Any) -> list[str]:
    return [
        t.overskrift.replace(regler.MERK_FRA, "").replace(regler.MERK_TIL, "")
        for t in soek.finn(hvem, q, **valg).treff
    ]


def test_ord_finnes_i_andre_boeyninger(scene: Scene) -> None:
    _avtale(
        scene,
        {"overskrift": "Innleggelser", "tekst": "Fastlegen ringer vakthavende lege ved sykehuset."},
        {"overskrift": "Transport", "tekst": "Ambulansen bestilles av legevakta."},
        {
            "overskrift": "Kriterier",
            "tekst": "",
            "kriterier": [{"kriterium": "Dehydrering hos eldre", "hvem": "Legen", "frist": "Straks"}],
        },
    )
    assert _funnet(scene.lege, "innleggelse") == ["Innleggelser"]
    assert _funnet(scene.lege, "ambulanser") == ["Transport"]
    assert _funnet(scene.lege, "SYKEHUSENE") == ["Innleggelser"]
    # What a criterion says is searched too.
    assert _funnet(scene.lege, "dehydrering") == ["Kriterier"]
    assert _funnet(scene.lege, "epidemi") == []


def test_flere_ord_fraser_uten_og_eller(scene: Scene) -> None:
    _avtale(
        scene,
        {"overskrift": "En", "tekst": "Øyeblikkelig hjelp gis hele døgnet."},
        {"overskrift": "To", "tekst": "Hjelp kan gis, men ikke alltid øyeblikkelig."},
        {"overskrift": "Tre", "tekst": "Ambulansen kommer."},
    )
    assert sorted(_funnet(scene.lege, "øyeblikkelig hjelp")) == ["En", "To"]
    assert _funnet(scene.lege, '"øyeblikkelig hjelp"') == ["En"]
    assert _funnet(scene.lege, "hjelp -døgnet") == ["To"]
    for eller in ("eller", "or", "ELLER"):
        assert sorted(_funnet(scene.lege, f"døgnet {eller} ambulanse")) == ["En", "Tre"]


def test_det_beste_kommer_foerst_og_ordene_er_merket(scene: Scene) -> None:
    _avtale(
        scene,
        {"overskrift": "Annet", "tekst": "Varsel sendes også ved utskrivning. " + "Noe helt annet. " * 40},
        {"overskrift": "Varsel om utskrivning", "tekst": "Varsel til kommunen innen 24 timer."},
    )
    svar = soek.finn(scene.lege, "varsel")
    assert [t.nummer for t in svar.treff] == ["2", "1"]
    assert svar.treff[0].gjelder and svar.antall == 2
    assert regler.merkede(svar.treff[0].overskrift) == [("Varsel", True), (" om utskrivning", False)]
    (ord_, merket), (etter, _ikke) = regler.merkede(svar.treff[1].utdrag)[:2]
    assert (ord_, merket) == ("Varsel", True) and etter.startswith(" sendes")
    assert len(svar.treff[1].utdrag) < 400


def test_tekst_blir_aldri_til_markup(scene: Scene) -> None:
    """Our own marks, should somebody write them, mark nothing; a page shows the rest as text (test_gjelder_sider)."""
    _avtale(
        scene,
        {
            "overskrift": "<b>Farlig</b>",
            "tekst": f"<script>alert(1)</script> farlig {regler.MERK_FRA}x{regler.MERK_TIL}",
        },
    )
    t = soek.finn(scene.lege, "farlig").treff[0]
    for tekst in (t.overskrift, t.utdrag):
        assert [b for b, funnet in regler.merkede(tekst) if funnet] in (["Farlig"], ["farlig"])
    assert "alert(1)" in t.utdrag and t.utdrag.endswith("x")


def test_bare_det_en_kan_se(scene: Scene) -> None:
    """What holds is for all at the parties; a draft for those who see the work; the others find nothing."""
    _avtale(scene, {"overskrift": "Gjelder", "tekst": "Fugl"})
    utkast = _avtale(scene, {"overskrift": "Utkast", "tekst": "Fugl"}, status=Status.UTKAST)
    sendt = _avtale(scene, {"overskrift": "Forhandles", "tekst": "Fugl"}, status=Status.TIL_FORHANDLING)

    @transactional
    def _send() -> None:
        v = db.session.scalars(sa.select(Avtaleversjon).where(Avtaleversjon.avtale_id == sendt.id)).one()
        v.sendt_til_forhandling = now()

    _send()
    for hvem, skal in (
        (scene.lege, ["Gjelder"]),
        (scene.spesialist, ["Gjelder"]),
        (scene.koordinator, ["Forhandles", "Gjelder", "Utkast"]),
        (lag_aktor(Rolle.KOORDINATOR, scene.kommune), ["Forhandles", "Gjelder"]),
        (scene.kommuneoverlege, ["Forhandles", "Gjelder"]),
        (scene.fremmed_lege, []),
        (scene.fremmed_spesialist, []),
        (lag_aktor(Rolle.KOORDINATOR, scene.annen_kommune), []),
        (_tilsynet(), ["Gjelder"]),
    ):
        assert sorted(_funnet(hvem, "fugl")) == skal, (hvem.navn, hvem.rolle)
    t = next(t for t in soek.finn(scene.koordinator, "fugl").treff if t.avtale_id == utkast.id)
    assert (t.gjelder, t.status) == (False, "utkast")


def test_bare_ordlyden_som_gjelder_og_utkastets(scene: Scene) -> None:
    """Old wordings are not found. A clause that a draft is changing is still found as it holds."""
    a = _avtale(scene, {"overskrift": "Eldst", "tekst": "Mammut", "til_versjon": 2}, i_kraft_til=i_dag())
    _bytt_status(a)
    lagre(
        Avtaleversjon(
            id=uuid4(),
            avtale_id=a.id,
            nummer=2,
            status=Status.GJELDENDE,
            opprettet=now(),
            i_kraft_fra=i_dag(),
        ),
        Avtaleversjon(id=uuid4(), avtale_id=a.id, nummer=3, status=Status.UTKAST, opprettet=now()),
    )
    lag_bestemmelse(a, overskrift="Gjelder", tekst="Mammut", fra_versjon=2, til_versjon=3)
    lag_bestemmelse(a, overskrift="Ny", tekst="Mammut i utkastet", fra_versjon=3)
    lag_bestemmelse(a, overskrift="I begge", tekst="Mammut", fra_versjon=2, plass=2)
    _indekser()
    for hvem in (scene.lege, _tilsynet()):
        assert sorted(_funnet(hvem, "mammut")) == ["Gjelder", "I begge"]
        assert {(t.versjon, t.gjelder) for t in soek.finn(hvem, "mammut").treff} == {(2, True)}
    svar = {t.overskrift: t for t in soek.finn(scene.koordinator, "mammuter").treff}
    assert {o.strip(regler.MERK_FRA + regler.MERK_TIL) for o in svar} == {"Gjelder", "I begge", "Ny"}
    assert (svar["I begge"].versjon, svar["I begge"].gjelder) == (2, True)
    assert (svar["Ny"].versjon, svar["Ny"].gjelder) == (3, False)


@transactional
def _bytt_status(a: Avtale) -> None:
    v = db.session.scalars(
        sa.select(Avtaleversjon).where(Avtaleversjon.avtale_id == a.id, Avtaleversjon.nummer == 1)
    ).one()
    v.status = Status.ERSTATTET
    db.session.merge(a).siste_nummer = 3


def test_det_som_er_utloept_eller_kommer_kan_leses(scene: Scene) -> None:
    dag = i_dag()
    _avtale(
        scene,
        {"overskrift": "Utløpt", "tekst": "Drage"},
        status=Status.UTLOEPT,
        i_kraft_fra=dag - timedelta(days=9),
        i_kraft_til=dag,
    )
    _avtale(
        scene,
        {"overskrift": "Kommer", "tekst": "Drage"},
        status=Status.GODKJENT,
        i_kraft_fra=dag + timedelta(days=9),
    )
    for hvem in (scene.lege, _tilsynet()):
        assert sorted(_funnet(hvem, "drage")) == ["Kommer", "Utløpt"]
        assert not any(t.gjelder for t in soek.finn(hvem, "drage").treff)


@pytest.mark.parametrize("hvem", ["lege", "tilsynet"])
def test_sider_og_avgrensning(scene: Scene, monkeypatch: pytest.MonkeyPatch, hvem: str) -> None:
    aktor = _tilsynet() if hvem == "tilsynet" else scene.lege
    _avtale(scene, *({"overskrift": f"Nr {n}", "tekst": "Ku", "art": Art.ANNET} for n in range(45)))
    en = soek.finn(aktor, "ku")
    assert (en.antall, en.antall_sider, len(en.treff), en.flere) == (45, 3, 20, False)
    tre = soek.finn(aktor, "ku", 3)
    assert len(tre.treff) == 5
    assert not {t.noekkel for t in en.treff} & {t.noekkel for t in tre.treff}
    assert soek.finn(aktor, "ku", 99).side == 3
    assert soek.finn(aktor, "ku", art="oehd").antall == 0
    assert soek.finn(aktor, "ku", art="annet").antall == 45
    # More than are ranked is said.
    monkeypatch.setattr(soek, "FLEST_TREFF", 20)
    mange = soek.finn(aktor, "ku")
    assert (mange.antall, mange.flere, len(mange.treff)) == (20, True, 20)


def test_avtaler_finnes_paa_navnet(scene: Scene) -> None:
    a = _avtale(scene, {}, tittel="Tjenesteavtale om jordmor", nummer="8")
    assert [n.avtale_id for n in soek.finn(scene.lege, "jordmor").avtaler] == [a.id]
    assert [n.avtale_id for n in soek.finn(scene.lege, "tjenesteavtale 8").avtaler] == [a.id]
    assert soek.finn(scene.lege, "100%").avtaler == []
    assert soek.finn(scene.fremmed_lege, "jordmor").avtaler == []


@pytest.mark.parametrize(
    "q",
    [
        *(
            '"',
            '""',
            "-",
            "- -",
            '"og i på"',
            "og",
            "-varsel",
            "'",
            "''; DROP TABLE bestemmelse",
            "a\x00b",
            "\ud800"[:0],
        ),
        *(
            "NEAR(a b)",
            "a AND",
            "(((",
            "ord*",
            "tekst:x",
            "{a b}",
            "^x",
            "&|!",
            ":*",
            "\\",
            "%%",
            "<->",
            "eller or",
        ),
        *("ø" * 5000, "ord " * 500, '"' * 500, "-x " * 200, "🐄", "日本語", "đ ŋ ŧ"),
    ],
)
def test_et_spoersmaal_kan_vaere_hva_som_helst(scene: Scene, q: str) -> None:
    _avtale(scene, {"overskrift": "Noe", "tekst": "Noe annet"})
    svar = soek.finn(scene.lege, q)
    assert svar.treff == [] and len(svar.spoersmaal) <= 200


def test_stoppord_alene_er_ikke_noe_aa_soeke_etter(scene: Scene) -> None:
    assert not soek.finn(scene.lege, "og i på").forstaatt
    assert not soek.finn(scene.lege, "-varsel").forstaatt
    assert soek.finn(scene.lege, "").forstaatt


def test_en_skrevet_bestemmelse_er_soekbar_med_en_gang(scene: Scene) -> None:
    """Written, changed and struck through the one step that does so: the index follows in the same transaction."""
    a = _avtale(scene, {"overskrift": "Står"}, status=Status.UTKAST)

    @transactional
    def _skriv(noekkel: Any, data: Any) -> Any:
        v = db.session.scalars(sa.select(Avtaleversjon).where(Avtaleversjon.avtale_id == a.id)).one()
        return steps.skriv(scene.koordinator, v, noekkel, data)

    noekkel = _skriv(None, {"overskrift": "Rein", "tekst": "Reinen går på vidda.", "art": "annet"})
    assert _funnet(scene.koordinator, "reiner") == ["Rein"]
    _skriv(noekkel, {"overskrift": "Elg", "tekst": "Elgen står i skogen."})
    assert _funnet(scene.koordinator, "rein") == []
    assert _funnet(scene.koordinator, "elger") == ["Elg"]
    _skriv(noekkel, None)
    assert _funnet(scene.koordinator, "elg") == []


@pytest.mark.skipif(DB != "sqlite", reason="the index of SQLite alone")
def test_slettede_bestemmelser_forsvinner_fra_indeksen(scene: Scene) -> None:
    _avtale(scene, {"tekst": "Isbjørn"})

    @transactional
    def _slett() -> None:
        db.session.execute(sa.delete(Bestemmelse))

    treff = sa.text("SELECT count(*) FROM bestemmelse_fts WHERE bestemmelse_fts MATCH 'isbjørn'")
    assert db.session.scalar(treff) > 0
    _slett()
    assert db.session.scalar(treff) == 0


def test_utdraget_viser_der_ordene_staar() -> None:
    tekst = (
        "Innledning. " * 60
        + "Her varsles **kommunen** om [utskrivning](https://x.no) i dag. "
        + "Slutt. " * 60
    )
    u = regler.utdrag(tekst, "utskrivning kommune")
    assert u.startswith("…") and u.endswith("…")
    assert (
        f"{regler.MERK_FRA}kommunen{regler.MERK_TIL} om {regler.MERK_FRA}utskrivning{regler.MERK_TIL} i dag"
        in u
    )
    assert regler.utdrag("Kort tekst", "finnes ikke") == "Kort tekst"
