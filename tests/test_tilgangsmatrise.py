"""Who reaches what: every route and every socket event, for every role at home and elsewhere.

The tables are the rule. A route or an event without a line in them fails the test, and so does a line that
nobody passes.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.core import realtime
from portal.core.clock import now, som_om
from portal.core.config import sett_innstillinger
from portal.core.db import db
from portal.henvendelser.service import flyt
from portal.identitet.passord import Passordhash
from tests.bygg import koble_til, logg_over, ny_sesjon, toem
from tests.matrise import PERSONER, Verden, antall_gjort, avslag_av, avtrykk, les_tabell
from tests.rutene import Rute, Steder, saksnummer, uten_app
from tests.rutene_avtaler import RUTER as AVTALER
from tests.rutene_beredskap import RUTER as BEREDSKAP
from tests.rutene_omdisponering import RUTER as OMDISPONERING
from tests.rutene_oppgaver import RUTER as OPPGAVER
from tests.rutene_plass_i_sak import RUTER as PLASS_I_SAK
from tests.rutene_plasser import RUTER as PLASSER

#: Those of the rooms that have no table of their own.
ELLERS = les_tabell("""
                                                                    i lksaocdu STKVCD 1234567 rnx
GET /                                                               ! ++++++++ ++++++ +++++++ +++
GET /api/v1/docs                                                    ! ++++++++ ++++++ +++++++ +++
GET /api/v1/openapi.json                                            ! ++++++++ ++++++ +++++++ +++
GET /helse                                                          + ++++++++ ++++++ +++++++ +++
GET /helse/klar                                                     + ++++++++ ++++++ +++++++ +++
GET /static/<path:filename>                                         + ++++++++ ++++++ +++++++ +++
GET /innlogging                                                     + ++++++++ ++++++ +++++++ +++
POST /innlogging                                                    + ++++++++ ++++++ +++++++ +++
POST /utlogging                                                     ! ++++++++ ++++++ +++++++ +++
POST /medlemskap                                                    ! ++++++++ ++++++ +++++++ +++
POST /spraak                                                        + ++++++++ ++++++ +++++++ +++
GET /sesjon                                                         ! ++++++++ ++++++ +++++++ +++
GET /passord                                                        ! ++++++++ ++++++ +++++++ +++
POST /passord                                                       ! ++++++++ ++++++ +++++++ +++
GET /glemt-passord                                                  + ++++++++ ++++++ +++++++ +++
POST /glemt-passord                                                 + ++++++++ ++++++ +++++++ +++
GET /lenke/<string:token>                                           + ++++++++ ++++++ +++++++ +++
POST /lenke/<string:token>                                          + ++++++++ ++++++ +++++++ +++
GET /innlogging/kode                                                + ++++++++ ++++++ +++++++ +++
POST /innlogging/kode                                               + ++++++++ ++++++ +++++++ +++
GET /innlogging/oppsett                                             + ++++++++ ++++++ +++++++ +++
POST /innlogging/oppsett                                            + ++++++++ ++++++ +++++++ +++
GET /sesjon/laas                                                    ! ++++++++ ++++++ +++++++ +++
POST /sesjon/aktiv                                                  ! ++++++++ ++++++ +++++++ +++
GET /laas                                                           ! ++++++++ ++++++ +++++++ +++
POST /laas/skjermen                                                 ! ++++++++ ++++++ +++++++ +++
POST /laas/opp                                                      ! ++++++++ ++++++ +++++++ +++
POST /laas/utkast                                                   ! ++++++++ ++++++ +++++++ +++
POST /laas/vakt                                                     ! -------+ ++++-- ---++-- ---
GET /vaktmodus                                                      ! -------+ ++++-- ---++-- ---
GET /konto                                                          ! ++++++++ ++++++ +++++++ +++
POST /konto/logg-ut-overalt                                         ! ++++++++ ++++++ +++++++ +++
POST /konto/oekter/<uuid:sesjon_id>/avslutt                         ! 00000000 00+000 0000000 000
GET /konto/tofaktor                                                 ! ++++++++ ++++++ +++++++ +++
POST /konto/tofaktor                                                ! ++++++++ ++++++ +++++++ +++
GET /konto/tofaktor/av                                              ! ++++++++ ++++++ +++++++ +++
POST /konto/tofaktor/av                                             ! ++++++++ ++++++ +++++++ +++
GET /konto/tofaktor/koder                                           ! ++++++++ ++++++ +++++++ +++
POST /konto/tofaktor/koder                                          ! ++++++++ ++++++ +++++++ +++
GET /folk                                                           ! ------+- -----+ ------+ --+
GET /folk/ny                                                        ! ------+- -----+ ------+ --+
POST /folk/ny                                                       ! -------- -----+ ------- --+
GET /folk/import                                                    ! ------+- -----+ ------+ --+
POST /folk/import                                                   ! -------- -----+ ------- --+
GET /folk/import/mal                                                ! ------+- -----+ ------+ --+
GET /folk/<uuid:person_id>                                          ! ------0- -----+ ------0 --+
POST /folk/<uuid:person_id>/aapne                                   ! ------0- -----+ ------0 --+
POST /folk/<uuid:person_id>/inviter                                 ! ------0- -----+ ------0 --+
POST /folk/<uuid:person_id>/logg-ut                                 ! ------0- -----+ ------0 --+
POST /folk/<uuid:person_id>/opplysninger                            ! ------0- -----+ ------0 --+
POST /folk/<uuid:person_id>/roller                                  ! ------0- -----+ ------0 --+
POST /folk/<uuid:person_id>/roller/<uuid:medlemskap_id>/avslutt     ! ------0- -----+ ------0 --+
POST /folk/<uuid:person_id>/roller/<uuid:medlemskap_id>/fagomraader ! ------0- -----+ ------0 --+
POST /folk/<uuid:person_id>/roller/<uuid:medlemskap_id>/sluttdato   ! ------0- -----+ ------0 --+
POST /folk/<uuid:person_id>/steng                                   ! ------0- -----+ ------0 --+
POST /folk/<uuid:person_id>/totrinn                                 ! ------0- -----+ ------0 --+
GET /revisjon                                                       ! ------+- -----+ ------+ --+
GET /revisjon.csv                                                   ! ------+- -----+ ------+ --+
GET /organisasjoner                                                 ! ++++++++ ++++++ +++++++ +++
GET /organisasjoner/<uuid:organisasjon_id>                          ! ++++++++ ++++++ +++++++ +++
POST /organisasjoner/<uuid:organisasjon_id>/telefon                 ! -------- -----+ ------- --+
POST /organisasjoner/<uuid:organisasjon_id>/fagtelefoner            ! -------- -----+ ------- --+
GET /organisasjoner/<uuid:organisasjon_id>/enheter/ny               ! -------- -----+ ------- --+
POST /organisasjoner/<uuid:organisasjon_id>/enheter/ny              ! -------- -----+ ------- --+
GET /enheter/<uuid:enhet_id>                                        ! ------+- ------ ------- --+
POST /enheter/<uuid:enhet_id>                                       ! ------+- ------ ------- --+
GET /tall                                                           ! ++++++++ ++++++ +++++++ +++
GET /venter                                                         ! ++++++++ ++++++ +++++++ +++
GET /koe                                                            ! -------+ ++++-- ---++-- ---
GET /koe/liste                                                      ! -------+ ++++-- ---++-- ---
GET /henvendelser/                                                  ! +++++--+ ++++-- +++++-- ---
GET /henvendelser/ny                                                ! ++-++--- +++--- ++-+--- ---
POST /henvendelser/ny                                               ! ++-++--- +++--- ++-+--- ---
GET /henvendelser/<uuid:henvendelse_id>                             ! +++00000 ++0+00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/status                      ! +++00000 ++0+00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/opplysninger                ! +++00000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/opplysninger               ! +++00000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/maalinger                  ! +++00000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/meldinger                  ! +++00000 ++0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/aksepter                   ! ---00000 ++0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/gi-tilbake                 ! ---00000 +-0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/videresend                 ! ---00000 ++0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/besvar                     ! ---00000 +-0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/trenger-mer                ! +++00000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/lukk                       ! +++00000 9-0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/tiden-er-ute               ! +++00000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/trekk                      ! +++00000 --0-00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/gjenaapne                  ! +++00000 ++0-00 0000000 000
GET /innsyn/oppfoelging                                             ! ------+- -----+ ------+ --+
POST /innsyn/oppfoelging/<uuid:person_id>                           ! ------0- -----+ ------0 --+
GET /henvendelser/csv                                               ! +++++--+ ++++-- +++++-- ---
GET /henvendelser/innsyn                                            ! +++++--+ ++++-- +++++-- ---
POST /henvendelser/innsyn                                           ! +++++--+ ++++-- 00000-- ---
GET /henvendelser/<uuid:henvendelse_id>/innsynslogg                 ! +++00000 ++0+00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/journal                     ! +++00000 ++0+00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/journal.pdf                 ! +++00000 ++0+00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/journal.txt                 ! +++00000 ++0+00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/journal/utskrift            ! +++00000 ++0+00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/avtaler                     ! +++00000 ++0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/vedlegg                    ! +++00000 ++0+00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/vedlegg/<uuid:vedlegg_id>   ! +++00000 ++0+00 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/inviter                     ! +++00000 ++0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/inviter                    ! +++00000 ++0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/identitet                  ! +++00000 ++0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/oppfoelging                ! +++00000 ++0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/forlat                     ! 99900000 9+0900 0000000 000
GET /henvendelser/<uuid:henvendelse_id>/overlever                   ! ---00000 +-0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/overlever                  ! ---00000 +-0+00 0000000 000
POST /henvendelser/<uuid:henvendelse_id>/utskrivning                ! 0000000- +00+00 0000000 000
POST /invitasjoner/<uuid:invitasjon_id>/godta                       ! ---00000 --+-00 0000000 000
POST /invitasjoner/<uuid:invitasjon_id>/avslaa                      ! ---00000 --+-00 0000000 000
POST /invitasjoner/<uuid:invitasjon_id>/trekk                       ! +--0-000 +-0-00 0000000 000
GET /api/v1/mottakere                                               ! +++++--+ ++++-- +++++-- ---
POST /api/v1/henvendelser                                           ! ++-++--- +++--- ++-+--- ---
GET /api/v1/henvendelser/<uuid:henvendelse_id>                      ! +++00000 ++0+00 0000000 000
GET /api/v1/henvendelser/<uuid:henvendelse_id>/hendelser            ! +++00000 ++0+00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/meldinger           ! +++00000 ++0+00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/aksepter            ! ---00000 ++0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/gi-tilbake          ! ---00000 +-0+00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/videresend          ! ---00000 ++0+00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/besvar              ! ---00000 +-0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/trenger-mer         ! +++00000 --0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/lukk                ! +++00000 9-0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/tiden-er-ute        ! +++00000 --0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/trekk               ! +++00000 --0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/gjenaapne           ! +++00000 ++0-00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/vedlegg             ! +++00000 ++0+00 0000000 000
POST /api/v1/henvendelser/<uuid:henvendelse_id>/utskrivning         ! 0000000- +00+00 0000000 000
""")
RUTER = AVTALER | BEREDSKAP | OMDISPONERING | OPPGAVER | PLASSER | PLASS_I_SAK | ELLERS

#: Rosters, notices, canaries and changes of shift: of `hf` where one is asked about, and `kirurg`'s where it is a
#: person's own. A shift is `spesialist`'s, who asks `spesialist2` to take it and hands the cases over to the same.
RUTER |= les_tabell("""
                                                                        i lksaocdu STKVCD 1234567 rnx
GET /helse/eskalering                                                   + ++++++++ ++++++ +++++++ +++
GET /helse/tall                                                         + ++++++++ ++++++ +++++++ +++
GET /status                                                             ! ++++++++ ++++++ +++++++ +++
GET /henvendelser/vaktskifte                                            ! +++++--+ ++++-- +++++-- ---
POST /henvendelser/<uuid:henvendelse_id>/vaktskifte/<uuid:skifte_id>    ! ---00000 -+0-00 0000000 000
GET /vakt                                                               ! ++++++++ ++++++ +++++++ ---
GET /vakt/mine                                                          ! ++++++++ ++++++ +++++++ +++
GET /api/v1/vakt/naa                                                    ! ++++++++ ++++++ +++++++ ---
GET /api/v1/vakt/mine                                                   ! ++++++++ ++++++ +++++++ +++
GET /vakt/planer/ny                                                     ! -----++- ---+++ ----+++ ---
POST /vakt/planer/ny                                                    ! -----++- ---+++ ----+++ ---
GET /vakt/planer/<uuid:plan_id>                                         ! 00000000 ++++++ 0000000 000
GET /vakt/planer/<uuid:plan_id>/vaktplan.ics                            ! 00000000 ++++++ 0000000 000
GET /vakt/planer/<uuid:plan_id>/oppsett                                 ! 00000000 ---+++ 0000000 000
POST /vakt/planer/<uuid:plan_id>/avslutt                                ! 00000000 ---+++ 0000000 000
POST /vakt/planer/<uuid:plan_id>/telefon                                ! 00000000 ---+++ 0000000 000
POST /vakt/planer/<uuid:plan_id>/telefon/fjern                          ! 00000000 ---+++ 0000000 000
GET /vakt/planer/<uuid:plan_id>/ny-vakt                                 ! 00000000 ---+++ 0000000 000
POST /vakt/planer/<uuid:plan_id>/ny-vakt                                ! 00000000 ---+++ 0000000 000
GET /vakt/planer/<uuid:plan_id>/rotasjon/ny                             ! 00000000 ---+++ 0000000 000
POST /vakt/planer/<uuid:plan_id>/rotasjon/ny                            ! 00000000 ---+++ 0000000 000
GET /vakt/planer/<uuid:plan_id>/import                                  ! 00000000 ---+++ 0000000 000
POST /vakt/planer/<uuid:plan_id>/import                                 ! 00000000 ---+++ 0000000 000
GET /vakt/planer/<uuid:plan_id>/ta                                      ! 00000000 ++---- 0000000 000
POST /vakt/planer/<uuid:plan_id>/ta                                     ! 00000000 ++---- 0000000 000
POST /vakt/rotasjoner/<uuid:rotasjon_id>/avslutt                        ! 00000000 ---+++ 0000000 000
GET /vakt/vakter/<uuid:vakt_id>                                         ! 00000000 ++++++ 0000000 000
POST /vakt/vakter/<uuid:vakt_id>/endre                                  ! 00000000 ---+++ 0000000 000
POST /vakt/vakter/<uuid:vakt_id>/avlys                                  ! 00000000 ---+++ 0000000 000
POST /vakt/vakter/<uuid:vakt_id>/gi-tilbake                             ! 00000000 +----- 0000000 000
POST /vakt/vakter/<uuid:vakt_id>/avloesning                             ! 00000000 +----- 0000000 000
GET /vakt/vakter/<uuid:vakt_id>/bytt                                    ! 00000000 +----- 0000000 000
POST /vakt/vakter/<uuid:vakt_id>/bytt                                   ! 00000000 +----- 0000000 000
GET /vakt/bytter                                                        ! ++++++++ ++++++ +++++++ ---
POST /vakt/bytter/<uuid:bytte_id>/godta                                 ! 00000000 -+0000 0000000 000
POST /vakt/bytter/<uuid:bytte_id>/avslaa                                ! 00000000 -+0000 0000000 000
POST /vakt/bytter/<uuid:bytte_id>/trekk                                 ! 00000000 +-0000 0000000 000
GET /vakt/fravaer                                                       ! ++++++++ ++++++ +++++++ ---
POST /vakt/fravaer                                                      ! -----++- ---+++ ----+++ ---
POST /vakt/fravaer/<uuid:fravaer_id>/avlys                              ! 00000000 00++++ 0000000 000
GET /vakt/dekning                                                       ! ++++++++ ++++++ +++++++ ---
GET /vakt/dekning/hull.csv                                              ! ++++++++ ++++++ +++++++ ---
GET /vakt/dekning/<uuid:plan_id>                                        ! 00000000 ++++++ 0000000 000
GET /vakt/dekning/<uuid:plan_id>/hull.csv                               ! 00000000 ++++++ 0000000 000
GET /vakt/dekning/<uuid:plan_id>/fordeling.csv                          ! 00000000 ++++++ 0000000 000
GET /vakt/policy                                                        ! ++++++++ ++++++ +++++++ ---
GET /vakt/policy/endre                                                  ! -----++- ---+++ ----+++ ---
POST /vakt/policy/endre                                                 ! -----++- ---+++ ----+++ ---
POST /vakt/policy/tilbakestill                                          ! -----++- ---+++ ----+++ ---
GET /vakt/kalender                                                      ! ++++++++ ++++++ +++++++ +++
POST /vakt/kalender/ny                                                  ! ++++++++ ++++++ +++++++ +++
POST /vakt/kalender/trekk                                               ! ++++++++ ++++++ +++++++ +++
GET /vakt/feed/<string:token>.ics                                       + ++++++++ ++++++ +++++++ +++
GET /vakt/uroerte                                                       ! -----++- ---+++ ----+++ ---
GET /vakt/kanari                                                        ! -----++- ---+++ ----+++ ---
POST /vakt/kanari                                                       ! -----++- ---+++ ----+++ ---
GET /vakt/kanari/<uuid:kanari_id>                                       ! -----00- ---+++ ----000 ---
POST /vakt/kanari/<uuid:kanari_id>/kjoer                                ! -----00- ---+++ ----000 ---
GET /varsler                                                            ! ++++++++ ++++++ +++++++ +++
GET /varsler/bjelle                                                     ! ++++++++ ++++++ +++++++ +++
POST /varsler/les-alle                                                  ! ++++++++ ++++++ +++++++ +++
POST /varsler/<uuid:varsel_id>/aapne                                    ! 00000000 00+000 0000000 000
GET /api/v1/varsler                                                     ! ++++++++ ++++++ +++++++ +++
POST /api/v1/varsler/<uuid:varsel_id>/les                               ! 00000000 00+000 0000000 000
GET /varsler/valg                                                       ! ++++++++ ++++++ +++++++ +++
POST /varsler/valg                                                      ! ++++++++ ++++++ +++++++ +++
POST /varsler/ro                                                        ! ++++++++ ++++++ +++++++ +++
POST /varsler/kanaler                                                   ! ++++++++ ++++++ +++++++ +++
GET /varsler/kanaler/nettleser                                          ! ++++++++ ++++++ +++++++ +++
POST /varsler/kanaler/nettleser                                         ! ++++++++ ++++++ +++++++ +++
POST /varsler/kanaler/nettleser/bytt                                    ! ++++++++ ++++++ +++++++ +++
POST /varsler/kanaler/epost/proev                                       ! ++++++++ ++++++ +++++++ +++
POST /varsler/kanaler/<uuid:kanal_id>/proev                             ! 00000000 00+000 0000000 000
POST /varsler/kanaler/<uuid:kanal_id>/navn                              ! 00000000 00+000 0000000 000
POST /varsler/kanaler/<uuid:kanal_id>/fjern                             ! 00000000 00+000 0000000 000
GET /varsler/uleverte                                                   ! ------+- -----+ ------+ --+
POST /varsler/uleverte/<uuid:utsending_id>/send                         ! ------0- -----+ ------0 --+
POST /varsler/uleverte/<uuid:utsending_id>/forkast                      ! ------0- -----+ ------0 --+
POST /varsler/uleverte/send                                             ! ------0- -----+ ------0 --+
POST /varsler/uleverte/forkast                                          ! ------0- -----+ ------0 --+
POST /varsler/svar                                                      + ++++++++ ++++++ +++++++ +++
GET /kvitter/<token>                                                    + ++++++++ ++++++ +++++++ +++
POST /kvitter/<token>                                                   + ++++++++ ++++++ +++++++ +++
GET /sw.js                                                              + ++++++++ ++++++ +++++++ +++
""")

#: A socket without a login is refused at the door; `forlat` only leaves what one has entered.
HENDELSER = les_tabell("""
                            i lksaocdu STKVCD 1234567 rnx
connect                     ! ++++++++ ++++++ +++++++ +++
disconnect                  ! ++++++++ ++++++ +++++++ +++
henvendelse.abonner         ! +++00000 ++0+00 0000000 000
henvendelse.forlat          ! ++++++++ ++++++ +++++++ +++
henvendelse.meld            ! +++00000 ++0+00 0000000 000
henvendelse.mottatt         ! +++00000 ++0+00 0000000 000
henvendelse.les             ! +++00000 ++0+00 0000000 000
henvendelse.skriver         ! +++00000 ++0+00 0000000 000
plasser.abonner             ! ++++++++ ++++++ +++++++ +++
plasser.forlat              ! ++++++++ ++++++ +++++++ +++
""")


@pytest.fixture(scope="module")
def verden(_app: Flask) -> Iterator[Verden]:
    with _app.app_context():
        yield Verden()
        db.session.rollback()
        db.session.remove()
        toem(db.engine)


@pytest.fixture(autouse=True)
def uten_argon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a password is right is tested elsewhere; here every one is."""
    monkeypatch.setattr("portal.identitet.passord.stemmer", lambda lagret, passord: True)
    monkeypatch.setattr("portal.identitet.passord.boer_fornyes", lambda lagret: False)
    monkeypatch.setattr("portal.identitet.service.lenker.SVARTID", 0)
    monkeypatch.setattr("portal.identitet.passord.lag_hash", lambda passord: Passordhash(f"x{uuid4()}"))


@pytest.fixture(autouse=True)
def med_port(_app: Flask) -> Iterator[None]:
    """The installation has a gateway for text messages, and a key that it signs its answers with."""
    i = _app.config["INNSTILLINGER"]
    sett_innstillinger(replace(i, sms_url="http://127.0.0.1:9/sms", varselnoekkel="k" * 32))
    yield
    sett_innstillinger(i)


def nettleser(app: Flask, v: Verden, person: str, *, ny: bool = False) -> FlaskClient:
    """The person's browser; `ny` for a login of its own, which the request will end."""
    klient = app.test_client()
    if person != "ingen":
        token = ny_sesjon(v.aktor(person))[1] if ny else v.tokener[person]
        with klient.session_transaction() as kapsel:
            kapsel["_user_id"] = token
    return klient


# --- the tables hold everything there is -----------------------------------------------------------------


def test_hver_rute_staar_i_tabellen(_app: Flask) -> None:
    ruter = {
        f"{m} {r.rule}" for r in _app.url_map.iter_rules() for m in (r.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert ruter == set(RUTER)


def test_hver_hendelse_staar_i_tabellen(_app: Flask) -> None:
    registrert = {h for navnerom in realtime.socketio.server.handlers.values() for h in navnerom}
    assert registrert == set(HENDELSER)
    assert set(realtime.socketio.server.handlers) == {"/"}
    assert not realtime.socketio.server.namespace_handlers


#: For an RHF's coordinators and administrators, of whom the table has none: `avtaler/test_livet_sider.py` lets one in.
RHFS_EGNE = {"POST /avtaler/<uuid:avtale_id>/innsending"}


def test_hver_linje_slipper_noen_gjennom() -> None:
    for tabell in (RUTER, HENDELSER):
        for hva, rad in tabell.items():
            assert ("+" in rad.values()) == (hva not in RHFS_EGNE), hva


def test_de_aapne_rutene_er_de_som_er_nevnt() -> None:
    from portal.core.web import UTEN_INNLOGGING

    aapne = {hva.split()[1] for hva, rad in RUTER.items() if rad["ingen"] != "!"}
    assert aapne == {
        *("/helse", "/helse/klar", "/static/<path:filename>", "/innlogging", "/spraak"),
        *("/innlogging/kode", "/innlogging/oppsett", "/glemt-passord", "/lenke/<string:token>"),
        # counts alone, for monitors; code without a secret
        *("/helse/eskalering", "/helse/tall", "/sw.js"),
        # by a secret in the address, or the gateway's signature
        *("/kvitter/<token>", "/varsler/svar", "/vakt/feed/<string:token>.ics"),
        "/omdisponering/samtykke/<string:noekkel>",
    }
    assert len(UTEN_INNLOGGING) == len(aapne) + 1  # /sesjon, which only tells whether one is logged in


# --- routes ----------------------------------------------------------------------------------------------


def _vis(rad: dict[str, str]) -> str:
    return " ".join(f"{person}:{tegn}" for person, tegn in rad.items())


@pytest.mark.parametrize("hva", RUTER)
def test_rute(hva: str, _app: Flask, verden: Verden) -> None:
    """Everybody asks. Whoever is refused has changed nothing, and is in the audit log."""
    ventet = RUTER[hva]
    rute = Rute(verden, hva)
    felles = rute.sett_opp()
    foer: dict[str, Any] | None = None
    nektet_foer = avslag_av()
    fikk: dict[str, str] = {}
    for person in PERSONER:
        tillatt = ventet[person] == "+"
        steder = rute.sett_opp() if tillatt and rute.bruker_opp else felles
        sak = steder.get("henvendelse_id")
        klient = nettleser(_app, verden, person, ny=rute.egen_login)
        rute.klargjoer(klient, person)
        rader = len(logg_over(sak)) if tillatt and sak else 0
        gjort = antall_gjort() if tillatt else 0
        foer = None if tillatt else foer or avtrykk()
        rad_foer = avtrykk() if tillatt and rute.bare_rader else {}
        svar = rute.spoer(klient, person, steder)
        fikk[person] = tegn = rute.tolk(svar)
        if ventet[person] == "9" and not rute.api and svar.status_code == 303:
            # A page goes back to the case with a word about it.
            fikk[person] = tegn = "9"
        if tegn == "+" and tillatt:
            assert not sak or len(logg_over(sak)) == rader + rute.rader(person), (hva, person)
            assert not rute.setter_spor or antall_gjort() > gjort, (hva, person)
            assert not rute.bare_rader or avtrykk() != rad_foer, (hva, person)
        if foer is not None:
            etter = avtrykk()
            assert etter == {**foer, "avslag": foer["avslag"] + (tegn in "-0")}, (hva, person)
            foer = etter
        if tegn in "-0!" and rute.api:
            assert svar.mimetype == "application/problem+json"
            assert svar.json["kode"] == {"-": "ikke_tilgang", "0": "ikke_funnet", "!": "ikke_innlogget"}[tegn]
        if tegn == "0" and not rute.api:
            assert rute.finnes_ikke in svar.text
    nektet = avslag_av() - nektet_foer
    assert _vis(fikk) == _vis(ventet)
    assert nektet == Counter(verden.aktor(p).person_id for p in PERSONER if fikk[p] in "-0")
    if rute.regel.startswith("/konto/tofaktor"):
        uten_app()
    if rute.egen_login:
        verden.logg_inn_igjen()


def test_det_som_ikke_finnes_svarer_som_en_fremmeds(_app: Flask, verden: Verden) -> None:
    """Somebody else's case (or person, or invitation) and none at all give the same answer, to the letter."""
    proevd = 0
    for hva, rad in RUTER.items():
        for person in ("fremmed_lege", "fremmed_administrator"):
            if rad[person] != "0":
                continue
            rute = Rute(verden, hva)
            steder = rute.sett_opp()
            # A new login: the use of an old one is noted by the first of the two, and the page counts from it.
            klient = nettleser(_app, verden, person, ny=True)
            ingen = dict.fromkeys(steder, UUID(int=4))
            with som_om(now()):
                fremmed, borte = rute.spoer(klient, person, steder), rute.spoer(klient, person, ingen)
            assert (fremmed.status_code, borte.status_code) == (404, 404), hva
            assert uten_tegn(fremmed.text, steder) == uten_tegn(borte.text, ingen), hva
            proevd += 1
    assert proevd > 80


def uten_tegn(side: str, steder: Steder) -> str:
    """A page without the ids it was asked with and the CSRF tokens, which tell the second they were made in."""
    for id_ in steder.values():
        side = side.replace(str(id_), "")
    if "henvendelse_id" in steder:
        side = side.replace(saksnummer(steder["henvendelse_id"]), "")
    return re.sub(r'(csrf[-_]token" (?:value|content)=")[^"]+', r"\1", side)


def test_en_administrator_ser_bare_egne_folk(_app: Flask, verden: Verden) -> None:
    """The pages for people can be asked for in another organisation by the systemadministrator alone."""
    sider = [hva.split()[1] for hva in RUTER if hva.startswith("GET /folk") and "<" not in hva]
    assert len(sider) == 4
    for side in (*sider, "/innsyn/oppfoelging"):
        for person in ("administrator_i_kommunen", "fremmed_administrator", "administrator"):
            klient = nettleser(_app, verden, person)
            assert klient.get(f"{side}?organisasjon={verden.annen_kommune.id}").status_code == (
                404 if side.startswith("/innsyn") else 403
            ), (side, person)
        systemadministrator = nettleser(_app, verden, "systemadministrator")
        assert systemadministrator.get(f"{side}?organisasjon={verden.annen_kommune.id}").status_code == 200


# --- socket events ---------------------------------------------------------------------------------------


KROPP: dict[str, Callable[[UUID], dict[str, Any]]] = {
    "henvendelse.abonner": lambda sak: {"id": str(sak), "etter": 1},
    "henvendelse.forlat": lambda sak: {"id": str(sak)},
    "henvendelse.meld": lambda sak: {"id": str(sak), "klient_id": str(uuid4()), "tekst": "Hei."},
    "henvendelse.mottatt": lambda sak: {"id": str(sak), "sekvens": 1},
    "henvendelse.les": lambda sak: {"id": str(sak), "sekvens": 1},
    "henvendelse.skriver": lambda sak: {"id": str(sak)},
    "plasser.abonner": lambda sak: {"etter": 0},
    "plasser.forlat": lambda sak: {},
}


@pytest.mark.parametrize("hendelse", HENDELSER)
def test_hendelse(hendelse: str, _app: Flask, verden: Verden) -> None:
    ventet = HENDELSER[hendelse]
    sak = verden.send()
    flyt.aksepter(verden.spesialist, sak)
    rommet = koble_til(_app, nettleser(_app, verden, "lege"))
    rommet.emit("henvendelse.abonner", {"id": str(sak), "etter": 1}, callback=True)
    avslag = avslag_av()
    nektet_foer = {p: avslag[verden.aktor(p).person_id] for p in PERSONER if p != "ingen"}
    fikk: dict[str, str] = {}
    for person in PERSONER:
        sokkel = koble_til(_app, nettleser(_app, verden, person))
        if not sokkel.is_connected():
            fikk[person] = "!"
            continue
        if hendelse in ("connect", "disconnect"):
            fikk[person] = "+"
            assert len(realtime.tilkoblinger) == 2
            sokkel.disconnect()
            assert len(realtime.tilkoblinger) == 1
            continue
        foer = avtrykk()
        rommet.get_received()
        if hendelse == "henvendelse.skriver":
            sokkel.emit("henvendelse.abonner", {"id": str(sak), "etter": 1}, callback=True)
            foer = avtrykk()
            sokkel.emit(hendelse, KROPP[hendelse](sak))
            hoert = [m for m in rommet.get_received() if m["name"] == "skriver"]
            fikk[person] = "+" if hoert else "0"
            assert avtrykk() == foer
        else:
            svar = sokkel.emit(hendelse, KROPP[hendelse](sak), callback=True)
            fikk[person] = "+" if svar["ok"] else {"ikke_funnet": "0", "ikke_tilgang": "-"}[svar["kode"]]
            if not svar["ok"]:
                assert avtrykk() == {**foer, "avslag": foer["avslag"] + 1}
                assert avslag_av()[verden.aktor(person).person_id] == nektet_foer[person] + 1
                assert "finnes ikke" in svar["melding"]
            elif hendelse == "henvendelse.meld":
                assert svar["sekvens"] == len(logg_over(sak))
        sokkel.disconnect()
    rommet.disconnect()
    assert _vis(fikk) == _vis(ventet)


def test_skriver_naar_ingen_uten_aa_ha_gaatt_inn(_app: Flask, verden: Verden) -> None:
    """Typing is told only from a socket that was let into the case."""
    sak = verden.send()
    rommet = koble_til(_app, nettleser(_app, verden, "lege"))
    rommet.emit("henvendelse.abonner", {"id": str(sak), "etter": 1}, callback=True)
    utenfor = koble_til(_app, nettleser(_app, verden, "kollega"))
    rommet.get_received()
    utenfor.emit("henvendelse.skriver", {"id": str(sak)})
    assert [m for m in rommet.get_received() if m["name"] == "skriver"] == []
    for s in (rommet, utenfor):
        s.disconnect()
