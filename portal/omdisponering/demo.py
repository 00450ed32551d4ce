"""The demo's reallocations: a trust that has people and premises to spare, two kommuner that lack some, one lent now.

Everybody is fictitious, with no HPR number: each that exists is somebody's. What runs has begun the lawful way, in the
days before; it opens no beds, which have a demo of their own. A task is delegated to who is lent, a decision is
registered by which people could be ordered, and two outside the service have been asked: nobody is written to.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler.models import Bestemmelse
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now, som_om
from portal.core.config import innstillinger
from portal.core.db import db, transactional
from portal.core.errors import IkkeTilgang
from portal.identitet.demo import ALTA, KAUTOKEINO, OEHD_ALTA, SYKEHJEM_ALTA, aktor, har_rollene
from portal.identitet.models import Enhet, Enhetstype, Organisasjon
from portal.omdisponering import steps
from portal.omdisponering.forloep import Delegert, Kompetanse, Lokaleslag, Lokalkrav, Slag, Stilling
from portal.omdisponering.models import Behov, Omdisponering
from portal.omdisponering.ressursmodeller import Bemanningsgulv, Lokale, Ressursfravaer, Ressursperson
from portal.omdisponering.service import behov, delegering, flyt, reserve, samtykke, tilbud, utkast, vedtak
from portal.revisjon.steps import logg
from portal.varsler.models import Utsending, Varsel
from portal.varsler.steps import stopp_utsendinger, stopp_varsler

_DEMO = Aktor.system("demo")
_FOLK = ("koordinator_hf", "vaktleder", "koordinator", "kommuneoverlege", "koordinator_kautokeino")
HAMMERFEST = "5603"
POST, OEHD_KAUTOKEINO = "Demo medisinsk post Hammerfest", "Demo ØHD-enhet Guovdageaidnu"
_SOERGER_FOR = Kompetanse.INTRAVENOES | Kompetanse.LEGEMIDDEL

#: The trust's people: name, profession, competence, the most that can be lent (per cent), how far they travel (km).
PERSONER: tuple[tuple[str, Stilling, int, int, int | None], ...] = (
    ("Máret Elle Somby", Stilling.SYKEPLEIER, int(_SOERGER_FOR | Kompetanse.SAMISK), 100, None),
    ("Jørn Håkonsen", Stilling.SYKEPLEIER, int(_SOERGER_FOR | Kompetanse.INTENSIV), 80, 300),
    ("Siv Ærøe", Stilling.SYKEPLEIER, int(_SOERGER_FOR | Kompetanse.INFEKSJON), 100, 200),
    ("Nils Ante Gaup", Stilling.SYKEPLEIER, int(Kompetanse.AKUTT), 50, 200),
    ("Åshild Bø", Stilling.HELSEFAGARBEIDER, int(Kompetanse.GERIATRI), 100, 250),
    ("Tormod Eik", Stilling.HELSEFAGARBEIDER, int(Kompetanse.GERIATRI | Kompetanse.PALLIASJON), 100, 250),
    ("Inga Margrethe Utsi", Stilling.LEGE, int(Kompetanse.AKUTT | Kompetanse.LEDELSE), 40, None),
    ("Per Øvergård", Stilling.RENHOLDER, 0, 100, 100),
)
#: Outside the service, who live in Hammerfest: name, profession, competence, address, whether there is a yes.
RESERVE: tuple[tuple[str, Stilling, int, str, bool], ...] = (
    (
        "Randi Jektvik",
        Stilling.SYKEPLEIER,
        int(_SOERGER_FOR | Kompetanse.VAKSINERING),
        "randi.jektvik@demo.example",
        True,
    ),
    ("Ánde Sirbmá", Stilling.STUDENT, int(Kompetanse.SAMISK), "ande.sirbma@demo.example", False),
)
LOV: dict[str, Any] = {
    "ansvarsforhold": "Mottakeren har det faglige ansvaret for arbeidet. Avgiveren har ansvaret for at personen har "
    "den kompetansen som er oppgitt.",
    "arbeidsgiveransvar": "Avgiveren er arbeidsgiver i hele perioden. Mottakeren leder det daglige arbeidet.",
    "organisering": "Vaktene settes av mottakeren. Avdelingsleder på stedet er kontaktperson.",
    "finansiering": "Mottakeren dekker lønn og reise etter avgiverens satser.",
}


def skal_saas() -> bool:
    """Whether the demo people and agreements that it takes are there, and nobody to lend."""
    finnes = db.session.scalar(sa.select(sa.exists().where(Ressursperson.id.is_not(None))))
    return not finnes and har_rollene(*_FOLK) and _steder().keys() >= {ALTA, KAUTOKEINO, HAMMERFEST}


def saa_omdisponering() -> None:
    """Makes the trust's register, the needs, the offers and what goes on; tells nobody. Raises IkkeTilgang outside the
    demo."""
    if not innstillinger().demo:
        raise IkkeTilgang()
    naa = now().replace(minute=0, second=0, microsecond=0)
    avgiver = aktor("koordinator_hf")
    personer, lokale = _registrer(avgiver, naa)
    _laan_ut(avgiver, personer["Åshild Bø"], naa)
    with som_om(naa - timedelta(hours=3)):
        alta = _behov_i_alta(naa)
    with som_om(naa - timedelta(hours=2)):
        kautokeino = _behov_i_kautokeino(naa)
    with som_om(naa - timedelta(hours=1)):
        _tilby(avgiver, personer, lokale, alta, kautokeino)
    with som_om(naa - timedelta(days=3)):
        _vedta(avgiver)
    with som_om(naa - timedelta(days=1)):
        _spoer(avgiver)
    _ti_stille()


def _steder() -> dict[str, UUID]:
    return {
        r.kode: r.id
        for r in db.session.execute(
            sa.select(Organisasjon.kode, Organisasjon.id).where(
                Organisasjon.kode.in_([ALTA, KAUTOKEINO, HAMMERFEST]),
                Organisasjon.type == "kommune",
                Organisasjon.nedlagt.is_(None),
            )
        )
    }


@transactional
def _registrer(avgiver: Aktor, naa: datetime) -> tuple[dict[str, UUID], UUID]:
    """The trust's ward with its people and how few it may have, and premises in Hammerfest; how many beds a nurse
    staffs in Alta."""
    sted_id = _steder()[HAMMERFEST]
    assert avgiver.organisasjon_id is not None
    post = Enhet(
        id=uuid4(), organisasjon_id=avgiver.organisasjon_id, type=str(Enhetstype.AVDELING), navn=POST
    )
    db.session.add(post)
    db.session.flush()
    felles: dict[str, Any] = {
        "organisasjon_id": avgiver.organisasjon_id,
        "enhet_id": post.id,
        "sted_id": sted_id,
        "opprettet": naa - timedelta(days=30),
        "opprettet_av_id": avgiver.person_id,
    }
    personer = {}
    for navn, stilling, kompetanse, prosent, reise_km in PERSONER:
        person = Ressursperson(
            id=uuid4(),
            navn=navn,
            stilling=stilling,
            kompetanse=kompetanse,
            prosent=prosent,
            reise_km=reise_km,
            vaksinert=True,
            smittevern=(naa - timedelta(days=200)).date(),
            **felles,
        )
        personer[navn] = person.id
        db.session.add(person)
    lokale = Lokale(
        id=uuid4(),
        navn="Demo sengepost 3, Hammerfest",
        slag=Lokaleslag.SENGEPOST,
        adresse="Demogata 20, 9600 Hammerfest",
        plasser=8,
        krav=int(Lokalkrav.OKSYGENUTTAK | Lokalkrav.TILGJENGELIG | Lokalkrav.BAD | Lokalkrav.NOEDSTROEM),
        **felles,
    )
    db.session.add(lokale)
    mottaker = aktor("koordinator")
    for hvem, enhet_id, stilling, antall, gulv, plasser_per in (
        (avgiver, post.id, Stilling.SYKEPLEIER, 14, 11, None),
        (avgiver, post.id, Stilling.HELSEFAGARBEIDER, 8, 6, None),
        (mottaker, _enhet(mottaker, OEHD_ALTA), Stilling.SYKEPLEIER, 10, 8, 1.5),
    ):
        db.session.add(
            Bemanningsgulv(
                id=uuid4(),
                organisasjon_id=hvem.organisasjon_id,
                enhet_id=enhet_id,
                stilling=stilling,
                antall=antall,
                gulv=gulv,
                plasser_per=plasser_per,
                endret=naa - timedelta(days=30),
                endret_av_id=hvem.person_id,
            )
        )
    db.session.flush()
    db.session.add(
        Ressursfravaer(
            id=uuid4(),
            ressursperson_id=personer["Nils Ante Gaup"],
            fra=naa,
            til=naa + timedelta(days=10),
            opprettet=naa - timedelta(days=3),
        )
    )
    logg(_DEMO, "demo.saadd", "register", "omdisponering", personer=len(personer))
    return personer, lokale.id


def _enhet(hvem: Aktor, navn: str) -> UUID | None:
    return db.session.scalar(
        sa.select(Enhet.id).where(Enhet.organisasjon_id == hvem.organisasjon_id, Enhet.navn == navn)
    )


def _laan_ut(avgiver: Aktor, person_id: UUID, naa: datetime) -> None:
    """Alta's nursing home has had one of the trust's since the day before yesterday."""
    mottaker = aktor("koordinator")
    assert avgiver.organisasjon_id is not None and mottaker.organisasjon_id is not None
    with som_om(naa - timedelta(days=4)):
        behov_id = behov.opprett(
            mottaker,
            slag=Slag.PERSONELL,
            meldes=True,
            enhet_id=_enhet(mottaker, SYKEHJEM_ALTA),
            stilling=Stilling.HELSEFAGARBEIDER,
            kompetanse=int(Kompetanse.GERIATRI),
            antall=1,
            minst=1,
            fra=naa - timedelta(days=2),
            til=naa + timedelta(days=5),
            sted_id=mottaker.organisasjon_id,
            hvorfor="To er i isolasjon, og nattevaktene må dekkes.",
        )
        grunnlag = _bestemmelse(avgiver.organisasjon_id, mottaker.organisasjon_id)
        if grunnlag is None:
            return
        id_ = utkast.opprett(
            avgiver,
            behov_id,
            [utkast.Ny(ressursperson_id=person_id, samtykket=True)],
            bestemmelse_id=grunnlag,
            merknad="Oppmøte på avdelingen kl. 07.30 første dag.",
            **LOV,
        )
        flyt.foreslaa(avgiver, id_)
        flyt.godkjenn(avgiver, id_, lest=_hash(id_))
        flyt.godkjenn(mottaker, id_, lest=_hash(id_))
    with som_om(naa - timedelta(days=2) + timedelta(minutes=1)):
        flyt.iverksett(mottaker, id_)
        _deleger(mottaker, person_id, id_)


def _deleger(mottaker: Aktor, person_id: UUID, omdisponering_id: UUID) -> None:
    """What the nursing home lets her do for as long as she is there."""
    delegering.deleger(
        mottaker,
        ressursperson_id=person_id,
        omdisponering_id=omdisponering_id,
        oppgave=Delegert.LEGEMIDLER,
        omfang="Gi ferdig istandgjorte legemidler til faste pasienter. Ikke injeksjoner.",
        fra=i_dag(),
        til=i_dag() + timedelta(days=7),
        fullmakt_av="Øystein Bråthen, kommuneoverlege",
        opplaering="Lokalt kurs i legemiddelhåndtering, med prøve",
        opplaert=i_dag(),
        veileder="Ansvarlig sykepleier på vakt",
    )


def _vedta(avgiver: Aktor) -> None:
    """A decision by which the trust's people could be ordered: nobody is."""
    vedtak.registrer(
        avgiver,
        hjemmel="helseberedskapsloven § 4-1",
        besluttet_av="Helse- og omsorgsdepartementet (demo)",
        vedtatt=i_dag(),
        referanse="DEMO-2026/17",
        omfang="Sykepleiere og helsefagarbeidere i foretaket. Frivillig avgivelse skal være prøvd først.",
        fra=i_dag(),
        til=i_dag() + timedelta(days=60),
    )


def _spoer(avgiver: Aktor) -> None:
    """Two are asked to stand in the reserve; one has said yes, by the link in her letter, as everybody does."""
    for navn, stilling, kompetanse, epost, ja in RESERVE:
        reserve.registrer(
            avgiver,
            navn=navn,
            stilling=stilling,
            kompetanse=kompetanse,
            epost=epost,
            sted_id=_steder()[HAMMERFEST],
        )
        brev = db.session.scalars(sa.select(Utsending.tekst).where(Utsending.til == epost)).one()
        db.session.rollback()
        _ikke_send(epost)
        lenke = re.search(r"/omdisponering/samtykke/(\S+)", brev)
        if ja and lenke is not None:
            samtykke.svar(lenke[1], True)


@transactional
def _ikke_send(epost: str) -> None:
    stopp_utsendinger(Utsending.til == epost)


def _bestemmelse(en: UUID, annen: UUID) -> UUID | None:
    """A clause that holds between the two, of the agreement on preparedness before others."""
    rader: list[Bestemmelse] = [b for _avtale, alle in steps.grunnlag(en, annen) for b in alle]
    db.session.rollback()
    return min(rader, key=lambda b: b.art != "beredskap").id if rader else None


def _hash(id_: UUID) -> str:
    lest = db.session.get_one(Omdisponering, id_, populate_existing=True).innhold_hash
    db.session.rollback()
    return lest


def _behov_i_alta(naa: datetime) -> UUID:
    hvem = aktor("koordinator")
    return behov.opprett(
        hvem,
        slag=Slag.PERSONELL,
        meldes=True,
        enhet_id=_enhet(hvem, OEHD_ALTA),
        stilling=Stilling.SYKEPLEIER,
        kompetanse=int(Kompetanse.INTRAVENOES),
        antall=2,
        minst=1,
        krever_vaksine=True,
        fra=naa + timedelta(hours=14),
        til=naa + timedelta(days=10),
        sted_id=hvem.organisasjon_id,
        hvorfor="Tre sykepleiere er syke. Med to til kan vi bemanne alle plassene.",
    )


def _behov_i_kautokeino(naa: datetime) -> UUID:
    hvem = aktor("koordinator_kautokeino")
    return behov.opprett(
        hvem,
        slag=Slag.PERSONELL,
        meldes=True,
        enhet_id=_enhet(hvem, OEHD_KAUTOKEINO),
        stilling=Stilling.SYKEPLEIER,
        kompetanse=int(Kompetanse.INTRAVENOES),
        antall=1,
        minst=1,
        fra=naa + timedelta(hours=10),
        til=naa + timedelta(days=7),
        sted_id=hvem.organisasjon_id,
        hvorfor="Legevakta tar imot tre ganger så mange som vanlig, og ØHD-enheten mangler folk på natt.",
    )


def _tilby(
    avgiver: Aktor, personer: dict[str, UUID], lokale_id: UUID, alta_id: UUID, kautokeino_id: UUID
) -> None:
    """Two nurses to Alta, one to Kautokeino, and premises to whoever needs them."""
    alta, kautokeino = (
        db.session.execute(sa.select(Behov.fra, Behov.til).where(Behov.id == id_)).one()
        for id_ in (alta_id, kautokeino_id)
    )
    db.session.rollback()
    tilbud.tilby(
        avgiver,
        personer=[personer["Jørn Håkonsen"], personer["Siv Ærøe"]],
        fra=alta.fra,
        til=alta.til,
        andel=80,
        behov_id=alta_id,
        merknad="Kan begynne med dagvakt.",
    )
    tilbud.tilby(
        avgiver,
        personer=[personer["Máret Elle Somby"]],
        fra=kautokeino.fra,
        til=kautokeino.til,
        behov_id=kautokeino_id,
    )
    tilbud.tilby(avgiver, lokaler=[lokale_id], fra=now(), til=now() + timedelta(days=60))


@transactional
def _ti_stille() -> None:
    for del_ in ("omdisponering.", "behov."):
        stopp_varsler(Varsel.kode.startswith(del_), Varsel.stoppet.is_(None))
