"""A version is sent to the parties' chains, approved link by link or sent back, and opened again when it must change.

What is approved is one text: its hash is set when it is sent, the approver gives the hash of what was read, and nobody
approves what they have written, proposed, accepted or sent themselves.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Never
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler import access, beskjeder, godkjenninger, ikraft, innhold, livsloep, plikter, steps
from portal.avtaler.access import Handling
from portal.avtaler.forloep import Forslagsstatus, Partstatus, Side, Status
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Forslag, Godkjenning
from portal.core.aktor import Aktor
from portal.core.clock import i_dag, now
from portal.core.db import db, meld, transactional, uavhengig
from portal.core.errors import IkkeTilgang, Opptatt, UgyldigData, UgyldigOvergang, Utdatert
from portal.core.sprak import _l
from portal.revisjon.steps import logg

#: Signs.
LENGSTE_SAKSNUMMER = 60
LENGSTE_MERKNAD = 1_000
_AAPEN = (Status.UTKAST, Status.TIL_FORHANDLING)
#: What is told on the way to approval, and is no more when the version is taken back.
_OM_GODKJENNINGEN = [
    f"avtale.{hva}" for hva in ("part_godkjent", "part_spurt", "godkjent", "godkjenning_avvist")
]


# --- sending ---------------------------------------------------------------------------------------------


@transactional
def send(aktor: Aktor, avtale_id: UUID, lest_hash: str) -> None:
    """Sends the version that is worked on to the chains of all that take part; its content is frozen from now on.

    `lest_hash` is `steps.hash_av` of what the sender read; another text now → Utdatert. Raises UgyldigData that names
    all that is missing (`mangler`), and UgyldigOvergang for what is not worked on or has been sent.
    """
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id, laas=True)
    versjon = steps.i_arbeid(avtale)
    if versjon is None:
        raise UgyldigOvergang(_l("Avtalen har ingen versjon under arbeid. Begynn en ny versjon først."))
    if versjon.status not in _AAPEN:
        raise UgyldigOvergang(_l("Versjonen er alt sendt til godkjenning."), kode="til_godkjenning")
    if felter := mangler(avtale, versjon):
        raise UgyldigData(
            _l("Noe mangler før avtalen kan sendes til godkjenning. Rett det som er nevnt, og send på nytt."),
            felter=felter,
        )
    innholdet = steps.hash_av(avtale, versjon)
    if lest_hash != innholdet:
        raise Utdatert(
            _l(
                "Noen har endret avtalen etter at du åpnet den. Les den på nytt før du sender den til godkjenning."
            ),
            lest=innholdet,
        )
    versjon.flytt_til(Status.TIL_GODKJENNING)
    versjon.sendt_til_godkjenning, versjon.sendt_av_id = now(), aktor.person_id
    versjon.innhold_hash = innholdet
    parter = deltakere(avtale, versjon)
    for part in parter:
        livsloep.be_om_godkjenning(versjon, part)
    logg(
        aktor,
        "avtale.sendt_til_godkjenning",
        "avtale",
        avtale.id,
        nummer=versjon.nummer,
        hash=innholdet,
        parter=[str(p.organisasjon_id) for p in parter],
    )
    beskjeder.ti_om(avtale.id, ["avtale.til_forhandling"])
    godkjenninger.varsle_tur(avtale, versjon, godkjenninger.neste(versjon))
    meld("avtale.endret", avtale_id=avtale.id)


def deltakere(avtale: Avtale, versjon: Avtaleversjon) -> list[Avtalepart]:
    """Who approves the version: all whom it will bind, as it looks now. The trust first."""
    return ikraft.bindes(avtale, ikraft.foerste_dag(avtale, versjon))


def mangler(avtale: Avtale, versjon: Avtaleversjon) -> dict[str, list[Any]]:
    """What is missing before the version can be sent to approval, by subject; empty: nothing."""
    ut: dict[str, list[Any]] = {}
    if not steps.antall_bestemmelser(versjon):
        ut["bestemmelser"] = [_l("Avtalen har ingen bestemmelser. Skriv minst én.")]
    if not versjon.medvirkning.strip():
        ut["medvirkning"] = [
            _l(
                "Skriv hvordan erfaringer fra pasienter og brukere og deres organisasjoner har vært med "
                "(helse- og omsorgstjenesteloven § 6-1)."
            )
        ]
    parter = deltakere(avtale, versjon)
    if not any(p.side == Side.KOMMUNE for p in parter):
        ut["parter"] = [_l("Ingen kommune deltar. Minst én må ha svart ja på invitasjonen.")]
    aapne = db.session.scalar(
        sa.select(sa.func.count())
        .select_from(Forslag)
        .where(
            Forslag.avtale_id == avtale.id,
            Forslag.nummer == versjon.nummer,
            Forslag.status == Forslagsstatus.AAPENT,
        )
    )
    if aapne:
        ut["forslag"] = [
            _l("%(antall)s forslag er ikke avgjort. Svar på dem, eller trekk dem.", antall=aapne)
        ]
    alle = godkjenninger.kandidater({p.organisasjon_id for p in parter})
    stumme = sorted(p.organisasjon.visningsnavn for p in parter if not alle[p.organisasjon_id])
    if stumme:
        ut["folk"] = [
            _l(
                "Ingen kan godkjenne hos %(navn)s: der har ingen rollen koordinator, administrator eller "
                "kommuneoverlege. Noen må få en av dem.",
                navn=", ".join(stumme),
            )
        ]
    return ut


# --- approving -------------------------------------------------------------------------------------------


@transactional
def godkjenn(
    aktor: Aktor,
    godkjenning_id: UUID,
    innhold_hash: str,
    saksnummer: str = "",
    vedtaksdato: date | None = None,
    merknad: str = "",
) -> None:
    """Gives a link of the own organisation's chain, for the content with that hash and no other.

    When it was the last of all, the version has its day: it is in force then, without a gap. For a kommune that joins
    an agreement in force, it is a party from today. Raises IkkeTilgang for who the link does not name and for who has
    a part in the text, Utdatert for another content, Opptatt when it is given already, UgyldigOvergang when it is not
    its turn, UgyldigData by field for the vedtak.
    """
    avtale, versjon, rad = access.hent_godkjenning(aktor, godkjenning_id, laas=True)
    _krev_rett(aktor, avtale, rad)
    _krev_aapen(avtale, versjon, rad)
    _krev_fire_oeyne(aktor, avtale, versjon, rad)
    _krev_samme_innhold(avtale, versjon, innhold_hash)
    saksnummer, merknad = _vedtak(rad, saksnummer, vedtaksdato, merknad)
    rad.gitt, rad.gitt_av_id, rad.avvist = now(), aktor.person_id, None
    rad.innhold_hash = innhold_hash
    rad.saksnummer, rad.vedtaksdato, rad.merknad = saksnummer, vedtaksdato, merknad
    db.session.flush()
    logg(
        aktor,
        "avtale.godkjent",
        "avtale",
        avtale.id,
        nummer=versjon.nummer,
        ledd=rad.navn,
        hash=innhold_hash,
        saksnummer=saksnummer,
        vedtaksdato=vedtaksdato.isoformat() if vedtaksdato else "",
    )
    godkjenninger.ti_om_tur(avtale.id, [rad])
    neste = [g for g in godkjenninger.neste(versjon) if g.organisasjon_id == rad.organisasjon_id]
    if neste:
        godkjenninger.varsle_tur(avtale, versjon, neste)
    elif versjon.status == Status.TIL_GODKJENNING:
        _part_ferdig(aktor, avtale, versjon, rad)
    else:
        _bli_part(aktor, avtale, versjon, rad)
    meld("avtale.endret", avtale_id=avtale.id)


@transactional
def avvis(aktor: Aktor, godkjenning_id: UUID, merknad: str) -> None:
    """Sends the version back instead, and says why. Nothing goes on there before it is opened again, or the link is
    given after all. Raises as `godkjenn`; who has written in it may send it back.
    """
    avtale, versjon, rad = access.hent_godkjenning(aktor, godkjenning_id, laas=True)
    _krev_rett(aktor, avtale, rad)
    _krev_aapen(avtale, versjon, rad)
    if rad.avvist is not None:
        raise Opptatt(_l("Versjonen er alt sendt tilbake fra dette leddet."))
    merknad = _ren_merknad(merknad)
    if not merknad:
        raise UgyldigData(felter={"merknad": [_l("Skriv hvorfor, så eieren vet hva som må endres.")]})
    rad.avvist, rad.gitt_av_id, rad.merknad = now(), aktor.person_id, merknad
    db.session.flush()
    logg(aktor, "avtale.godkjenning_avvist", "avtale", avtale.id, nummer=versjon.nummer, ledd=rad.navn)
    godkjenninger.ti_om_tur(avtale.id, [rad])
    godkjenninger.si_alle(
        aktor,
        avtale,
        {avtale.eier_id, rad.organisasjon_id},
        "godkjenning_avvist",
        f"{rad.id}:{rad.versjon}",
        _l("Avtale sendt tilbake: %(tittel)s", tittel=versjon.tittel),
        _l("%(navn)s (%(ledd)s) godkjenner ikke versjon %(nr)s. Les hvorfor, og ta den tilbake for å endre den.",
           navn=rad.organisasjon.visningsnavn, ledd=rad.navn, nr=versjon.nummer),
    )  # fmt: skip
    meld("avtale.endret", avtale_id=avtale.id)


def _krev_rett(aktor: Aktor, avtale: Avtale, rad: Godkjenning) -> None:
    """Raises IkkeTilgang for whom the link does not name."""
    hos = godkjenninger.kandidater([rad.organisasjon_id])[rad.organisasjon_id]
    if aktor.medlemskap_id not in {k.medlemskap_id for k in godkjenninger.som_kan(rad.medlemskap, hos)}:
        _nekt(aktor, avtale, _l("Dette leddet godkjennes av andre. Kjeden sier hvem."), "feil_person")


def _krev_fire_oeyne(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon, rad: Godkjenning) -> None:
    if aktor.person_id in godkjenninger.forfattere(avtale, versjon):
        _nekt(
            aktor,
            avtale,
            _l(
                "Du har skrevet, foreslått, godtatt eller sendt noe i denne versjonen. En annen må godkjenne den."
            ),
            "fire_oeyne",
        )
    if aktor.person_id in godkjenninger.godkjent_for_andre(avtale, versjon, rad):
        _nekt(
            aktor, avtale, _l("Du har godkjent for den andre siden. En annen må godkjenne her."), "fire_oeyne"
        )


def _nekt(aktor: Aktor, avtale: Avtale, melding: Any, kode: str) -> Never:
    uavhengig(
        lambda: logg(aktor, f"avtale.{Handling.GODKJENNE}", "avtale", avtale.id, utfall="avslag", grunn=kode)
    )
    raise IkkeTilgang(melding, kode=kode)


def _krev_aapen(avtale: Avtale, versjon: Avtaleversjon, rad: Godkjenning) -> None:
    """Raises unless the link is one that is waited for: of a version out for approval, or of the one in force."""
    part = access.part(avtale, rad.organisasjon_id)
    if rad.opphevet is not None or part is None or part.status != Partstatus.DELTAR:
        raise UgyldigOvergang(
            _l(
                "Versjonen er endret eller tatt tilbake, og godkjenningen gjelder ikke lenger. Se den nyeste."
            ),
            kode="opphevet",
        )
    if rad.gitt is not None:
        navn = rad.gitt_av.navn if rad.gitt_av else ""
        raise Opptatt(_l("%(navn)s har alt godkjent dette leddet.", navn=navn))
    if versjon.status != Status.TIL_GODKJENNING and steps.holder(avtale) is not versjon:
        raise UgyldigOvergang(_l("Versjonen er ikke til godkjenning lenger. Last siden på nytt."))
    if rad not in godkjenninger.neste(versjon):
        raise UgyldigOvergang(_l("Leddet før dette i kjeden har ikke godkjent ennå. Vent til det har det."))


def _krev_samme_innhold(avtale: Avtale, versjon: Avtaleversjon, innhold_hash: str) -> None:
    """Raises Utdatert unless that hash is what was sent, and still what the version reads."""
    lest = steps.hash_av(avtale, versjon)
    if not versjon.innhold_hash:
        # Entered as in force, never sent: what it reads now is what is joined.
        versjon.innhold_hash = lest
    if innhold_hash != versjon.innhold_hash or lest != versjon.innhold_hash:
        raise Utdatert(
            _l("Dette er ikke teksten som er til godkjenning. Les versjonen på nytt før du godkjenner den."),
            kode="feil_innhold",
        )


def _vedtak(rad: Godkjenning, saksnummer: str, vedtaksdato: date | None, merknad: str) -> tuple[str, str]:
    """Case number and remark as they are stored. Raises UgyldigData by field, with all that is wrong."""
    felter: dict[str, list[Any]] = {}
    renset = "" if innhold.ULOVLIGE.search(saksnummer) else " ".join(innhold.ren(saksnummer).split())
    if rad.krever_vedtak and not renset:
        felter["saksnummer"] = [_l("Skriv saksnummeret til vedtaket, for eksempel 26/114.")]
    elif len(renset) > LENGSTE_SAKSNUMMER:
        felter["saksnummer"] = [_l("Teksten er for lang: høyst %(antall)s tegn.", antall=LENGSTE_SAKSNUMMER)]
    if rad.krever_vedtak and vedtaksdato is None:
        felter["vedtaksdato"] = [_l("Skriv dagen vedtaket ble gjort.")]
    elif vedtaksdato is not None and vedtaksdato > i_dag():
        felter["vedtaksdato"] = [_l("Vedtaket må være gjort: velg i dag eller en dag som har vært.")]
    try:
        merknad = _ren_merknad(merknad)
    except UgyldigData as feil:
        felter |= feil.detaljer["felter"]
    if felter:
        raise UgyldigData(felter=felter)
    return renset, merknad


def _ren_merknad(merknad: str) -> str:
    if innhold.ULOVLIGE.search(merknad):
        raise UgyldigData(
            felter={
                "merknad": [
                    _l("Teksten har tegn som ikke kan lagres. Skriv den inn på nytt, uten å lime inn.")
                ]
            }
        )
    merknad = innhold.ren(merknad)
    if len(merknad) > LENGSTE_MERKNAD:
        raise UgyldigData(
            felter={"merknad": [_l("Teksten er for lang: høyst %(antall)s tegn.", antall=LENGSTE_MERKNAD)]}
        )
    return merknad


def _part_ferdig(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon, rad: Godkjenning) -> None:
    """A party's whole chain has approved; were they the last, the version has its day."""
    if not godkjenninger.neste(versjon):
        ikraft.godta(aktor, avtale, versjon)
        return
    godkjenninger.si_alle(
        aktor,
        avtale,
        [avtale.eier_id],
        "part_godkjent",
        rad.id,
        _l("%(navn)s har godkjent: %(tittel)s", navn=rad.organisasjon.visningsnavn, tittel=versjon.tittel),
        _l("Versjon %(nr)s venter på de andre partene.", nr=versjon.nummer),
    )


def _bli_part(aktor: Aktor, avtale: Avtale, versjon: Avtaleversjon, rad: Godkjenning) -> None:
    """A kommune has approved the version in force by its own chain: it holds there from today."""
    part = access.part(avtale, rad.organisasjon_id)
    assert part is not None
    part.fra = i_dag()
    db.session.flush()
    plikter.lag_oppgaver(avtale, versjon)
    logg(
        aktor, "avtale.part_tiltraadt", "avtale", avtale.id, nummer=versjon.nummer, part=part.organisasjon_id
    )
    godkjenninger.si_alle(
        aktor,
        avtale,
        {avtale.eier_id, part.organisasjon_id},
        "part_tiltraadt",
        part.id,
        _l("%(navn)s er part: %(tittel)s", navn=part.organisasjon.visningsnavn, tittel=avtale.tittel),
        _l("Avtalen gjelder der fra i dag. Ingenting er endret for de andre partene."),
    )


# --- opening again ---------------------------------------------------------------------------------------


@transactional
def aapne_igjen(aktor: Aktor, avtale_id: UUID) -> int:
    """Takes a version back from approval, or before its day: a change voids its approvals. Gives the next's number.

    The next version is in negotiation with the same text, so that the two can be compared. What is in force goes on as
    if nothing had been sent. Raises UgyldigOvergang for what is not out for approval, and once the day has come.
    """
    avtale = access.hent(aktor, Handling.REDIGERE, avtale_id, laas=True)
    versjon = steps.i_arbeid(avtale)
    if versjon is None or versjon.status not in (Status.TIL_GODKJENNING, Status.GODKJENT):
        raise UgyldigOvergang(
            _l("Ingen versjon er til godkjenning. Last siden på nytt og se hva som har skjedd.")
        )
    parter = [p.organisasjon_id for p in avtale.parter if p.status in access.MED]
    livsloep.forkast(aktor, avtale, versjon)
    ny = steps.ny_versjon(aktor, avtale, Status.TIL_FORHANDLING, utgangspunkt=versjon)
    ny.sendt_til_forhandling, ny.notat = now(), versjon.notat
    db.session.flush()
    logg(aktor, "avtale.aapnet_igjen", "avtale", avtale.id, nummer=versjon.nummer, ny=ny.nummer)
    beskjeder.ti_om(avtale.id, _OM_GODKJENNINGEN)
    beskjeder.si(
        aktor,
        avtale,
        parter,
        "avtale.aapnet_igjen",
        f"avtale.aapnet_igjen:{versjon.id}",
        _l("Avtale til forhandling igjen: %(tittel)s", tittel=versjon.tittel),
        _l("Versjon %(nr)s er tatt tilbake, og godkjenningene av den gjelder ikke lenger. Versjon %(ny)s er til "
           "forhandling.", nr=versjon.nummer, ny=ny.nummer),
    )  # fmt: skip
    meld("avtale.endret", avtale_id=avtale.id)
    return ny.nummer


def kan_aapnes(avtale: Avtale) -> bool:
    """Whether the owner could take the version back now."""
    versjon = steps.i_arbeid(avtale)
    return versjon is not None and (
        versjon.status == Status.TIL_GODKJENNING
        or (
            versjon.status == Status.GODKJENT
            and (versjon.i_kraft_fra is None or versjon.i_kraft_fra > i_dag())
        )
    )
