"""Who may do what with needs and offers: rows of `tests/test_tilgang_omdisponering.py`."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from portal.core.aktor import Aktor
from portal.core.clock import now
from portal.core.db import db
from portal.identitet.models import Organisasjon
from portal.omdisponering.forloep import Slag, Stilling
from portal.omdisponering.models import Behov
from portal.omdisponering.service import behov, opptrapping, oversikt, tilbud
from portal.plasser.historikk import Opptrapping
from tests.bygg import lagre
from tests.matrise import Verden, les_tabell
from tests.omdisponering.hjelp import lag_behov, lag_ressurs, lag_tilbud
from tests.omdisponering.matrise import utlaan
from tests.tjenestematrise import Gjoer, Lag

#: The need is `kommune`'s, the offer `hf`'s, to everybody. The surge plan is that of `kommune`'s unit.
TABELL = les_tabell("""
                                            i lksaocdu STKVCD 1234567 rnx
behov.opprett                               - ----++-- ---++- -+--++- ---
behov.endre                                 0 0000++00 000--0 0-00--0 000
behov.meld_ut                               0 0000++00 000000 0000000 000
behov.lukk                                  0 0000++00 000--0 0-00--0 000
behov.hent_til_endring                      0 0000++00 000--0 0-00--0 000
opptrapping.hent_forslag                    - ----++-- ---00- -0--00- ---
oversikt.hent                               - ----++-- ---++- -+--++- ---
oversikt.hent_behovsliste                   - ----++-- ---++- -+--++- ---
oversikt.hent_behov                         0 0000++00 000++0 0+00++0 000
oversikt.hent_skjemavalg                    - ----++-- ---++- -+--++- ---
oversikt.hent_omdisponeringer               + ++++++++ ++++++ +++++++ +++
tilbud.tilby                                - ----++-- ---++- -+--++- ---
tilbud.trekk                                0 0000--00 000++0 0-00--0 000
tilbud.hent                                 0 0000++00 000++0 0+00++0 000
tilbud.hent_liste                           - ----++-- ---++- -+--++- ---
tilbud.hent_valg                            - ----++-- ---++- -+--++- ---
""")


def _felter(v: Verden) -> dict[str, Any]:
    return {
        "stilling": Stilling.LEGE,
        "antall": 1,
        "minst": 1,
        "fra": now() + timedelta(days=1),
        "til": now() + timedelta(days=2),
        "sted_id": v.kommune.id,
        "hvorfor": "Legevakta mangler folk.",
    }


def _behov(v: Verden) -> UUID:
    return lag_behov(v.kommune, utlaan(v).oehd).id


def _versjon(id_: UUID) -> int:
    rad = db.session.get_one(Behov, id_, populate_existing=True)
    db.session.rollback()
    return rad.versjon


def _plan(v: Verden) -> UUID:
    rad = Opptrapping(
        id=uuid4(),
        plassenhet_id=utlaan(v).plassenhet_id,
        innen_timer="24",
        antall=2,
        personell=[{"rolle": "sykepleier", "antall": 3, "kompetanse": ""}],
        endret=now(),
    )
    lagre(rad)
    return rad.id


def _tilby(v: Verden, a: Aktor, folk: dict[UUID, UUID]) -> Any:
    felter = _felter(v)
    person = folk.get(a.organisasjon_id) if a.organisasjon_id else None
    return tilbud.tilby(a, personer=[person or uuid4()], fra=felter["fra"], til=felter["til"])


def _folk(v: Verden) -> dict[UUID, UUID]:
    """{organisation: one of its people}, of all those whose people work with reallocations."""
    alle = (v.kommune, v.hf, v.annen_kommune, v.annet_hf)
    return {o.id: lag_ressurs(db.session.get_one(Organisasjon, o.id)).id for o in alle}


def _tilbud(v: Verden) -> UUID:
    return lag_tilbud(lag_ressurs(v.hf, utlaan(v).post), utlaan(v).behov).id


GJOER: dict[str, tuple[Lag, Gjoer]] = {
    "behov.opprett": (
        lambda v: None,
        lambda v, a, i: behov.opprett(a, slag=Slag.PERSONELL, **_felter(v)),
    ),
    "behov.endre": (_behov, lambda v, a, i: behov.endre(a, i, lest=_versjon(i), antall=5)),
    "behov.meld_ut": (
        lambda v: lag_behov(v.kommune, utlaan(v).oehd, status="utkast", meldt=None).id,
        lambda v, a, i: behov.meld_ut(a, i, lest=_versjon(i)),
    ),
    "behov.lukk": (_behov, lambda v, a, i: behov.lukk(a, i, grunn="Vi fant egne.", lest=_versjon(i))),
    "behov.hent_til_endring": (_behov, lambda v, a, i: behov.hent_til_endring(a, i)),
    "opptrapping.hent_forslag": (_plan, lambda v, a, i: opptrapping.hent_forslag(a, i, "personell", 0)),
    "oversikt.hent": (lambda v: None, lambda v, a, i: oversikt.hent(a)),
    "oversikt.hent_behovsliste": (lambda v: None, lambda v, a, i: oversikt.hent_behovsliste(a)),
    "oversikt.hent_behov": (_behov, lambda v, a, i: oversikt.hent_behov(a, i)),
    "oversikt.hent_skjemavalg": (lambda v: None, lambda v, a, i: oversikt.hent_skjemavalg(a)),
    "oversikt.hent_omdisponeringer": (lambda v: None, lambda v, a, i: oversikt.hent_omdisponeringer(a)),
    "tilbud.tilby": (_folk, _tilby),
    "tilbud.trekk": (_tilbud, lambda v, a, i: tilbud.trekk(a, i)),
    "tilbud.hent": (_tilbud, lambda v, a, i: tilbud.hent(a, i)),
    "tilbud.hent_liste": (lambda v: None, lambda v, a, i: tilbud.hent_liste(a)),
    "tilbud.hent_valg": (lambda v: None, lambda v, a, i: tilbud.hent_valg(a)),
}
#: Asked of what the caller has fetched.
EGNE = {"tilbud.rad", "tilbud.til_behov", "oversikt.har_register"}
