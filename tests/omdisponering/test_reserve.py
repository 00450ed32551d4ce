"""The register of those outside the service: by own consent alone, behind a link, and forgotten on request."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import Base, db, transactional
from portal.core.errors import IkkeFunnet, IkkeTilgang, Opptatt, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.web import limiter
from portal.omdisponering import access, reserveregister
from portal.omdisponering.forloep import Delegert, Samtykke, Status, Stilling, Strykgrunn
from portal.omdisponering.models import Tilbud
from portal.omdisponering.oppfoelgingsmodeller import Delegering
from portal.omdisponering.ressursmodeller import Ressursfravaer, Ressursperson
from portal.omdisponering.service import delegering, flyt, reserve, samtykke, utkast
from portal.revisjon.models import Revisjon
from portal.varsler.models import Utsending, Varsel
from tests.bygg import lagre, om, revisjon
from tests.omdisponering.hjelp import DAG, LOV, Utlaan, lag_behov, lag_ressurs, lag_tilbud
from tests.skjemaer import skjema

Som = Callable[[Aktor], FlaskClient]
EPOST = "berit.pensjonist@eksempel.no"


@pytest.fixture
def u(scene: object) -> Utlaan:
    return Utlaan(scene)  # type: ignore[arg-type]


def _ny(u: Utlaan, aktor: Aktor | None = None, **felt: Any) -> UUID:
    return reserve.registrer(
        aktor or u.avgiver,
        **{
            "navn": "Berit Pensjonist",
            "stilling": Stilling.SYKEPLEIER,
            "epost": EPOST,
            "telefon": "900 00 001",
            "kompetanse": 4,
            **felt,
        },
    )


def _brev() -> list[Utsending]:
    db.session.rollback()
    return list(
        db.session.scalars(
            sa.select(Utsending).where(Utsending.noekkel.startswith("reserve:")).order_by(Utsending.opprettet)
        )
    )


def _noekkel() -> str:
    """The key in the newest letter."""
    treff = re.search(r"/omdisponering/samtykke/(\S+)", _brev()[-1].tekst)
    assert treff is not None
    return treff[1]


def _les(id_: UUID) -> Ressursperson:
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(Ressursperson, id_)


def _varslet(aktor: Aktor, kode: str) -> list[Varsel]:
    db.session.rollback()
    varsler = sa.select(Varsel).filter_by(person_id=aktor.person_id, kode=kode)
    return list(db.session.scalars(varsler.order_by(Varsel.opprettet)))


def _foreslaa(u: Utlaan, id_: UUID, til: Status = Status.FORESLAATT, *, flere: bool = False) -> UUID:
    """A proposal of the trust with the person, for a need of its own."""
    behov = lag_behov(u.scene.kommune, u.oehd)
    linjer = [utkast.Ny(ressursperson_id=id_, samtykket=True)]
    if flere:
        linjer.append(utkast.Ny(ressursperson_id=u.personer[0].id, samtykket=True))
    omd_id = utkast.opprett(u.avgiver, behov.id, linjer, **{**LOV, "bestemmelse_id": u.bestemmelse.id})
    if til == Status.UTKAST:
        return omd_id
    flyt.foreslaa(u.avgiver, omd_id)
    if til != Status.FORESLAATT:
        flyt.godkjenn(u.avgiver, omd_id, lest=u.les(omd_id).innhold_hash)
    if til == Status.GODKJENT_MOTTAKER:
        flyt.godkjenn(u.mottaker, omd_id, lest=u.les(omd_id).innhold_hash)
    return omd_id


# --- asking ----------------------------------------------------------------------------------------------


def test_personen_spoerres_og_noekkelen_staar_bare_i_brevet(u: Utlaan) -> None:
    id_ = _ny(u)
    (brev,) = _brev()
    noekkel = _noekkel()
    person = _les(id_)
    assert brev.til == EPOST and person.samtykke == Samtykke.VENTER
    assert person.noekkel_hash == sha256(noekkel.encode()).hexdigest()
    assert person.noekkel_utloeper is not None
    assert timedelta(days=13) < person.noekkel_utloeper - now() <= timedelta(days=14)
    for rad in db.session.scalars(sa.select(Revisjon)):
        assert noekkel not in rad.detaljer and "Berit" not in rad.detaljer


def test_bare_etter_ja_kan_personen_brukes(u: Utlaan) -> None:
    id_ = _ny(u)
    with pytest.raises(UgyldigData):
        _foreslaa(u, id_)
    samtykke.svar(_noekkel(), True)
    assert _les(id_).kan_brukes
    assert u.les(_foreslaa(u, id_)).status == Status.FORESLAATT
    (varsel,) = _varslet(u.avgiver, "omdisponering.reserve_svart")
    assert "Berit" not in f"{varsel.tittel}{varsel.tekst}"


def test_registeret_er_koordinatorens_og_kommuneoverlegens(u: Utlaan) -> None:
    id_ = _ny(u)
    assert [r.person.id for r in reserve.hent_liste(u.avgiver)] == [id_]
    assert reserve.hent_liste(u.mottaker) == []
    for aktor in (u.scene.vaktleder, u.scene.spesialist, u.scene.administrator):
        with pytest.raises(IkkeTilgang):
            reserve.hent_liste(aktor)
        with pytest.raises(IkkeTilgang):
            _ny(u, aktor, epost="annen@eksempel.no")
    with pytest.raises(IkkeFunnet):
        reserve.hent(u.mottaker, id_)
    # The organisation's own people are not in it.
    with pytest.raises(IkkeFunnet):
        reserve.slett(u.avgiver, u.personer[0].id)


def test_ingen_to_ganger_og_ingen_uten_adresse(u: Utlaan) -> None:
    _ny(u)
    for felt, verdi in (
        ("epost", EPOST.upper()),
        ("epost", "ikke-en-adresse"),
        ("navn", " "),
        ("telefon", "x"),
    ):
        with pytest.raises(UgyldigData) as feil:
            _ny(u, **{felt: verdi, **({} if felt == "epost" else {"epost": "ny@eksempel.no"})})
        assert set(feil.value.detaljer["felter"]) == {felt}
    assert len(reserve.hent_liste(u.avgiver)) == 1


def test_en_ny_lenke_tar_den_gamle_av_dage_og_sendes_ikke_i_ett_sett(u: Utlaan) -> None:
    id_ = _ny(u)
    gammel = _noekkel()
    with pytest.raises(Opptatt):
        reserve.send_lenke(u.avgiver, id_)
    with om(minutes=11):
        reserve.send_lenke(u.avgiver, id_)
        assert _noekkel() != gammel
        with pytest.raises(samtykke.UkjentLenke):
            samtykke.se(gammel)
        assert samtykke.se(_noekkel()).person.id == id_
    # The first letter had not left: it does not, and its key is thrown away.
    assert [bool(b.tekst) for b in _brev()] == [False, True]


def test_ny_adresse_er_en_ny_person_til_det_motsatte_er_sagt(u: Utlaan) -> None:
    id_ = _ny(u)
    samtykke.svar(_noekkel(), True)
    felt = {"navn": "Berit P.", "stilling": Stilling.SYKEPLEIER, "telefon": "", "kompetanse": 8}
    with pytest.raises(Utdatert):
        reserve.endre(u.avgiver, id_, **felt, epost=EPOST, lest=1)
    assert not reserve.endre(u.avgiver, id_, **felt, epost=EPOST, lest=_les(id_).versjon).spurt
    assert _les(id_).kan_brukes
    omd_id = _foreslaa(u, id_)
    assert reserve.endre(u.avgiver, id_, **felt, epost="ny@eksempel.no").spurt
    assert not _les(id_).kan_brukes and _brev()[-1].til == "ny@eksempel.no"
    omd = u.les(omd_id)
    assert omd.status == Status.AVSLAATT
    assert [li.stroeket_grunn for li in omd.linjer] == [Strykgrunn.UTLOEPT]


def test_autorisasjonen_slaas_opp_paa_nytt_med_et_annet_nummer(u: Utlaan) -> None:
    id_ = _ny(u, hpr="1234567", hpr_slaatt_opp=True)
    assert _les(id_).hpr_slaatt_opp is not None and _les(id_).hpr_slaatt_opp_av_id == u.avgiver.person_id
    felt = {"navn": "Berit P.", "stilling": Stilling.SYKEPLEIER, "epost": EPOST}
    reserve.endre(u.avgiver, id_, **felt, hpr="7654321", hpr_slaatt_opp=False)
    assert (_les(id_).hpr, _les(id_).hpr_slaatt_opp) == ("7654321", None)
    for galt in ({"hpr": "12"}, {"hpr": "", "hpr_slaatt_opp": True}):
        with pytest.raises(UgyldigData) as feil:
            reserve.endre(u.avgiver, id_, **felt, **galt)
        assert set(feil.value.detaljer["felter"]) == {"hpr"}
    with pytest.raises(UgyldigData):
        _ny(u, epost="annen@eksempel.no", hpr="7654321")


# --- the person's own page -------------------------------------------------------------------------------


def test_siden_viser_alt_og_svarer(u: Utlaan, klient: FlaskClient) -> None:
    id_ = _ny(u)
    adresse = f"/omdisponering/samtykke/{_noekkel()}"
    svar = klient.get(adresse)
    assert svar.status_code == 200
    assert svar.headers["Referrer-Policy"] == "no-referrer" and svar.headers["Cache-Control"] == "no-store"
    for tekst in ("Berit Pensjonist", EPOST, "900 00 001", "Infeksjon og isolasjon", u.scene.hf.navn):
        assert tekst in svar.text
    assert _les(id_).samtykke == Samtykke.VENTER
    assert klient.post(adresse, data={"gjoer": "ja"}).status_code == 303
    assert _les(id_).samtykke == Samtykke.GITT
    assert klient.post(adresse, data={"gjoer": "nei"}).status_code == 303
    assert _les(id_).samtykke == Samtykke.TRUKKET
    assert klient.post(adresse, data={"gjoer": "noe"}).status_code == 404


def test_siden_endrer_det_personen_raar_over(u: Utlaan, klient: FlaskClient) -> None:
    id_ = _ny(u)
    adresse = f"/omdisponering/samtykke/{_noekkel()}"
    felt = {
        "gjoer": "endre",
        "epost": "berit@nytt.no",
        "telefon": "900 00 002",
        "sted_id": str(u.scene.kommune.id),
        "reise_km": "90",
        "prosent": "40",
        "kompetanse": ["4", "8"],
        "vaksinert": "ja",
        "smittevern": "2026-01-15",
        "lest": str(_les(id_).versjon),
    }
    svar = klient.post(adresse, data={**felt, "prosent": "120", "epost": "berit"})
    assert svar.status_code == 422 and 'value="120"' in svar.text
    svar = klient.post(adresse, data={**felt, "epost": "berit"})
    assert svar.status_code == 422 and 'value="berit"' in svar.text and 'value="90"' in svar.text
    assert klient.post(adresse, data=felt).status_code == 303
    p = _les(id_)
    assert (p.epost, p.telefon, p.reise_km, p.prosent, p.kompetanse) == (
        "berit@nytt.no",
        "900 00 002",
        90,
        40,
        12,
    )
    assert (p.vaksinert, str(p.smittevern)) == (True, "2026-01-15")
    assert p.navn == "Berit Pensjonist" and p.samtykke == Samtykke.VENTER
    assert klient.post(adresse, data=felt).status_code == 409
    assert klient.post(adresse, data={**felt, "navn": "En annen"}).status_code == 422


def test_en_gal_noekkel_sier_ingenting(u: Utlaan, klient: FlaskClient) -> None:
    _ny(u)
    hash_ = _les(db.session.scalars(sa.select(Ressursperson.id).filter_by(epost=EPOST)).one()).noekkel_hash
    svarene = []
    for noekkel in ("x", "A" * 43, _noekkel()[:-1] + "_", str(hash_)):
        for metode in ("GET", "POST"):
            svar = klient.open(
                f"/omdisponering/samtykke/{noekkel}",
                method=metode,
                data={"gjoer": "ny"} if metode == "POST" else None,
            )
            assert svar.status_code == 404 and "Berit" not in svar.text and u.scene.hf.navn not in svar.text
            svarene.append(re.sub(r'(csrf[^>]*|servertid"[^>]*|samtykke/[^"]*)', "", svar.text))
    assert len(set(svarene)) == 1
    assert len(_brev()) == 1


def test_en_gammel_lenke_gir_bare_en_ny_til_adressen(u: Utlaan, klient: FlaskClient) -> None:
    id_ = _ny(u)
    adresse = f"/omdisponering/samtykke/{_noekkel()}"
    with om(days=15):
        svar = klient.get(adresse)
        assert svar.status_code == 410 and "Berit" not in svar.text and EPOST not in svar.text
        for gjoer in ("ja", "slett", "endre"):
            felt = {"epost": EPOST, "prosent": "50"} if gjoer == "endre" else {}
            assert klient.post(adresse, data={"gjoer": gjoer, **felt}).status_code == 410
        assert _les(id_).samtykke == Samtykke.VENTER
        svar = klient.post(adresse, data=skjema(klient.get(adresse), adresse))
        assert svar.status_code == 200 and EPOST not in svar.text
        assert klient.get(adresse).status_code == 404
        assert klient.get(f"/omdisponering/samtykke/{_noekkel()}").status_code == 200


def test_siden_taaler_ikke_aa_bli_spurt_uten_stopp(
    app: Flask, klient: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The tests run without limits: here with them, in a copy of the counter that is thrown away.
    monkeypatch.setattr(limiter, "__dict__", vars(limiter).copy())
    med_grenser = Flask("med_grenser")
    med_grenser.config.update(RATELIMIT_ENABLED=True, RATELIMIT_STORAGE_URI="memory://")
    limiter.init_app(med_grenser)
    monkeypatch.setitem(app.extensions, "limiter", {limiter})
    svar = [klient.get("/omdisponering/samtykke/feil").status_code for _ in range(31)]
    assert svar == [404] * 30 + [429]


# --- a no, and being forgotten ---------------------------------------------------------------------------


def test_den_som_trekker_seg_er_ute_av_alt_som_ikke_er_avtalt(u: Utlaan) -> None:
    id_ = _ny(u)
    samtykke.svar(_noekkel(), True)
    tilbud = lag_tilbud(_les(id_), u.behov)
    kladd = _foreslaa(u, id_, Status.UTKAST)
    foreslaatt = _foreslaa(u, id_, flere=True)
    utkast.endre(u.avgiver, foreslaatt, lest=u.les(foreslaatt).innhold_hash, aapnes=2)
    samtykke.svar(_noekkel(), False)
    assert _les(id_).samtykke == Samtykke.TRUKKET and not _les(id_).kan_brukes
    assert u.les(kladd).status == Status.TRUKKET
    omd = u.les(foreslaatt)
    # One of two is left, and opens half of the beds.
    assert (omd.status, omd.aapnes) == (Status.FORESLAATT, 1)
    assert {li.ressursperson_id: li.stroeket_grunn for li in omd.linjer} == {
        id_: "trukket",
        u.personer[0].id: None,
    }
    assert db.session.get_one(Tilbud, tilbud.id).trukket is not None
    assert _varslet(u.mottaker, "omdisponering.stroeket")
    # Read before: the content is another now.
    flyt.godkjenn(u.avgiver, foreslaatt, lest=omd.innhold_hash)
    assert u.les(foreslaatt).status == Status.GODKJENT_AVGIVER


def test_en_godkjenning_gjelder_ikke_naar_noen_trekker_seg(u: Utlaan) -> None:
    id_ = _ny(u)
    samtykke.svar(_noekkel(), True)
    godkjent = _foreslaa(u, id_, Status.GODKJENT_AVGIVER, flere=True)
    lest = u.les(godkjent).innhold_hash
    samtykke.svar(_noekkel(), False)
    omd = u.les(godkjent)
    assert omd.status == Status.FORESLAATT and not any(li.opptar for li in omd.linjer)
    assert omd.godkjent_avgiver is None and omd.innhold_hash != lest
    with pytest.raises(UgyldigOvergang):
        flyt.godkjenn(u.mottaker, godkjent, lest=lest)


def test_det_som_er_avtalt_staar_og_begge_faar_vite_det(u: Utlaan) -> None:
    id_ = _ny(u)
    samtykke.svar(_noekkel(), True)
    avtalt = _foreslaa(u, id_, Status.GODKJENT_MOTTAKER)
    samtykke.svar(_noekkel(), False)
    assert u.les(avtalt).status == Status.GODKJENT_MOTTAKER
    for aktor in (u.avgiver, u.mottaker):
        assert len(_varslet(aktor, "omdisponering.stroeket")) == 1
    assert "avtalt" in _varslet(u.avgiver, "omdisponering.reserve_svart")[-1].tekst


def test_slettet_er_borte_med_en_gang(u: Utlaan, klient: FlaskClient) -> None:
    id_ = _ny(u)
    lagre(Ressursfravaer(id=uuid4(), ressursperson_id=id_, fra=now(), til=now() + DAG, opprettet=now()))
    lag_tilbud(_les(id_), u.behov)
    adresse = f"/omdisponering/samtykke/{_noekkel()}"
    svar = klient.post(adresse, data={"gjoer": "slett"})
    assert svar.status_code == 200 and "Alt om deg er slettet" in svar.text
    assert klient.get(adresse).status_code == 404
    db.session.rollback()
    assert db.session.get(Ressursperson, id_) is None
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Ressursfravaer)) == 0
    (varsel,) = _varslet(u.avgiver, "omdisponering.reserve_slettet")
    assert "Berit" not in f"{varsel.tittel}{varsel.tekst}"
    _ingen_spor()


def _ingen_spor() -> None:
    """The name, the number and the address stand in no table, nor in the letters, whether they left or not."""
    db.session.rollback()
    for tabell in Base.metadata.sorted_tables:
        for rad in db.session.execute(sa.select(tabell)).mappings():
            for felt, verdi in rad.items():
                if isinstance(verdi, str):
                    assert "Berit" not in verdi and "900 00 001" not in verdi, (tabell.name, felt)
                    assert EPOST not in verdi, (tabell.name, felt)


def test_den_som_er_brukt_beholder_raden_uten_navn(u: Utlaan) -> None:
    id_ = _ny(u)
    samtykke.svar(_noekkel(), True)
    avtalt = _foreslaa(u, id_, Status.GODKJENT_MOTTAKER)
    assert reserve.slett(u.avgiver, id_) == 1
    p = _les(id_)
    assert p.slettet is not None and not p.kan_brukes
    assert (p.navn, p.epost, p.telefon, p.hpr, p.kompetanse, p.noekkel_hash) == ("", "", "", "", 0, None)
    assert p.stilling == Stilling.SYKEPLEIER
    assert [li.ressursperson_id for li in u.les(avtalt).linjer] == [id_]
    with pytest.raises(IkkeFunnet):
        reserve.hent(u.avgiver, id_)
    _ingen_spor()


def test_alt_som_nevner_den_slettede_er_borte_og_begge_faar_vite_det_en_gang(
    u: Utlaan, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who was promised keeps a row: what was written of the person beside it is blanked, and holds no more."""
    id_ = _ny(u)
    noekkel = _noekkel()
    samtykke.svar(noekkel, True)
    _foreslaa(u, id_, Status.GODKJENT_MOTTAKER)
    tilbud = lag_tilbud(_les(id_), u.behov, merknad="Berit er flink.").id
    delegert = delegering.deleger(
        u.avgiver,
        ressursperson_id=id_,
        oppgave=Delegert.LEGEMIDLER,
        omfang="Ferdig doserte tabletter.",
        fra=i_dag(),
        til=i_dag() + 30 * DAG,
        fullmakt_av="Overlegen",
        opplaering="E-læring",
        opplaert=i_dag(),
        veileder="Ansvarlig sykepleier",
    ).id
    _sendt()
    ganger: list[UUID] = []
    ekte = reserveregister.la_gaa
    monkeypatch.setattr(
        reserveregister, "la_gaa", lambda a, p, **k: (ganger.append(p.id), ekte(a, p, **k))[1]
    )
    samtykke.slett(noekkel)
    assert ganger == [id_]
    assert _les(id_).slettet is not None
    rad = db.session.get_one(Tilbud, tilbud)
    assert (rad.status, rad.merknad) == ("trukket", "")
    assert db.session.get_one(Delegering, delegert).trukket is not None
    (brev,) = _brev()
    assert (brev.til, brev.emne, brev.tekst, brev.feil) == ("", "", "", "") and brev.sendt is not None
    _ingen_spor()
    (varsel,) = _varslet(u.avgiver, "omdisponering.reserve_slettet")
    assert "avtalt" in varsel.tekst


@transactional
def _sendt() -> None:
    db.session.execute(
        sa.update(Utsending).where(Utsending.til == EPOST).values(sendt=now(), feil=f"450 {EPOST}")
    )


# --- by the clock ----------------------------------------------------------------------------------------


def test_et_aar_gammelt_ja_spoerres_paa_nytt(u: Utlaan) -> None:
    id_ = _ny(u)
    samtykke.svar(_noekkel(), True)
    with om(days=364):
        assert reserve.foelg_samtykker() == 0
    with om(days=366):
        assert (reserve.foelg_samtykker(), reserve.foelg_samtykker()) == (1, 0)
        assert not _les(id_).kan_brukes and "et år siden" in _brev()[-1].tekst
        samtykke.svar(_noekkel(), True)
        assert _les(id_).kan_brukes and reserve.foelg_samtykker() == 0
    assert len(_varslet(u.avgiver, "omdisponering.reserve_utloept")) == 1


def test_et_utloept_ja_gjelder_ikke_mens_personen_er_spurt_paa_nytt(u: Utlaan) -> None:
    id_ = _ny(u)
    samtykke.svar(_noekkel(), True)
    tilbud = lag_tilbud(_les(id_)).id
    foreslaatt, annet = _foreslaa(u, id_), _foreslaa(u, u.personer[1].id, flere=True)
    _gammelt_ja(id_)
    assert reserve.foelg_samtykker() == 1
    assert u.les(foreslaatt).status == Status.AVSLAATT and u.les(annet).status == Status.FORESLAATT
    assert db.session.get_one(Tilbud, tilbud).status == "trukket"
    # Nobody has said no: neither the line nor the notice says so.
    assert [li.stroeket_grunn for li in u.les(foreslaatt).linjer] == [Strykgrunn.UTLOEPT]
    titler = [v.tittel for v in _varslet(u.mottaker, "omdisponering.stroeket")]
    assert len(titler) == 1 and "har gått ut" in titler[0] and "trukket" not in titler[0]


def test_det_avtalte_staar_naar_et_ja_er_utloept(u: Utlaan) -> None:
    id_ = _ny(u)
    samtykke.svar(_noekkel(), True)
    avtalt = _foreslaa(u, id_, Status.GODKJENT_MOTTAKER)
    _gammelt_ja(id_)
    assert reserve.foelg_samtykker() == 1
    assert u.les(avtalt).status == Status.GODKJENT_MOTTAKER
    for aktor in (u.avgiver, u.mottaker):
        (varsel,) = _varslet(aktor, "omdisponering.stroeket")
        assert "gått ut" in varsel.tittel
    with om(days=1, minutes=1):
        flyt.iverksett(u.mottaker, avtalt)
    assert [li.stroeket_grunn for li in u.les(avtalt).linjer] == [Strykgrunn.UTLOEPT]


def test_et_nei_til_et_avtalt_fortelles_ogsaa_naar_det_foerst_var_utloept(u: Utlaan) -> None:
    id_ = _ny(u)
    samtykke.svar(_noekkel(), True)
    _foreslaa(u, id_, Status.GODKJENT_MOTTAKER)
    _gammelt_ja(id_)
    assert reserve.foelg_samtykker() == 1
    samtykke.svar(_noekkel(), False)
    assert len(_varslet(u.mottaker, "omdisponering.stroeket")) == 2


def test_hvert_utloep_av_et_ja_til_et_avtalt_fortelles(u: Utlaan) -> None:
    """A yes that was given anew can lapse once more."""
    id_ = _ny(u)
    samtykke.svar(_noekkel(), True)
    _foreslaa(u, id_, Status.GODKJENT_MOTTAKER)
    for gang in (1, 2):
        _gammelt_ja(id_)
        assert reserve.foelg_samtykker() == 1
        assert len(_varslet(u.mottaker, "omdisponering.stroeket")) == gang
        samtykke.svar(_noekkel(), True)


@transactional
def _gammelt_ja(*ider: UUID) -> None:
    db.session.execute(
        sa.update(Ressursperson)
        .where(Ressursperson.id.in_(ider))
        .values(samtykket=now() - 366 * DAG)
        .execution_options(synchronize_session=False)
    )


@pytest.mark.parametrize("felt", [{"samtykke": Samtykke.VENTER}, {"slettet": True}])
def test_andre_ser_ikke_tilbudet_om_en_som_ikke_kan_brukes(u: Utlaan, felt: dict[str, Any]) -> None:
    """Whatever has let the offer stand open: it is nobody else's to take."""
    person = lag_ressurs(u.scene.hf, u.post, samtykke=Samtykke.GITT, samtykket=now())
    tilbud = lag_tilbud(person).id
    assert access.hent_tilbud(u.mottaker, access.Handling.SE, tilbud).id == tilbud
    _sett(person.id, **({"slettet": now(), "navn": ""} if "slettet" in felt else felt))
    with pytest.raises(IkkeFunnet):
        access.hent_tilbud(u.mottaker, access.Handling.SE, tilbud)
    assert access.hent_tilbud(u.avgiver, access.Handling.SE, tilbud).id == tilbud


@transactional
def _sett(id_: UUID, **felt: Any) -> None:
    for navn, verdi in felt.items():
        setattr(db.session.get_one(Ressursperson, id_), navn, verdi)


def test_en_som_feiler_stopper_ikke_de_andre(u: Utlaan, monkeypatch: pytest.MonkeyPatch) -> None:
    ider = [_ny(u, epost=f"en{n}@eksempel.no") for n in range(3)]
    for brev in _brev():
        samtykke.svar(re.search(r"/omdisponering/samtykke/(\S+)", brev.tekst)[1], True)  # type: ignore[index]
    _gammelt_ja(*ider)
    syk = sorted(ider)[0]
    ekte = reserveregister.send_lenke

    def send_lenke(person: Ressursperson, *, igjen: bool = False) -> None:
        if person.id == syk:
            raise RuntimeError("no letter")
        ekte(person, igjen=igjen)

    monkeypatch.setattr(reserveregister, "send_lenke", send_lenke)
    assert reserve.foelg_samtykker() == 2
    assert {i: _les(i).samtykke for i in ider} == {
        i: Samtykke.GITT if i == syk else Samtykke.VENTER for i in ider
    }
    monkeypatch.setattr(reserveregister, "send_lenke", ekte)
    assert reserve.foelg_samtykker() == 1


def test_den_som_aldri_svarer_slettes(u: Utlaan) -> None:
    id_ = _ny(u)
    with om(days=43):
        assert reserve.foelg_samtykker() == 0
    with om(days=45):
        assert (reserve.foelg_samtykker(), reserve.foelg_samtykker()) == (1, 0)
    db.session.rollback()
    assert db.session.get(Ressursperson, id_) is None
    assert revisjon("omdisponering.reserve_slettet")


def test_koordinatorens_sider(u: Utlaan, som: Som) -> None:
    klient = som(u.avgiver)
    felt = {"navn": "Berit Pensjonist", "stilling": "sykepleier", "epost": EPOST, "kompetanse": ["4"]}
    svar = klient.post("/omdisponering/reserve/ny", data={**felt, "epost": "berit"})
    assert svar.status_code == 422 and 'value="Berit Pensjonist"' in svar.text
    assert klient.post("/omdisponering/reserve/ny", data=felt).status_code == 303
    assert "Berit Pensjonist" in klient.get("/omdisponering/reserve").text
    id_ = db.session.scalars(sa.select(Ressursperson.id).filter_by(epost=EPOST)).one()
    adresse = f"/omdisponering/reserve/{id_}"
    assert klient.post(f"{adresse}/lenke").status_code == 409
    svar = klient.post(adresse, data={**felt, "navn": "Berit Ny", "lest": "99"})
    assert svar.status_code == 409 and 'value="Berit Ny"' in svar.text
    # The form that came back knows what stands now.
    skjemaet = skjema(svar, str(id_))
    assert klient.post(adresse, data={**skjemaet, "kompetanse": ["4"]}).status_code == 303
    assert _les(id_).navn == "Berit Ny"
    assert klient.post(f"{adresse}/slett", data={"lest": str(_les(id_).versjon)}).status_code == 303
    assert "Berit" not in klient.get("/omdisponering/reserve").text
    assert som(u.scene.vaktleder).get("/omdisponering/reserve").status_code == 403
