"""Steps that the use cases of this room share inside their own transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.avtaler import oppslag
from portal.avtaler.punkter import Situasjon
from portal.beredskap.steps import situasjon as fasesituasjon
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now, oslo
from portal.core.config import innstillinger
from portal.core.db import db, i_transaksjon, insert_for, meld, transaksjon
from portal.core.errors import UgyldigData
from portal.core.identifiers import Treff, finn_personnumre
from portal.core.sprak import _l
from portal.core.traader import i_traadpool
from portal.henvendelser.access import kan_motta, side
from portal.henvendelser.forloep import (
    AAPNE,
    OPPFOELGINGSDAGER,
    Hendelsestype,
    Invitasjonsslag,
    Invitasjonstilstand,
    Retning,
    Status,
    Utfall,
)
from portal.henvendelser.models import (
    Avtalegrunnlag,
    Deltaker,
    Hendelse,
    Henvendelse,
    HenvendelseHode,
    Koe,
    Kvittering,
    Oppfoelging,
    OppfoelgingSvar,
    Saksinvitasjon,
    Saksnummerteller,
    Utskrivning,
)
from portal.identitet.fagomraader import FAGOMRAADER
from portal.identitet.models import SYKEHUS, Medlemskap, Organisasjon, Organisasjonstype
from portal.revisjon import steps as revisjon
from portal.varsler.models import Varsel
from portal.varsler.steps import stopp_varsler

#: Characters from which the search for identity numbers leaves the hub.
LANG_TEKST = 3000


def visningsnavn(aktor: Aktor) -> str:
    """A sender as the other side should see them: name and place. What acts by itself is the portal."""
    if aktor.person_id is None:
        return "Samhandlingsportalen"
    sted = aktor.enhet_navn or aktor.organisasjon_navn
    return f"{aktor.navn}, {sted}" if sted else aktor.navn


def koenoekkel(mottaker_id: UUID, fagomraade: str) -> str:
    """The name of one queue over the socket."""
    return f"{mottaker_id}:{fagomraade}"


def skriv_hendelse(
    aktor: Aktor,
    sak: Henvendelse,
    type_: Hendelsestype,
    *,
    tekst: str = "",
    data: dict[str, Any] | None = None,
    innhold: dict[str, Any] | None = None,
    klient_id: UUID | None = None,
) -> Hendelse:
    """Appends a row to the log under the lock of its counter, audits it and tells of it after the commit.

    `data` stands in the audit log too, so it is never clinical text; `innhold` is, and stands in the row alone.
    """
    hode = _laast_teller(sak.id)
    hode.sekvens += 1
    rad = Hendelse(
        henvendelse_id=sak.id,
        sekvens=hode.sekvens,
        type=type_,
        side=side(aktor, sak),
        avsender_id=aktor.person_id,
        avsender_navn=visningsnavn(aktor),
        tekst=tekst,
        data={**(data or {}), **(innhold or {})},
        tidspunkt=now(),
        klient_id=klient_id,
    )
    db.session.add(rad)
    revisjon.logg(
        aktor,
        f"henvendelse.{type_}",
        "henvendelse",
        sak.id,
        kjede=revisjon.sakskjede(sak.id),
        detaljer={"sekvens": hode.sekvens, "saksnummer": sak.saksnummer, **(data or {})},
    )
    meld("henvendelse.hendelse", hendelse=rad.som_dict())
    meld("henvendelse.sak_endret", henvendelse_id=sak.id)
    return rad


def _laast_teller(sak_id: UUID) -> HenvendelseHode:
    """The counter of a case's log, locked. One that this transaction has locked already is as it left it."""
    laaste = _laaste_tellere()
    if sak_id not in laaste:
        # What stands unwritten must not be read over.
        db.session.flush()
        laaste[sak_id] = db.session.execute(
            sa.select(HenvendelseHode)
            .where(HenvendelseHode.henvendelse_id == sak_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        ).scalar_one()
    return laaste[sak_id]


def _laaste_tellere() -> dict[UUID, HenvendelseHode]:
    tellere: dict[UUID, HenvendelseHode] = transaksjon().lager.setdefault("tellere", {})
    return tellere


def noter_laast_teller(hode: HenvendelseHode) -> None:
    """This transaction has locked and read the counter of a case's log."""
    _laaste_tellere()[hode.henvendelse_id] = hode


def bli_deltaker(aktor: Aktor, sak: Henvendelse) -> None:
    """Makes the actor a participant, or lets one who had left come back. Two windows may do so at once."""
    db.session.flush()
    db.session.execute(
        insert_for(Deltaker, db.engine.dialect.name)
        .values(
            henvendelse_id=sak.id,
            person_id=aktor.person_id,
            medlemskap_id=aktor.medlemskap_id,
            side=side(aktor, sak),
            fra=now(),
        )
        .on_conflict_do_update(
            index_elements=["henvendelse_id", "medlemskap_id"],
            set_={"til": None},
            where=Deltaker.til.is_not(None),
        )
    )


def overta(aktor: Aktor, sak: Henvendelse, *, tekst: str = "") -> None:
    """The responsibility becomes the actor's. The deadlines stand, and the former responsible keeps the case."""
    fra = sak.ansvarlig.navn if sak.ansvarlig else ""
    bli_deltaker(aktor, sak)
    sak.ansvarlig_id, sak.ansvarlig_medlemskap_id = aktor.person_id, aktor.medlemskap_id
    skriv_hendelse(aktor, sak, Hendelsestype.OVERLEVERT, tekst=tekst, data={"hvem": aktor.navn, "fra": fra})
    ny_versjon_av_koe(sak.mottaker_id, sak.fagomraade)


def spoersmaal_om(invitasjon_id: UUID) -> str:
    """The name under which what is told of an invitation can be stopped."""
    return f"invitasjon:{invitasjon_id}"


def ikke_spurt_lenger(invitasjoner: Iterable[UUID]) -> None:
    """What has been answered, withdrawn or has lapsed is asked no more: not in the bell, nor by what has not left."""
    db.session.flush()
    stopp_varsler(
        Varsel.gjelder.in_([spoersmaal_om(i) for i in invitasjoner]),
        Varsel.stoppet.is_(None),
    )


def avlys_invitasjoner(aktor: Aktor, sak: Henvendelse, *, forlater: UUID | None = None) -> None:
    """What nobody can accept any more lapses: called in each move, after the status has been set.

    A case that is over asks nobody. One that waits in a queue again has no responsible to take over from. `forlater`
    is the organisation that the case is sent on from: its own people are asked no more.
    """
    if sak.status not in AAPNE:
        gjelder: sa.ColumnElement[bool] = sa.true()
    elif sak.status == Status.NY:
        hos_dem = sa.select(Medlemskap.id).where(Medlemskap.organisasjon_id == forlater)
        gjelder = sa.or_(
            Saksinvitasjon.slag == Invitasjonsslag.OVERLEVERING, Saksinvitasjon.til_medlemskap_id.in_(hos_dem)
        )
    else:
        return
    ventet = db.session.execute(
        sa.update(Saksinvitasjon)
        .where(
            Saksinvitasjon.henvendelse_id == sak.id,
            Saksinvitasjon.tilstand == Invitasjonstilstand.VENTER,
            gjelder,
        )
        .values(tilstand=Invitasjonstilstand.TRUKKET, avgjort=now())
        .returning(Saksinvitasjon.id)
        .execution_options(synchronize_session=False)
    ).scalars()
    ider = ventet.all()
    ikke_spurt_lenger(ider)
    for invitasjon_id in ider:
        revisjon.logg(
            aktor,
            "henvendelse.invitasjon_avlyst",
            "henvendelse",
            sak.id,
            kjede=revisjon.sakskjede(sak.id),
            invitasjon=str(invitasjon_id),
        )
        meld("henvendelse.tilgang_endret", henvendelse_id=sak.id)


def planlegg_oppfoelging(sak: Henvendelse, *, spoer_igjen: bool = False) -> None:
    """Plans the question what became of the patient, three days after the closing; `spoer_igjen` asks at thirty too.

    Nothing is asked about somebody who has died.
    """
    if sak.status != Status.LUKKET or sak.lukket_tid is None or sak.utfall == Utfall.DOED:
        return
    foerste, andre = OPPFOELGINGSDAGER
    for dag in (foerste, andre) if spoer_igjen else (foerste,):
        planlegg_dag(sak, dag)


def planlegg_dag(sak: Henvendelse, dag: int) -> None:
    """Plans one of the questions. Planned already: nothing happens."""
    assert sak.lukket_tid is not None
    db.session.execute(
        insert_for(Oppfoelging, db.engine.dialect.name)
        .values(id=uuid4(), henvendelse_id=sak.id, dag=dag, forfaller=sak.lukket_tid + timedelta(days=dag))
        .on_conflict_do_nothing(index_elements=["henvendelse_id", "dag"])
    )


def avlys_oppfoelging(sak: Henvendelse) -> None:
    """A case that is opened again is not over: what was planned and answered is void, and stands in the log alone."""
    planlagt = sa.select(Oppfoelging.id).where(Oppfoelging.henvendelse_id == sak.id)
    for uttrykk in (
        sa.delete(OppfoelgingSvar).where(OppfoelgingSvar.oppfoelging_id.in_(planlagt)),
        sa.delete(Oppfoelging).where(Oppfoelging.henvendelse_id == sak.id),
    ):
        db.session.execute(uttrykk.execution_options(synchronize_session=False))
    sak.oppfoelging = None


def ny_versjon_av_koe(mottaker_id: UUID, fagomraade: str) -> None:
    """Counts the queue up, so that every browser that shows it knows that it has changed."""
    uttrykk = insert_for(Koe, db.engine.dialect.name).values(
        mottaker_id=mottaker_id, fagomraade=fagomraade, versjon=1
    )
    versjon = db.session.execute(
        uttrykk.on_conflict_do_update(
            index_elements=["mottaker_id", "fagomraade"], set_={"versjon": Koe.versjon + 1}
        ).returning(Koe.versjon)
    ).scalar_one()
    meld("henvendelse.koe_endret", noekkel=koenoekkel(mottaker_id, fagomraade), versjon=versjon)


def nytt_saksnummer() -> str:
    """The next case number of the year in Oslo: «26-000417». Its counter is locked until the commit."""
    aar = oslo(now()).year
    siste = db.session.execute(
        insert_for(Saksnummerteller, db.engine.dialect.name)
        .values(aar=aar, siste=1)
        .on_conflict_do_update(index_elements=["aar"], set_={"siste": Saksnummerteller.siste + 1})
        .returning(Saksnummerteller.siste)
    ).scalar_one()
    return f"{aar % 100:02d}-{siste:06d}"


def finn_identitet(tekster: Mapping[str, str]) -> dict[str, list[tuple[int, int]]]:
    """Where valid national identity numbers stand in the texts: {field: [(start, end), …]} in code points."""
    treff = {}
    for felt, tekst in tekster.items():
        steder = [(t.start, t.slutt) for t in _let(tekst)]
        if steder:
            treff[felt] = steder
    return treff


def _let(tekst: str) -> list[Treff]:
    """Searches one text; a long one on the thread pool, where that may be (16 KB of digits take 23 ms)."""
    regel = innstillinger().regel_2032
    if len(tekst) > LANG_TEKST and not i_transaksjon():
        return i_traadpool(finn_personnumre, tekst, regel_2032=regel)
    return finn_personnumre(tekst, regel_2032=regel)


def stopp_identitet(tekster: Mapping[str, str], *, ikke_fnr: bool) -> int:
    """Stops a text with a national identity number in it. Gives how many were let through by `ikke_fnr`.

    Raises UgyldigData (`personnummer`) with the places in `treff`, so that the form can mark them.
    """
    treff = finn_identitet(tekster)
    if treff and not ikke_fnr:
        melding = _l(
            "Teksten har et tall som er et gyldig fødselsnummer eller D-nummer. Pasientens identitet skal "
            "utveksles utenfor portalen: ta det ut, eller si at det ikke er et fødselsnummer."
        )
        raise UgyldigData(
            melding,
            kode="personnummer",
            felter={felt: [melding] for felt in treff},
            treff=treff,
        )
    return sum(len(steder) for steder in treff.values())


def revider_sluppet(aktor: Aktor, sak: Henvendelse, antall: int) -> None:
    """Writes to the audit log that so many number-like places were let through as no identity numbers."""
    if antall:
        revisjon.logg(
            aktor,
            "henvendelse.ikke_personnummer",
            "henvendelse",
            sak.id,
            kjede=revisjon.sakskjede(sak.id),
            antall=antall,
        )


def sett_av(aktor: Aktor, sak: Henvendelse) -> Kvittering:
    """Notes that the actor has seen the case. How far is told by the receipts, which only grow."""
    assert aktor.person_id is not None
    naa = now()
    db.session.execute(
        insert_for(Kvittering, db.engine.dialect.name)
        .values(
            henvendelse_id=sak.id,
            person_id=aktor.person_id,
            side=side(aktor, sak),
            navn=visningsnavn(aktor),
            mottatt=0,
            lest=0,
            sett=naa,
            tidspunkt=naa,
        )
        .on_conflict_do_nothing()
    )
    return db.session.get_one(Kvittering, (sak.id, aktor.person_id))


def noter_aapning(aktor: Aktor, sak: Henvendelse) -> Kvittering:
    """Writes that the actor opens the case, one audit row, and notes that it is seen."""
    revisjon.logg(
        aktor,
        "henvendelse.aapnet",
        "henvendelse",
        sak.id,
        kjede=revisjon.sakskjede(sak.id),
        status=sak.status,
        saksnummer=sak.saksnummer,
    )
    kvittering = sett_av(aktor, sak)
    kvittering.tidspunkt = now()
    return kvittering


def kan_vaere_mottaker(organisasjon: Organisasjon, retning: Retning) -> bool:
    """Whether a request of that direction can go there: to a hospital, or to a kommune, that is in use."""
    typer = SYKEHUS if retning == Retning.TIL_SYKEHUS else ("kommune",)
    return organisasjon.type in typer and organisasjon.nedlagt is None


def velg_omraade(retning: Retning) -> Any:
    """What to say when the fagområde is none of the receiver's."""
    return (
        _l("Velg et fagområde fra lista.")
        if retning == Retning.TIL_SYKEHUS
        else _l("Velg en tjeneste fra lista.")
    )


def krev_noen_som_svarer(mottaker_id: UUID, fagomraade: str) -> None:
    """Refuses what nobody would see: worse than no portal is a request into the void."""
    if fagomraade in kan_motta([mottaker_id])[mottaker_id]:
        return
    raise UgyldigData(
        kode="ingen_svarer",
        felter={
            "fagomraade": [
                _l(
                    "Ingen hos mottakeren svarer for dette fagområdet i portalen. Velg et annet fagområde, "
                    "eller ring mottakeren. Ved akutt fare: ring 113."
                )
            ]
        },
    )


# --- what the agreements say -----------------------------------------------------------------------------


def avtalespoersmaal(sak: Henvendelse) -> tuple[Organisasjon, UUID, Situasjon, str | None] | None:
    """What a case asks of the agreements: (kommune, trust, situation, specialty). None: no kommune takes part in it.

    The kommune is the one that asks or is asked. A discharge is about utskrivning, a municipal bed about ØHD, all else
    about whether somebody is to be admitted. What a kommune answers for is no specialty, and limits no clause.
    """
    kommune = next(
        (o for o in (sak.avsender, sak.mottaker) if o.type == Organisasjonstype.KOMMUNE),
        None,
    )
    if kommune is None:
        return None
    foretak = sak.mottaker if kommune is sak.avsender else sak.avsender
    if sak.fagomraade == "oehd":
        situasjon = Situasjon.OEHD
    elif sak.fagomraade == "utskrivning" or db.session.scalar(
        sa.select(sa.exists().where(Utskrivning.henvendelse_id == sak.id))
    ):
        situasjon = Situasjon.UTSKRIVNING
    else:
        situasjon = Situasjon.INNLEGGELSE
    return kommune, foretak.id, situasjon, sak.fagomraade if sak.fagomraade in FAGOMRAADER else None


def skriv_avtalegrunnlag(sak: Henvendelse, hendelse: Hendelse) -> None:
    """Keeps what the agreements said, and in which phase, when the advice in this row of the log was given.

    Also that there was none: an agreement of tomorrow must not seem to have been there today.
    """
    spurt = avtalespoersmaal(sak)
    if spurt is None:
        return
    kommune, foretak_id, situasjon, fagomraade = spurt
    fase = fasesituasjon(kommune.id)
    db.session.add(
        Avtalegrunnlag(
            id=uuid4(),
            henvendelse_id=sak.id,
            sekvens=hendelse.sekvens,
            tidspunkt=hendelse.tidspunkt,
            kommune_id=kommune.id,
            situasjon=situasjon,
            fase=fase.fase,
            fase_satt=fase.satt,
            avtaler=oppslag.grunnlag(kommune.id, foretak_id, situasjon, fagomraade, i_dag(), fase.fase),
        )
    )
