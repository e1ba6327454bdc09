"""What every SMS gateway promises, checked over the whole registry against real counterparts."""

from __future__ import annotations

import base64
import json
import logging
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from core.outbox import outbox_messages
from core.sms import SmsError, gateways
from core.sms._alphabet import EXTENDED
from tests.support.services import free_port
from tests.support.smsc import message_centre
from tests.support.web import web_server

CODE = "482913"
TEXT = f"{CODE} is your THiNX code [5 min] €"
EACH = pytest.mark.parametrize("slug", [gateway.slug for gateway in gateways])
REMOTE = pytest.mark.parametrize("slug", ["http", "twilio", "smpp"])
ACCOUNTS = {"http": "kim", "twilio": "AC00", "smpp": "console"}
PASSWORD = "letmein"


@dataclass
class Counterpart:
    """The other end: `sent()` says (to, text) of what it took."""

    gateway: Any
    web: Any = None
    smsc: Any = None

    def sent(self) -> list[tuple[str, str]]:
        if self.smsc:
            return [(f"+{s['submit']}", s["text"]) for s in self.smsc.wait_for("submit")]
        if self.web:
            asked = [parse_qs(one.body) for one in self.web.asked]
            return [(a["To"][0], a["Body"][0]) for a in asked]
        return [(one.to, one.text) for one in outbox_messages()]


@pytest.fixture(scope="module")
def smsc():
    with message_centre() as centre:
        yield centre


@pytest.fixture
def web():
    with web_server() as server:
        yield server


@pytest.fixture
def other_end(request, settings, tmp_path):
    """Return the counterpart of a gateway, which is then the one of the settings."""

    def connect(slug: str) -> Counterpart:
        settings.OUTBOX_DIR = tmp_path / "outbox"
        settings.SMS_GATEWAY = slug
        settings.SMS_USER, settings.SMS_PASSWORD = ACCOUNTS.get(slug, ""), PASSWORD
        settings.SMS_FROM, settings.SMS_TIMEOUT = "THiNX", 2
        gateway = gateways.get(slug)
        if slug == "smpp":
            centre = request.getfixturevalue("smsc")
            settings.SMS_URL = centre.url
            centre.log.write_text("")
            return Counterpart(gateway, smsc=centre)
        if slug in {"http", "twilio"}:
            server = request.getfixturevalue("web")
            server.status, server.answer = 201, json.dumps({"sid": "SM1", "status": "queued"})
            settings.SMS_URL = server.url
            settings.SMS_HTTP = {
                "method": "POST",
                "headers": {"Authorization": "Bearer {password}"},
                "body": "To={to}&Body={text}",
                "success": "queued",
                "reference": r'"sid": "(\w+)"',
            }
            return Counterpart(gateway, web=server)
        return Counterpart(gateway)

    return connect


def refusal_of(send) -> SmsError:
    with pytest.raises(SmsError) as refused:
        send()
    return refused.value


def test_there_are_the_five_gateways():
    assert {gateway.slug for gateway in gateways} == {"outbox", "console", "http", "twilio", "smpp"}
    assert all(gateway.label and gateway.__doc__ for gateway in gateways)


@EACH
def test_gateway_delivers_the_text_unchanged_and_returns_a_reference(slug, other_end, capsys):
    end = other_end(slug)
    assert end.gateway.faults() == []
    assert end.gateway.send("+420601000001", TEXT)
    if slug == "console":
        assert f"SMS to +420601000001: {TEXT}" in capsys.readouterr().out
    else:
        assert end.sent() == [("+420601000001", TEXT)]


@EACH
def test_gateway_delivers_any_alphabet(slug, other_end, capsys):
    end = other_end(slug)
    text = 'Váš kód: 482913: 您的验证码 🔑 "quoted" & 100%\nline <2> {user}'
    end.gateway.send("+420601000001", text)
    if slug == "console":
        assert text in capsys.readouterr().out
    else:
        assert end.sent() == [("+420601000001", text)]


@EACH
def test_gateway_keeps_text_number_and_secrets_out_of_the_log(slug, other_end, caplog):
    caplog.set_level(logging.DEBUG)
    end = other_end(slug)
    end.gateway.send("+420601000001", TEXT)
    hidden = base64.b64encode(f"{ACCOUNTS.get(slug)}:{PASSWORD}".encode()).decode()
    for secret in (
        CODE,
        "601000001",
        PASSWORD,
        hidden,
        CODE.encode().hex(),
        PASSWORD.encode().hex(),
    ):
        assert secret not in caplog.text


@REMOTE
def test_gateway_without_its_settings_says_which_are_missing(slug, other_end, settings):
    end = other_end(slug)
    settings.SMS_URL, settings.SMS_USER = "ftp://x", ""
    faults = end.gateway.faults()
    assert faults
    assert all(fault.startswith("THINX_SMS_") and fault.endswith(".") for fault in faults)


@REMOTE
def test_gateway_that_is_away_may_be_back_later(slug, other_end, settings):
    end = other_end(slug)
    port = free_port()
    settings.SMS_URL = f"{urlsplit(settings.SMS_URL).scheme}://127.0.0.1:{port}"
    error = refusal_of(lambda: end.gateway.send("+420601000001", TEXT))
    assert not error.permanent
    assert "away" in f"{error}"


@REMOTE
def test_gateway_that_takes_the_connection_and_is_silent_is_left_after_the_timeout(
    slug, other_end, settings
):
    end = other_end(slug)
    settings.SMS_TIMEOUT = 1
    with socket.create_server(("127.0.0.1", 0)) as silent:
        scheme = urlsplit(settings.SMS_URL).scheme
        settings.SMS_URL = f"{scheme}://127.0.0.1:{silent.getsockname()[1]}"
        error = refusal_of(lambda: end.gateway.send("+420601000001", TEXT))
    assert not error.permanent


@pytest.mark.parametrize("slug", ["http", "twilio"])
@pytest.mark.parametrize(
    ("status", "permanent"),
    [(400, True), (401, True), (404, True), (429, False), (408, False), (500, False), (503, False)],
)
def test_answer_of_the_gateway_decides_whether_it_is_tried_again(
    slug, status, permanent, other_end
):
    end = other_end(slug)
    end.web.status = status
    end.web.answer = json.dumps({"code": 21211, "message": "The number +420601000001 is wrong"})
    error = refusal_of(lambda: end.gateway.send("+420601000001", TEXT))
    assert error.permanent == permanent
    assert f"{status}" in f"{error}"
    assert "601000001" not in f"{error}"


@pytest.mark.parametrize("slug", ["http", "twilio"])
def test_redirect_is_not_followed(slug, other_end):
    with web_server() as elsewhere:
        end = other_end(slug)
        end.web.status, end.web.headers = 307, {"Location": f"{elsewhere.url}/stolen"}
        assert refusal_of(lambda: end.gateway.send("+420601000001", TEXT)).permanent
        assert elsewhere.asked == []


@pytest.mark.parametrize("slug", ["http", "twilio"])
def test_gateway_that_hangs_up_may_be_back_later(slug, other_end):
    end = other_end(slug)
    end.web.hangs_up = True
    assert not refusal_of(lambda: end.gateway.send("+420601000001", TEXT)).permanent


def test_http_answer_without_the_success_pattern_is_a_refusal(other_end):
    end = other_end("http")
    end.web.answer = "NO CREDIT"
    assert refusal_of(lambda: end.gateway.send("+420601000001", TEXT)).permanent


def test_http_escapes_for_json_and_never_lets_a_text_leave_its_place(other_end, settings):
    end = other_end("http")
    settings.SMS_HTTP = {
        **settings.SMS_HTTP,
        "headers": {"Content-Type": "application/json", "X-Key": "{user}:{password}"},
        "body": '{"messages": [{"to": "{to_digits}", "text": "{text}", "from": "{from}"}]}',
    }
    text = 'a"b\\c\nd {password} ď'
    assert end.gateway.send("+420601000001", text) == "SM1"
    (asked,) = end.web.asked
    assert json.loads(asked.body) == {
        "messages": [{"to": "420601000001", "text": text, "from": "THiNX"}]
    }
    assert asked.headers["X-Key"] == "kim:letmein"


def test_http_escapes_for_xml(other_end, settings):
    end = other_end("http")
    settings.SMS_HTTP = {
        **settings.SMS_HTTP,
        "headers": {"content-type": "text/xml; charset=utf-8"},
        "body": "<sms to='{to}'>{text}</sms>",
    }
    end.gateway.send("+420601000001", "</sms><sms to='+1'>&")
    assert end.web.asked[0].body == (
        "<sms to='+420601000001'>&lt;/sms&gt;&lt;sms to=&#x27;+1&#x27;&gt;&amp;</sms>"
    )


@pytest.mark.parametrize(("text", "coding"), [("kod 1", "0"), ("kód 1 ť", "2")])
def test_http_speaks_to_kannel(text, coding, other_end, settings):
    end = other_end("http")
    end.web.status, end.web.answer = 202, "0: Accepted for delivery"
    settings.SMS_URL += (
        "/cgi-bin/sendsms?username={user}&password={password}&from={from}&to={to}"
        "&charset=UTF-8&coding={coding}&text={text}"
    )
    settings.SMS_HTTP = {
        "method": "GET",
        "headers": {},
        "body": "",
        "success": "^0: ",
        "reference": "",
    }
    end.gateway.send("+420601000001", text)
    (asked,) = end.web.asked
    assert asked.method == "GET"
    assert {name: values[0] for name, values in parse_qs(urlsplit(asked.path).query).items()} == {
        "username": "kim",
        "password": "letmein",
        "from": "THiNX",
        "to": "+420601000001",
        "charset": "UTF-8",
        "coding": coding,
        "text": text,
    }


def test_http_template_that_is_wrong_is_named(settings):
    settings.SMS_URL = "https://sms.example.org/{to}"
    settings.SMS_HTTP = {
        "method": "PATCH",
        "headers": {},
        "body": "",
        "success": "(",
        "reference": "",
    }
    assert gateways.get("http").faults() == [
        "THINX_SMS_URL or THINX_SMS_HTTP_BODY must hold {to} and {text}.",
        "THINX_SMS_HTTP_METHOD must be GET, POST or PUT.",
        "THINX_SMS_HTTP_SUCCESS is not a regular expression.",
    ]


def test_twilio_request_is_what_twilio_documents(other_end):
    end = other_end("twilio")
    assert end.gateway.send("+420601000001", TEXT) == "SM1"
    (asked,) = end.web.asked
    assert (asked.method, asked.path) == ("POST", "/2010-04-01/Accounts/AC00/Messages.json")
    assert asked.headers["Authorization"] == f"Basic {base64.b64encode(b'AC00:letmein').decode()}"
    assert parse_qs(asked.body) == {"To": ["+420601000001"], "From": ["THiNX"], "Body": [TEXT]}


def test_twilio_messaging_service_is_named_as_one(other_end, settings):
    end = other_end("twilio")
    settings.SMS_FROM = "MG0123"
    end.gateway.send("+420601000001", TEXT)
    assert parse_qs(end.web.asked[0].body)["MessagingServiceSid"] == ["MG0123"]


def test_twilio_message_that_failed_at_once_is_a_refusal(other_end):
    end = other_end("twilio")
    end.web.answer = json.dumps({"sid": "SM1", "status": "failed", "error_code": 30003})
    assert refusal_of(lambda: end.gateway.send("+420601000001", TEXT)).permanent


def test_smpp_binds_submits_and_unbinds(other_end, settings):
    end = other_end("smpp")
    settings.SMS_SMPP = {"system_type": "otp", "receipt_seconds": 0}
    reference = end.gateway.send("+420601000001", TEXT)
    end.smsc.wait_for("unbind")
    bind, submit, _ = end.smsc.heard()
    assert bind == {"bind": "console", "system_type": "otp"}
    assert (submit["ton"], submit["from"], submit["from_ton"]) == (1, "THiNX", 5)
    assert (submit["coding"], submit["receipt"], submit["head"]) == (0, 0, "")
    assert reference.startswith("m")


@pytest.mark.parametrize(("sender", "ton"), [("+420777000000", 1), ("90210", 0), ("THiNX", 5)])
def test_smpp_sender_has_its_kind(sender, ton, other_end, settings):
    end = other_end("smpp")
    settings.SMS_FROM = sender
    end.gateway.send("+420601000001", TEXT)
    (submit,) = end.smsc.wait_for("submit")
    assert (submit["from"], submit["from_ton"]) == (sender.removeprefix("+"), ton)


@pytest.mark.parametrize(
    ("text", "coding", "parts"),
    [
        ("a" * 160, 0, 1),
        ("a" * 161, 0, 2),
        ("€" * 80, 0, 1),
        ("a" * 152 + "€" * 10, 0, 2),
        ("ř" * 70, 8, 1),
        ("ř" * 71, 8, 2),
        ("ř" * 66 + "🔑" * 10, 8, 2),
        ("`" * 10, 8, 1),
        ("".join(EXTENDED) * 100, 0, 14),
    ],
)
def test_smpp_long_text_goes_in_parts_and_no_character_is_torn(text, coding, parts, other_end):
    end = other_end("smpp")
    end.gateway.send("+420601000001", text)
    sent = end.smsc.wait_for("submit", parts)
    assert "".join(one["text"] for one in sent) == text
    assert {one["coding"] for one in sent} == {coding}
    assert len(sent) == parts
    if parts > 1:
        marks = [bytes.fromhex(one["head"])[-3:] for one in sent]
        assert [(mark[1], mark[2]) for mark in marks] == [(parts, n) for n in range(1, parts + 1)]
        assert len({mark[0] for mark in marks}) == 1


@pytest.mark.parametrize(
    ("number", "permanent", "says"),
    [
        ("+420601000011", True, "Destination Address"),
        ("+420601000058", False, "Throttling"),
        ("+420601000090", False, "away"),
        ("+420601000091", False, "away"),
        ("+420601000092", False, "ended the session"),
    ],
)
def test_smpp_refusal_decides_whether_it_is_tried_again(
    number, permanent, says, other_end, settings
):
    end = other_end("smpp")
    settings.SMS_TIMEOUT = 1
    error = refusal_of(lambda: end.gateway.send(number, TEXT))
    assert (error.permanent, says in f"{error}") == (permanent, True), error


@pytest.mark.parametrize(("user", "permanent"), [("nobody", True), ("busy", False)])
def test_smpp_bind_that_is_refused_is_an_error(user, permanent, other_end, settings):
    end = other_end("smpp")
    settings.SMS_USER, settings.SMS_PASSWORD = user, "wrong"
    assert refusal_of(lambda: end.gateway.send("+420601000001", TEXT)).permanent == permanent


def test_smpp_others_who_talk_in_between_are_answered(other_end):
    end = other_end("smpp")
    assert end.gateway.send("+420601000030", TEXT)
    assert len(end.smsc.wait_for("delivered", 2)) == 2


def test_smpp_receipt_is_awaited_when_the_settings_say_so(other_end, settings):
    end = other_end("smpp")
    settings.SMS_SMPP = {"system_type": "", "receipt_seconds": 5}
    assert end.gateway.send("+420601000020", TEXT)
    assert end.smsc.wait_for("submit")[0]["receipt"] == 1
    assert end.smsc.wait_for("delivered")


def test_smpp_receipt_of_a_lost_message_is_a_refusal(other_end, settings):
    end = other_end("smpp")
    settings.SMS_SMPP = {"system_type": "", "receipt_seconds": 5}
    error = refusal_of(lambda: end.gateway.send("+420601000021", TEXT))
    assert error.permanent
    assert "UNDELIV" in f"{error}"


def test_smpp_receipt_that_does_not_come_in_time_is_no_error(other_end, settings):
    end = other_end("smpp")
    settings.SMS_SMPP = {"system_type": "", "receipt_seconds": 1}
    assert end.gateway.send("+420601000001", TEXT)
    assert end.smsc.wait_for("unbind")


def test_smpp_without_its_library_says_how_to_get_it(monkeypatch):
    monkeypatch.setattr("core.sms.smpp.smpplib", None)
    assert gateways.get("smpp").faults() == [
        "smpplib is missing: pip install -r requirements/smpp.txt."
    ]
