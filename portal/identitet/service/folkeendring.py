"""What an administrator changes about the people of the organisation: a new one, what is written of them, roles.

Shutting out, ending a role and the like are in `personer.py`; links and the second factor in `lenker.py`, `totrinn.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa

from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.core.errors import IkkeFunnet, Konflikt, UgyldigData
from portal.core.sprak import _, _l
from portal.identitet import access, kontroll, steps, vakttap
from portal.identitet.models import Lenkeformaal, Medlemskap, MedlemskapFagomraade, Organisasjon, Person
from portal.identitet.roller import Rolleoppdrag, begynner, feil_i_oppdrag, les_dato, slutter
from portal.revisjon.steps import logg


@dataclass(frozen=True, slots=True)
class Lagttil:
    """Who was added, and the token of the invitation, when one was made."""

    person_id: UUID
    navn: str
    epost: str
    token: str | None


class AdresseIBruk(Konflikt):
    """The address is somebody's. `her`: a person of this organisation; of anybody else nothing is told."""

    kode = "epost_i_bruk"
    standard = _l("E-postadressen er i bruk i portalen.")


def oppdrag(
    sted: Organisasjon, *, rolle: Rolle, enhet: UUID | None, fagomraader: Sequence[str], fra: str, til: str
) -> Rolleoppdrag:
    """The membership that a form describes; the dates are days in Oslo, `til` inclusive. Raises UgyldigData."""
    naa = now()
    fra_, til_ = kontroll.samle(
        lambda: begynner(les_dato(fra, "fra"), naa), lambda: slutter(les_dato(til, "til"), naa)
    )
    return Rolleoppdrag(sted.id, rolle, enhet, frozenset(fagomraader), fra_, til_)


@transactional
def legg_til(
    aktor: Aktor,
    opp: Rolleoppdrag,
    *,
    navn: str,
    epost: str,
    telefon: str = "",
    hpr_nummer: str = "",
    inviter: bool = True,
    bruk_eksisterende: str = "",
) -> Lagttil:
    """A person with a first role here, and the invitation.

    Whose address is in use gets the role where `bruk_eksisterende` is that address, and keeps the rest as it is: people
    work in two organisations.

    Raises UgyldigData (fields), AdresseIBruk, Konflikt, IkkeTilgang.
    """
    access.krev_rolle(aktor, opp.rolle, opp.organisasjon_id)
    lest, _ok = kontroll.samle(
        lambda: kontroll.person(navn=navn, epost=epost, telefon=telefon, hpr_nummer=hpr_nummer),
        lambda: steps.krev_mulig(opp),
    )
    finnes = db.session.scalars(sa.select(Person).where(Person.epost == lest["epost"])).one_or_none()
    if finnes is not None:
        if bruk_eksisterende.strip().lower() != finnes.epost:
            her = access.folk_i(aktor, opp.organisasjon_id).where(Person.id == finnes.id)
            raise AdresseIBruk(her=finnes.id if db.session.scalar(her) else None)
        _krev_ny_rolle(finnes.id, opp)
        steps.gi_rolle(aktor, finnes, opp)
        return Lagttil(finnes.id, finnes.navn, finnes.epost, None)
    steps.krev_ledig_hpr(lest["hpr_nummer"])
    person = steps.ny_person(aktor, lest)
    steps.gi_rolle(aktor, person, opp)
    steps.lagre_folk()
    token = steps.inviter(aktor, person, ny=True) if inviter else None
    return Lagttil(person.id, person.navn, person.epost, token)


@transactional
def endre_person(
    aktor: Aktor,
    organisasjon_id: UUID,
    person_id: UUID,
    *,
    navn: str,
    epost: str,
    telefon: str,
    hpr_nummer: str,
) -> None:
    """Changes what is written of a person. The address only until the first login: it is the name to log in with.

    A new address makes every link to the old one void: whoever reads that mailbox may have asked for one, too.

    Raises UgyldigData, Konflikt (fields), IkkeTilgang.
    """
    person = access.hent_i_organisasjon(aktor, organisasjon_id, person_id)
    access.krev_passord(aktor, person)
    lest = kontroll.person(navn=navn, epost=epost, telefon=telefon, hpr_nummer=hpr_nummer)
    endret = {f: v for f, v in lest.items() if getattr(person, f) != v}
    if not endret:
        return
    if "epost" in endret:
        steps.krev_ledig_epost(lest["epost"])
        if person.passord_hash is not None:
            melding = _("Adressen er brukernavnet, og kan ikke endres etter første innlogging.")
            raise UgyldigData(felter={"epost": [melding]})
        steps.trekk_lenker(person.id, *Lenkeformaal)
    if "hpr_nummer" in endret:
        steps.krev_ledig_hpr(lest["hpr_nummer"], person.id)
    foer = {f: getattr(person, f) for f in endret}
    for felt, verdi in endret.items():
        setattr(person, felt, verdi)
    steps.lagre_folk()
    logg(aktor, "person.endret", "person", person.id, fra=foer, til=endret)


@transactional
def gi_rolle(aktor: Aktor, person_id: UUID, oppdrag: Rolleoppdrag) -> Medlemskap:
    """Another role for a person of the organisation. Raises UgyldigData, also when the person has the role already."""
    access.krev_rolle(aktor, oppdrag.rolle, oppdrag.organisasjon_id)
    person = access.hent_i_organisasjon(aktor, oppdrag.organisasjon_id, person_id)
    steps.krev_mulig(oppdrag)
    _krev_ny_rolle(person.id, oppdrag)
    return steps.gi_rolle(aktor, person, oppdrag)


def _krev_ny_rolle(person_id: UUID, o: Rolleoppdrag) -> None:
    if steps.samme_roller(person_id, o):
        melding = _(
            "Personen har denne rollen der i denne tiden. Endre fagområdene eller sluttdatoen på den, eller avslutt "
            "den først."
        )
        raise UgyldigData(felter={"rolle": [melding]})


def krev_rolle_her(aktor: Aktor, organisasjon_id: UUID, person_id: UUID, medlemskap_id: UUID) -> None:
    """Demands that the role is the person's, in that organisation, and not above the actor. Raises IkkeFunnet."""
    _rolle_her(aktor, organisasjon_id, person_id, medlemskap_id)


def _rolle_her(aktor: Aktor, organisasjon_id: UUID, person_id: UUID, medlemskap_id: UUID) -> Medlemskap:
    medlemskap = access.hent_medlemskap(aktor, medlemskap_id)
    if (medlemskap.organisasjon_id, medlemskap.person_id) != (organisasjon_id, person_id):
        raise IkkeFunnet()
    return medlemskap


@transactional
def sett_sluttdato(
    aktor: Aktor,
    organisasjon_id: UUID,
    person_id: UUID,
    medlemskap_id: UUID,
    siste: str,
    *,
    sett_vakter: int | None = None,
) -> Medlemskap:
    """When a role ends: after that day in Oslo; empty: until further notice. What has ended is given anew instead.

    `sett_vakter` is how many shifts the actor has been told are left without anybody: VakterFaller when it is more.
    Raises IkkeFunnet for another organisation's, UgyldigData for one that has ended or a day that has passed.
    """
    medlemskap = _rolle_her(aktor, organisasjon_id, person_id, medlemskap_id)
    til = slutter(les_dato(siste, "til"), now())
    _krev_ikke_slutt(medlemskap)
    if til is not None and til <= medlemskap.gyldig_fra:
        raise UgyldigData(felter={"til": [_("Sluttdatoen må være etter startdatoen.")]})
    if medlemskap.gyldig_til == til:
        return medlemskap
    if medlemskap.id == aktor.medlemskap_id and til is not None:
        raise UgyldigData(
            _("Du kan ikke sette en sluttdato på rollen du arbeider i nå. Be en annen administrator om det."),
            kode="egen_rolle",
        )
    foer = medlemskap.gyldig_til
    if til is not None and (foer is None or til < foer):
        vakttap.krev_sett(vakttap.regn_ut(person_id, medlemskap.id, fra=til), sett_vakter)
    medlemskap.gyldig_til = til
    logg(
        aktor,
        "medlemskap.sluttdato_endret",
        "medlemskap",
        medlemskap.id,
        person=medlemskap.person_id,
        fra=foer,
        til=til,
    )
    return medlemskap


def _krev_ikke_slutt(medlemskap: Medlemskap) -> None:
    if medlemskap.gyldig_til is not None and medlemskap.gyldig_til <= now():
        raise UgyldigData(_("Rollen er avsluttet. Gi personen en ny rolle i stedet."), kode="avsluttet")


@transactional
def sett_fagomraader(
    aktor: Aktor,
    organisasjon_id: UUID,
    person_id: UUID,
    medlemskap_id: UUID,
    fagomraader: Collection[str],
    *,
    sett_vakter: int | None = None,
) -> Medlemskap:
    """What a running or coming role answers for, from now on: it stays the same role, with its shifts and its cases.

    Windows that are open in the role are judged again. `sett_vakter` is how many shifts the actor has been told are
    left without anybody: VakterFaller when it is more. Raises IkkeFunnet for another organisation's role, UgyldigData
    for one that has ended or has no fagområder, for an unknown fagområde, and for a specialist without any.
    """
    _rolle_her(aktor, organisasjon_id, person_id, medlemskap_id)
    # Two who change it at once take their turns: the log of each says what it was.
    medlemskap = db.session.scalars(
        sa.select(Medlemskap)
        .where(Medlemskap.id == medlemskap_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    _krev_ikke_slutt(medlemskap)
    etter, foer = frozenset(fagomraader), medlemskap.fagomraader
    nytt = Rolleoppdrag(organisasjon_id, Rolle(medlemskap.rolle), medlemskap.enhet_id, etter)
    if feil := feil_i_oppdrag(nytt, medlemskap.organisasjon.type, now()).get("fagomraader"):
        raise UgyldigData(felter={"fagomraader": feil})
    if etter == foer:
        return medlemskap
    mistes = foer - etter
    tap = vakttap.regn_ut(person_id, medlemskap.id, fagomraader=mistes)
    vakttap.krev_sett(tap, sett_vakter)
    medlemskap.fag = [f for f in medlemskap.fag if f.fagomraade in etter] + [
        MedlemskapFagomraade(fagomraade=f) for f in sorted(etter - foer)
    ]
    logg(
        aktor,
        "medlemskap.fagomraader_endret",
        "medlemskap",
        medlemskap.id,
        person=person_id,
        fra=sorted(foer),
        til=sorted(etter),
        vakter_uten=tap.antall,
    )
    steps.sjekk_sesjoner(person_id)
    return medlemskap
