"""Answering back from the page: only its own form is heard, and only when complete."""

import re
from collections.abc import Callable
from http import HTTPStatus
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

import pytest
from conftest import CALM, TENSE, Served
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

Serve = Callable[..., Served]


def open_claim(page: Tab, served: Served) -> None:
    page.goto(served.url + "/belarus_entry")
    page.locator("details.indicator[open] .claims th[scope=row] > a").first.click()


def test_a_review_is_sent_with_who_and_why(serve: Serve, tab: Callable[..., Tab]) -> None:
    served, page = serve(TENSE), tab()
    open_claim(page, served)
    page.get_by_role("radio", name=re.compile("^Hold")).check()
    page.get_by_label("Your name").fill("N. N.")
    page.get_by_label("Expires (UTC").fill("2022-03-01T00:00")
    page.locator("[name=reason]").fill("being checked")
    page.get_by_role("button", name="Send the review").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("The review was sent")
    (review,) = served.sent
    assert (review.action, review.reviewer, review.reason) == ("hold", "N. N.", "being checked")
    assert review.expires_at is not None
    assert f"{review.expires_at:%Y-%m-%d}" == "2022-03-01"


def test_a_review_without_a_name_stays_in_the_browser(serve: Serve, tab: Callable[..., Tab]) -> None:
    served, page = serve(TENSE), tab()
    open_claim(page, served)
    page.get_by_role("radio", name=re.compile("^Retract")).check()
    page.locator("[name=reason]").fill("forged")
    page.get_by_role("button", name="Send the review").click()
    assert page.get_by_label("Your name").evaluate("e => e.validity.valueMissing")
    assert not served.sent


FORM = {"action": "retract", "target": "a", "reviewer": "N. N.", "reason": "forged", "token": "t" * 40}


def post(served: Served, form: dict[str, str], **headers: str) -> int:
    """Post past any browser; the status that comes back."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = Request(f"{served.url}/belarus_entry/reviews", urlencode(form).encode(), named)  # noqa: S310 - our own server
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            return int(answer.status)
    except HTTPError as error:
        with error:
            return error.code


def test_only_our_own_form_is_heard(serve: Serve) -> None:
    served = serve(CALM)
    ours = {"Cookie": f"belwatch_csrf={FORM['token']}", "Origin": served.url}
    assert post(served, FORM) == HTTPStatus.FORBIDDEN
    assert post(served, FORM, Origin=served.url) == HTTPStatus.FORBIDDEN
    assert post(served, FORM, **ours | {"Origin": "http://evil.example"}) == HTTPStatus.FORBIDDEN
    assert post(served, FORM, **ours | {"Origin": "null"}) == HTTPStatus.FORBIDDEN
    assert post(served, FORM, **ours | {"Sec_Fetch_Site": "cross-site"}) == HTTPStatus.FORBIDDEN
    assert post(served, FORM | {"token": "x" * 40}, **ours) == HTTPStatus.FORBIDDEN
    assert post(served, FORM | {"token": ""}, **ours | {"Cookie": "belwatch_csrf="}) == HTTPStatus.FORBIDDEN
    assert not served.sent
    assert post(served, FORM, **ours) == HTTPStatus.OK
    assert len(served.sent) == 1


@pytest.mark.parametrize(
    "wrong",
    [{"reviewer": " "}, {"reason": ""}, {"action": "delete"}, {"action": "hold"}, {"expires": "soon"}],
)
def test_an_incomplete_review_is_not_sent(serve: Serve, wrong: dict[str, str]) -> None:
    served = serve(CALM)
    ours = {"Cookie": f"belwatch_csrf={FORM['token']}", "Origin": served.url}
    assert post(served, FORM | wrong, **ours) == HTTPStatus.BAD_REQUEST
    assert not served.sent


def test_another_name_for_this_machine_is_not_served(serve: Serve) -> None:
    assert post(serve(CALM), FORM, Host="rebound.example") == HTTPStatus.BAD_REQUEST
