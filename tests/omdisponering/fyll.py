"""A row in every table of reallocation: for what goes through all tables."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from portal.core.clock import i_dag, now
from portal.core.db import db
from portal.omdisponering.forloep import Alvor, Delegert, Lokaleslag, Slag, Status, Strykgrunn
from portal.omdisponering.models import Omdisponering, Omdisponeringslinje
from portal.omdisponering.oppfoelgingsmodeller import Avvik, Delegering, Evaluering, Timefoering
from portal.omdisponering.ressursmodeller import Ressursfravaer
from tests.bygg import Scene, lagre, skriv
from tests.omdisponering.hjelp import DAG, Utlaan, lag_behov, lag_gulv, lag_lokale, lag_tilbud, lag_vedtak


def fyll_omdisponering(scene: Scene) -> None:
    """A loan that runs, with staff at two beds, and all that follows one; another that has not begun, of premises."""
    u = Utlaan(scene)
    lag_tilbud(u.personer[0], u.behov)
    lag_gulv(u.post, antall=9, gulv=1)
    lag_vedtak(scene.hf)
    _utloept(u)
    omd_id = u.til(Status.IVERKSATT)
    _foelg_opp(u, omd_id)
    lokale = lag_lokale(scene.hf)
    behov = lag_behov(scene.kommune, slag=Slag.LOKALE, lokaleslag=Lokaleslag.SENGEPOST, antall=1, plasser=4)
    lag_tilbud(lokale, behov, rettet=True)
    lagre(Ressursfravaer(lokale_id=lokale.id, fra=now() + 60 * DAG, til=now() + 61 * DAG, opprettet=now()))


def _utloept(u: Utlaan) -> None:
    """A draft that somebody was taken out of when the yes had lapsed."""
    linjer = u.les(u.utkast()).linjer
    skriv(
        sa.update(Omdisponeringslinje)
        .where(Omdisponeringslinje.id == linjer[0].id)
        .values(stroeket=now(), stroeket_grunn=Strykgrunn.UTLOEPT)
    )


def _foelg_opp(u: Utlaan, omd_id: UUID) -> None:
    """Hours, an incident, an answer of one side, and a task that is delegated."""
    omd = db.session.get_one(Omdisponering, omd_id)
    linje, naa, dag = omd.linjer[0], now(), i_dag()
    lagre(
        Timefoering(linje_id=linje.id, dag=dag, minutter=450, foert=naa),
        Avvik(
            omdisponering_id=omd_id,
            organisasjon_id=u.scene.kommune.id,
            hendt=naa,
            alvor=Alvor.LITEN,
            tekst="Nøkkelkortet virket ikke.",
            meldt=naa,
        ),
        Evaluering(
            omdisponering_id=omd_id,
            organisasjon_id=u.scene.kommune.id,
            nytte=5,
            avklart=4,
            igjen=5,
            svart=naa,
        ),
        Delegering(
            organisasjon_id=u.scene.kommune.id,
            ressursperson_id=linje.ressursperson_id,
            omdisponering_id=omd_id,
            oppgave=Delegert.LEGEMIDLER,
            omfang="Ferdig doserte legemidler.",
            fra=dag,
            til=dag + timedelta(days=7),
            fullmakt_av="Kari Kommuneoverlege",
            opplaering="E-læring i legemiddelhåndtering",
            opplaert=dag,
            veileder="Ole Sykepleier",
            opprettet=naa,
        ),
    )
