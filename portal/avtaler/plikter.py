"""What an agreement in force asks of its parties, as tasks: what its clauses demand, the annual review, the sending-in.

Steps for a use case's own transaction, with the agreement's lock; nothing here asks for permission. What is wanted is
read from the version in force and set against the tasks that are there: it may be done at any time and any number of
times. An obligation that a new version carries on unchanged keeps its tasks and its days; the others are called off.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.avtaler.access import rhf
from portal.avtaler.beskjeder import gjelder
from portal.avtaler.forloep import Partstatus, Status
from portal.avtaler.innhold import HYPPIGHET
from portal.avtaler.livsmodeller import Innsending, Oppsigelse
from portal.avtaler.models import Avtale, Avtalepart, Avtaleversjon, Bestemmelse
from portal.avtaler.steps import i_versjonen
from portal.core.clock import i_dag
from portal.core.db import db
from portal.oppgaver import steps as oppgaver
from portal.oppgaver.models import Oppgave

FORPLIKTELSE, GJENNOMGANG, SENDT = "avtale.forpliktelse", "avtale.gjennomgang", "avtale.sendt_hdir"
VARSLE = "avtale.varsle_hdir"
#: Days before the annual review (hol § 6-5).
GJENNOMGANG_PAAMINNES = (90, 30, 14, 7, 1)
#: So far ahead the days of what recurs stand as tasks.
FRAM_MAANEDER = 12
#: What is to be done once, and by no day that can be read: before the agreement is gone through the first time.
ENGANG_MAANEDER = 12


@dataclass(slots=True)
class Plan:
    """What is missing among the tasks of an agreement, and what is there without being wanted."""

    #: The arguments of `oppgaver.steps.opprett`.
    nye: list[dict[str, Any]] = field(default_factory=list)
    #: The `noekkel` of open tasks that nothing asks for any more.
    uten_grunn: list[str] = field(default_factory=list)
    #: The review of this date has been held.
    neste_gjennomgang: date | None = None

    def __bool__(self) -> bool:
        return bool(self.nye or self.uten_grunn or self.neste_gjennomgang)


def lag_oppgaver(avtale: Avtale, versjon: Avtaleversjon) -> None:
    """Makes the tasks that a version in force asks for, and calls off those of obligations that it does not have."""
    plan = planlegg(avtale, versjon)
    if plan.neste_gjennomgang is not None:
        avtale.neste_gjennomgang = plan.neste_gjennomgang
        db.session.flush()
    oppgaver.avlys_noekler(plan.uten_grunn)
    for oppgave in plan.nye:
        oppgaver.opprett(**oppgave)


def avslutt(avtale: Avtale) -> None:
    """The agreement has ended: nothing more is to be done by it. What is to be sent in is so all the same."""
    oppgaver.avlys(gjelder(avtale.id), [FORPLIKTELSE, GJENNOMGANG])


def noekkel(kode: str, avtale_id: UUID, *deler: object) -> str:
    """What a task of an agreement is called: FORPLIKTELSE with clause, obligation, party, day and version; GJENNOMGANG
    with day and party (`Avtalepart.id`); SENDT with the version's number and the RHF; VARSLE with the notice and it."""
    return ":".join([kode, str(avtale_id), *(str(d) for d in deler)])


def planlegg(avtale: Avtale, versjon: Avtaleversjon) -> Plan:
    """Compares what the version in force asks for with the tasks that there are. Reads alone."""
    plan = Plan()
    parter = _parter(avtale)
    kjente = db.session.execute(
        sa.select(Oppgave.noekkel, Oppgave.kode, Oppgave.frist, Oppgave.gjort).where(
            Oppgave.gjelder == gjelder(avtale.id), Oppgave.avlyst.is_(None)
        )
    ).all()
    _forpliktelser(plan, avtale, versjon, parter, [r for r in kjente if r.kode == FORPLIKTELSE])
    _gjennomgang(plan, avtale, versjon, parter, [r for r in kjente if r.kode == GJENNOMGANG])
    _innsending(plan, avtale, versjon, {r.noekkel for r in kjente if r.kode == SENDT})
    return plan


def _parter(avtale: Avtale) -> list[Avtalepart]:
    """For whom the agreement holds today."""
    dag = i_dag()
    return [
        p
        for p in avtale.parter
        if p.status == Partstatus.DELTAR
        and p.fra is not None
        and p.fra <= dag
        and (p.til is None or p.til > dag)
    ]


def _bundet(versjon: Avtaleversjon, part: Avtalepart, dag: date) -> bool:
    """Whether, as it stands now, the party is still bound on that day: nothing is asked for beyond a notice."""
    slutt = versjon.i_kraft_til if versjon.status == Status.OPPSAGT else None
    return all(s is None or dag < s for s in (slutt, part.til))


# --- what clauses demand ---------------------------------------------------------------------------------


def _forpliktelser(
    plan: Plan, avtale: Avtale, versjon: Avtaleversjon, parter: list[Avtalepart], kjente: list[Any]
) -> None:
    har: dict[str, list[Any]] = {}
    for rad in kjente:
        # Without the day and the version that made it: the obligation of a party.
        har.setdefault(rad.noekkel.rsplit(":", 2)[0], []).append(rad)
    oensket = set()
    for klausul in _klausuler(avtale, versjon):
        for plikt in klausul.forpliktelser:
            for part in parter:
                if part.side not in (plikt.get("sider") or ()):
                    continue
                stamme = noekkel(FORPLIKTELSE, avtale.id, klausul.noekkel, _merke(plikt), part.id)
                if stamme in oensket:
                    continue
                oensket.add(stamme)
                dager = [r.frist for r in har.get(stamme, ())]
                for dag in _nye_dager(plikt, _begynte(versjon, part), dager):
                    if not _bundet(versjon, part, dag):
                        break
                    plan.nye.append(_som_oppgave(avtale, versjon, klausul, plikt, part, stamme, dag))
    plan.uten_grunn += [
        r.noekkel for stamme, rader in har.items() if stamme not in oensket for r in rader if r.gjort is None
    ]


def _klausuler(avtale: Avtale, versjon: Avtaleversjon) -> Sequence[Any]:
    """The clauses of the version that demand something, without their texts: few of a hundred do."""
    return db.session.execute(
        sa.select(Bestemmelse.noekkel, Bestemmelse.nummer, Bestemmelse.overskrift, Bestemmelse.forpliktelser)
        .where(
            Bestemmelse.avtale_id == avtale.id,
            i_versjonen(versjon.nummer),
            sa.cast(Bestemmelse.forpliktelser, sa.Text) != "[]",
        )
        .order_by(Bestemmelse.plass, Bestemmelse.id)
    ).all()


def _merke(plikt: dict[str, Any]) -> str:
    """The same for the same words, so that what a new version carries on is known again."""
    deler = [str(plikt.get(f) or "") for f in ("tekst", "hyppighet", "frist")]
    return sha256("\0".join(deler).encode()).hexdigest()[:12]


def _begynte(versjon: Avtaleversjon, part: Avtalepart) -> date:
    """From when a party is bound by the version."""
    assert versjon.i_kraft_fra is not None and part.fra is not None
    return max(versjon.i_kraft_fra, part.fra)


def _som_oppgave(
    avtale: Avtale,
    versjon: Avtaleversjon,
    klausul: Any,
    plikt: dict[str, Any],
    part: Avtalepart,
    stamme: str,
    dag: date,
) -> dict[str, Any]:
    kilde = " ".join(d for d in (klausul.nummer, klausul.overskrift) if d)
    frist = str(plikt.get("frist") or "")
    # What the parties wrote as the deadline, where it is no date that could be reckoned with.
    egne_ord = frist if frist and _dato(frist) is None else ""
    return {
        "organisasjon_id": part.organisasjon_id,
        "noekkel": f"{stamme}:{dag.isoformat()}:{versjon.nummer}",
        "kode": FORPLIKTELSE,
        "tittel": plikt["tekst"],
        "tekst": "\n".join(d for d in (f"{versjon.tittel} · {kilde}", egne_ord) if d),
        "gjelder": gjelder(avtale.id),
        "lenke": f"/avtaler/{avtale.id}",
        "frist": dag,
    }


def _nye_dager(plikt: dict[str, Any], begynte: date, har: list[date]) -> Iterator[date]:
    """The days by which it is to be done that have no task yet: the next, and all in the year to come."""
    maaneder = HYPPIGHET.get(str(plikt.get("hyppighet")), 0)
    grense = om_maaneder(i_dag(), FRAM_MAANEDER)
    if not maaneder:
        if not har:
            frist = _dato(plikt.get("frist"))
            # A day that had passed when they agreed on it: at once.
            yield max(frist, begynte) if frist else om_maaneder(begynte, ENGANG_MAANEDER)
        return
    foerste = min(har) if har else _foerste(plikt, begynte, maaneder)
    siste = max(har) if har else None
    for n in range((grense.year - foerste.year) * 12 // maaneder + 14):
        dag = om_maaneder(foerste, n * maaneder)
        if siste is not None and dag <= siste:
            continue
        if dag > grense and (har or n):
            return
        yield dag


def _foerste(plikt: dict[str, Any], begynte: date, maaneder: int) -> date:
    """The first day: the date that is agreed, or the next of its kind after the party was bound; else a period on."""
    frist = _dato(plikt.get("frist"))
    if frist is None:
        return om_maaneder(begynte, maaneder)
    hele = max(0, (begynte.year - frist.year) * 12 + begynte.month - frist.month) // maaneder
    dag = om_maaneder(frist, hele * maaneder)
    return dag if dag >= begynte else om_maaneder(frist, (hele + 1) * maaneder)


def _dato(tekst: object) -> date | None:
    try:
        dag = date.fromisoformat(str(tekst or ""))
    except ValueError:
        return None
    return dag if 2000 <= dag.year <= 2200 else None


def om_maaneder(dag: date, maaneder: int) -> date:
    """The same day so many months on; the last of the month where it has no such day."""
    aar, maaned = divmod(dag.year * 12 + dag.month - 1 + maaneder, 12)
    return date(aar, maaned + 1, min(dag.day, monthrange(aar, maaned + 1)[1]))


# --- what the law demands --------------------------------------------------------------------------------


def _gjennomgang(
    plan: Plan, avtale: Avtale, versjon: Avtaleversjon, parter: list[Avtalepart], kjente: list[Any]
) -> None:
    """The annual review (hol § 6-5): a task of every party. When the owner has marked its own done, the next is due a
    year on; a review that is recorded on the agreement's page sets its day itself."""
    dag = avtale.neste_gjennomgang
    if dag is None:
        return
    finnes = {r.noekkel: r for r in kjente}
    eier = next((p for p in parter if p.organisasjon_id == avtale.eier_id), None)
    holdt = finnes.get(noekkel(GJENNOMGANG, avtale.id, dag, eier.id)) if eier else None
    if holdt is not None and holdt.gjort is not None:
        dag = plan.neste_gjennomgang = om_maaneder(dag, 12)
    for part in parter:
        navn = noekkel(GJENNOMGANG, avtale.id, dag, part.id)
        if navn not in finnes and _bundet(versjon, part, dag):
            plan.nye.append(
                {
                    "organisasjon_id": part.organisasjon_id,
                    "noekkel": navn,
                    "kode": GJENNOMGANG,
                    "tittel": avtale.tittel,
                    "gjelder": gjelder(avtale.id),
                    "lenke": f"/avtaler/{avtale.id}/gjennomgang",
                    "frist": dag,
                    "paaminnelser": GJENNOMGANG_PAAMINNES,
                }
            )
    # Who is no party any more has nothing to go through.
    her = {str(p.id) for p in parter}
    plan.uten_grunn += [
        r.noekkel for r in kjente if r.gjort is None and r.noekkel.rsplit(":", 1)[1] not in her
    ]


def _innsending(plan: Plan, avtale: Avtale, versjon: Avtaleversjon, finnes: set[str]) -> None:
    """The RHF sends the agreement to Helsedirektoratet within a month (hol § 6-4), and says where that can be found."""
    assert versjon.i_kraft_fra is not None
    rhf_id = rhf(avtale)
    if rhf_id is None:
        return
    navn = noekkel(SENDT, avtale.id, versjon.nummer, rhf_id)
    sendt = sa.exists().where(
        Innsending.avtale_id == avtale.id, Innsending.nummer == versjon.nummer, Innsending.slag == "avtale"
    )
    if navn in finnes or db.session.scalar(sa.select(sendt)):
        return
    plan.nye.append(
        {
            "organisasjon_id": rhf_id,
            "noekkel": navn,
            "kode": SENDT,
            "tittel": versjon.tittel,
            "gjelder": gjelder(avtale.id),
            "lenke": f"/avtaler/{avtale.id}/livet#innsending",
            "frist": om_maaneder(versjon.i_kraft_fra, 1),
            "paaminnelser": (14, 7, 1),
            "krever_bevis": True,
        }
    )


def varsle_hdir(avtale: Avtale, oppsigelse: Oppsigelse, tittel: str) -> None:
    """The RHF tells Helsedirektoratet of a notice (hol § 6-5). The law names no day: the month of § 6-4 is given."""
    rhf_id = rhf(avtale)
    if rhf_id is None:
        return
    oppgaver.opprett(
        rhf_id,
        noekkel=noekkel(VARSLE, avtale.id, oppsigelse.id, rhf_id),
        kode=VARSLE,
        tittel=tittel,
        gjelder=gjelder(avtale.id),
        lenke=f"/avtaler/{avtale.id}/livet#innsending",
        frist=om_maaneder(i_dag(), 1),
        paaminnelser=(14, 7, 1),
        krever_bevis=True,
    )


def varsle_ikke(avtale: Avtale, oppsigelse: Oppsigelse) -> None:
    """The notice was taken back: there is nothing to tell of."""
    rhf_id = rhf(avtale)
    if rhf_id is not None:
        oppgaver.avlys_noekler([noekkel(VARSLE, avtale.id, oppsigelse.id, rhf_id)])
