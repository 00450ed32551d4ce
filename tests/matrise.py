"""What the access matrices share: the people of every role at every place, and how a table is read.

A table is text: one line a route, event or act, one sign a person.

    +  it is done            -  «Rollen din har ikke tilgang» (403)
    0  «finnes ikke» (404)   !  log in first (401, or the login page)
    9  the right person at the wrong time (409)
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import cache, cached_property
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect

from portal.avtaler.livsmodeller import (
    Doegnsats,
    Gjennomgang,
    Innsending,
    Oppsigelse,
    Uenighet,
    Uenighetsfoering,
)
from portal.avtaler.models import (
    Avtale,
    Avtalepart,
    Avtaleversjon,
    Bestemmelse,
    Bestemmelsesendring,
    Forslag,
    Forslagssvar,
    Godkjenning,
    Godkjenningsledd,
    Kommentar,
)
from portal.beredskap.models import (
    Faseforslag,
    Faseforslagsmottaker,
    Faseperiode,
    Kriseledelse,
    Oevelse,
    Oevelsesdeltaker,
)
from portal.core.aktor import Aktor, Rolle
from portal.core.clock import now
from portal.core.db import db, transactional
from portal.henvendelser.eskalering.models import Eskalering, Kanari, Vaktskiftesak
from portal.henvendelser.models import (
    Deltaker,
    Hendelse,
    Henvendelse,
    Innsyn,
    Innsynsoppfoelging,
    Kvittering,
    News2Maaling,
    Oppfoelging,
    OppfoelgingSvar,
    Opplysninger,
    Saksinvitasjon,
    Utskrivning,
    Vedlegg,
)
from portal.identitet.models import (
    Engangslenke,
    Enhet,
    Fagtelefon,
    Gjenopprettingskode,
    Medlemskap,
    Organisasjon,
    Person,
    Sesjon,
    Tjenestekonto,
)
from portal.omdisponering.models import (
    Behov,
    Omdisponering,
    Omdisponeringshendelse,
    Omdisponeringslinje,
    Tilbud,
)
from portal.omdisponering.oppfoelgingsmodeller import Avvik, Delegering, Evaluering, Timefoering
from portal.omdisponering.ressursmodeller import (
    Bemanningsgulv,
    Lokale,
    Ressursfravaer,
    Ressursperson,
    Vedtak,
)
from portal.oppgaver.models import Oppgave
from portal.plasser.historikk import Behovsvurdering, Opptrapping, Plassretting
from portal.plasser.models import Opphold, Plass, Plassenhet, Plassmedlem, Reservasjon
from portal.revisjon.models import Revisjon
from portal.vakt.models import (
    Eskaleringspolicy,
    Fravaer,
    Rotasjon,
    Vakt,
    Vaktbytte,
    Vaktfeed,
    Vaktplan,
    Vakttelefon,
)
from portal.varsler.models import Utsending, Varsel, Varselkanal, Varselro, Varselvalg
from tests.bygg import Scene, lag_aktor, lag_organisasjon, ny_sesjon

#: Everybody, by the sign at the top of the tables.
#:
#: The case is sent by `lege` of `enhet` in `kommune` to indremedisin at `hf`; `spesialist` takes it.
PERSONER = {
    "ingen": "i",
    # the kommune that asks
    "lege": "l",
    "kollega": "k",
    "sykepleier": "s",
    "annen_lege": "a",
    "kommuneoverlege": "o",
    "koordinator_i_kommunen": "c",
    "administrator_i_kommunen": "d",
    # answers for the kommune when the hospital asks, and has no part in the case
    "svarer_i_kommunen": "u",
    # the hospital that is asked
    "spesialist": "S",
    "spesialist2": "T",
    "kirurg": "K",
    "vaktleder": "V",
    "koordinator": "C",
    "administrator": "D",
    # other kommuner and hospitals
    "fremmed_lege": "1",
    "fremmed_kommuneoverlege": "2",
    "fremmed_sykepleier": "3",
    "fremmed_spesialist": "4",
    "fremmed_vaktleder": "5",
    "fremmed_koordinator": "6",
    "fremmed_administrator": "7",
    # above them
    "innsyn": "r",
    "fremmed_innsyn": "n",
    "systemadministrator": "x",
}
HODE = "i lksaocdu STKVCD 1234567 rnx"


def les_tabell(tekst: str) -> dict[str, dict[str, str]]:
    """{what: {person: sign}} of a table whose lines end with the signs, grouped as in `HODE`."""
    bredde = len(HODE)
    linjer = [linje for linje in tekst.splitlines() if linje.strip()]
    hode = linjer.pop(0)
    assert hode[-bredde:] == HODE and not hode[:-bredde].strip(), hode
    tabell: dict[str, dict[str, str]] = {}
    navn = {tegn: person for person, tegn in PERSONER.items()}
    for linje in linjer:
        hva, tegn = linje[:-bredde].strip(), linje[-bredde:]
        assert len(linje) == len(hode), linje
        assert [i for i, t in enumerate(tegn) if t == " "] == [i for i, t in enumerate(HODE) if t == " "], (
            linje
        )
        assert set(tegn) <= set("+-0!9 "), linje
        assert hva and hva not in tabell, hva
        tabell[hva] = {navn[h]: t for h, t in zip(HODE, tegn, strict=True) if h != " "}
    assert all(set(rad) == set(PERSONER) for rad in tabell.values())
    return tabell


class Verden(Scene):
    """The scene with every role, at home and elsewhere, each with a running login."""

    def __init__(self) -> None:
        super().__init__()
        self.tokener: dict[str, str] = {}
        self._flere()

    @transactional
    def _flere(self) -> None:
        kommune, annen, annet = self.kommune, self.annen_kommune, self.annet_hf
        self.koordinator_i_kommunen = lag_aktor(Rolle.KOORDINATOR, kommune)
        self.administrator_i_kommunen = lag_aktor(Rolle.ADMINISTRATOR, kommune)
        self.svarer_i_kommunen = lag_aktor(
            Rolle.HELSEPERSONELL, kommune, fag=("utskrivning", "legevakt"), navn="Elle Svarer"
        )
        self.fremmed_kommuneoverlege = lag_aktor(Rolle.KOMMUNEOVERLEGE, annen)
        self.fremmed_sykepleier = lag_aktor(Rolle.HELSEPERSONELL, annen)
        self.fremmed_koordinator = lag_aktor(Rolle.KOORDINATOR, annet)
        self.fremmed_administrator = lag_aktor(Rolle.ADMINISTRATOR, annet)
        self.fremmed_innsyn = lag_aktor(Rolle.INNSYN, lag_organisasjon("rhf", "Annen region"))
        # `innsyn` works at the RHF above the trust.
        db.session.get_one(Organisasjon, self.hf.id).overordnet_id = self.rhf.id
        db.session.flush()
        self._logg_inn()

    def _logg_inn(self) -> None:
        for navn in PERSONER:
            if navn != "ingen":
                aktor, self.tokener[navn] = ny_sesjon(getattr(self, navn))
                setattr(self, navn, aktor)

    logg_inn_igjen = transactional(_logg_inn)

    def medlemskap(self, navn: str) -> UUID:
        medlemskap_id = self.aktor(navn).medlemskap_id
        assert medlemskap_id is not None
        return medlemskap_id

    def kollega_av(self, navn: str) -> UUID:
        """The membership of a clinician at the same place, who has no part in the case."""
        kommunal = navn == "ingen" or self.aktor(navn).er_kommunal
        return self.medlemskap("kommuneoverlege" if kommunal else "kirurg")

    def til_kommune(self) -> dict[str, Any]:
        """What is different in a request the other way."""
        return {
            "mottaker_id": self.kommune.id,
            "fagomraade": "legevakt",
            "plan_uten_raad": "skrive_ut",
        }

    def om_utskrivning(self) -> dict[str, Any]:
        """What is different in a request to the kommune about a discharge."""
        om_den = {"innlagt": now() - timedelta(hours=2), "usikker": True}
        return {**self.til_kommune(), "fagomraade": "utskrivning", "utskrivning": om_den}

    @cached_property
    def noens_sak(self) -> UUID:
        """A case, where it matters to nobody which."""
        return self.send()

    def aktor(self, navn: str) -> Aktor:
        aktor = getattr(self, navn)
        assert isinstance(aktor, Aktor)
        return aktor


_TELT = (
    *(Henvendelse, Hendelse, Deltaker, Kvittering, News2Maaling, Innsyn, Innsynsoppfoelging, Saksinvitasjon),
    *(Oppfoelging, OppfoelgingSvar, Vedlegg, Person, Medlemskap, Enhet, Fagtelefon, Tjenestekonto),
    *(Engangslenke, Gjenopprettingskode, Utsending, Varsel, Varselkanal, Varselro, Varselvalg),
    *(Vaktplan, Vakttelefon, Vakt, Rotasjon, Fravaer, Vaktbytte, Vaktfeed, Eskaleringspolicy),
    *(Eskalering, Kanari, Vaktskiftesak),
    *(Faseperiode, Faseforslag, Faseforslagsmottaker, Kriseledelse, Oevelse, Oevelsesdeltaker),
    *(Avtale, Avtalepart, Avtaleversjon, Bestemmelse, Bestemmelsesendring, Forslag, Forslagssvar, Kommentar),
    *(Godkjenning, Godkjenningsledd, Oppsigelse, Gjennomgang, Uenighet, Uenighetsfoering, Innsending),
    *(Doegnsats, Oppgave),
    *(Plassenhet, Plassmedlem, Plass, Reservasjon, Opphold, Behovsvurdering, Opptrapping, Plassretting),
    *(Behov, Tilbud, Omdisponering, Omdisponeringslinje, Omdisponeringshendelse),
    *(Ressursperson, Lokale, Ressursfravaer, Bemanningsgulv, Vedtak),
    *(Timefoering, Avvik, Evaluering, Delegering),
)
_VERSJONER = (
    *(Henvendelse, Opplysninger, Utskrivning, Organisasjon, Enhet, Vaktplan),
    *(Faseforslagsmottaker, Oevelse, Avtale, Avtalepart, Avtaleversjon, Bestemmelse, Forslag, Godkjenning),
    *(Uenighet, Oppgave),
    *(Plassenhet, Plassmedlem, Plass, Reservasjon, Opphold, Behovsvurdering, Opptrapping),
    *(Behov, Tilbud, Omdisponering, Ressursperson, Lokale, Bemanningsgulv, Vedtak),
    *(Timefoering, Avvik, Evaluering, Delegering),
)
#: Columns that hold something or nothing: an ended role or login, a password, an answered invitation.
_FYLTE = (
    *(Person.passord_hash, Person.totp_hemmelighet, Medlemskap.gyldig_til, Sesjon.avsluttet, Sesjon.vakt_til),
    *(Deltaker.til, Saksinvitasjon.avgjort, Engangslenke.brukt, Engangslenke.trukket),
    *(Varsel.lest, Varsel.kvittert, Varsel.stoppet, Varselkanal.fjernet, Varselkanal.bevist),
    *(Utsending.oppgitt, Utsending.stoppet, Utsending.kvittert, Utsending.sendt),
    *(Vakt.avlyst, Vaktplan.avsluttet, Rotasjon.avsluttet, Rotasjon.gjelder_til, Fravaer.avlyst),
    *(Vaktbytte.avgjort, Vaktfeed.trukket, Eskaleringspolicy.erstattet),
    *(Eskalering.avsluttet, Vaktskiftesak.avgjort),
    *(Faseperiode.trukket, Faseperiode.til, Oevelse.avsluttet, Kommentar.ordnet, Forslag.avgjort),
    *(Avtaleversjon.sendt_til_forhandling, Avtaleversjon.sendt_til_godkjenning, Avtaleversjon.i_kraft_fra),
    *(Avtalepart.fra, Avtalepart.til, Godkjenning.gitt, Godkjenning.avvist, Godkjenning.opphevet),
    *(Oppsigelse.trukket, Oppsigelse.avsluttet, Oppgave.gjort, Oppgave.avlyst),
    *(
        Plass.nedlagt,
        Plassmedlem.til,
        Plassenhet.nedlagt,
        Plassenhet.purret,
        Reservasjon.avsluttet,
        Opphold.ut,
    ),
    *(Opptrapping.avviklet, Behovsvurdering.neste),
    *(Behov.meldt, Behov.lukket, Tilbud.trukket, Omdisponering.iverksatt, Omdisponering.avsluttet),
    *(Omdisponeringslinje.samtykket, Omdisponeringslinje.stroeket),
    *(Ressursperson.slettet, Ressursperson.hpr_slaatt_opp, Ressursperson.noekkel_hash),
    *(Lokale.nedlagt, Vedtak.opphevet, Delegering.trukket, Avvik.lukket),
)


_GJORT = sa.text(f"SELECT count(*) FROM {Revisjon.__tablename__} WHERE utfall = 'ok'")


@cache
def _tellingen(dialekt: Dialect) -> sa.TextClause:
    """One statement for all that is counted. Made once, as text: it is asked thousands of times, and to find the
    compiled form of a hundred selects again takes longer than to count."""
    tall = {t.__tablename__: sa.select(sa.func.count()).select_from(t).scalar_subquery() for t in _TELT}
    for t in _VERSJONER:
        tall[f"{t.__tablename__}.versjon"] = sa.select(sa.func.sum(t.versjon)).scalar_subquery()
    for k in _FYLTE:
        tall[f"{k.class_.__tablename__}.{k.key}"] = sa.select(sa.func.count(k)).scalar_subquery()
    # What is changed without a row, a state or an entry in the log: the longest word tells of a new one.
    tall["kanalnavn"] = sa.select(sa.func.sum(sa.func.length(Varselkanal.navn))).scalar_subquery()
    tall["aktive"] = sa.select(sa.func.count()).where(Person.aktiv).scalar_subquery()
    tall["avslag"] = sa.select(sa.func.count()).where(Revisjon.utfall == "avslag").scalar_subquery()
    tall["revisjon"] = sa.select(sa.func.count()).where(Revisjon.utfall == "ok").scalar_subquery()
    uttrykk = sa.select(*(v.label(k) for k, v in tall.items()))
    return sa.text(str(uttrykk.compile(dialect=dialekt, compile_kwargs={"literal_binds": True})))


@cache
def _teller(url: sa.URL) -> Connection:
    """A connection that does nothing but count what is committed, each time in a transaction of its own. It never rolls
    back: PostgreSQL's driver then forgets its plans, and to plan the statement takes ten times as long as to count."""
    return sa.create_engine(url, isolation_level="AUTOCOMMIT").connect()


def _tell(setning: sa.TextClause) -> sa.Row[*tuple[Any, ...]]:
    db.session.rollback()
    return _teller(db.engine.url).execute(setning).one()


def avtrykk() -> dict[str, Any]:
    """What would have changed if something had been done: rows, versions, states, successes in the audit log."""
    return dict(_tell(_tellingen(db.engine.dialect))._mapping)


def avslag_av() -> Counter[UUID | None]:
    """How many refusals of each person the audit log holds."""
    db.session.rollback()
    rader = db.session.execute(
        sa.select(Revisjon.person_id, sa.func.count())
        .where(Revisjon.utfall == "avslag")
        .group_by(Revisjon.person_id)
    )
    nektet: Counter[UUID | None] = Counter(dict(rader.all()))
    db.session.rollback()
    return nektet


def antall_gjort() -> int:
    """How many acts that were done the audit log holds."""
    return int(_tell(_GJORT)[0])
