"""Claims are weighed by sliding along a chain, and again only where something changed: as the plain way would."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scoring import DAY, START, catalogue, event, events, observed

from schemas.catalogue import Indicator
from schemas.indication import Act, Facts, Indication
from schemas.report import OBSERVATION, Report
from schemas.wire import instant
from stream.core.claims import Chain, Claim, chains, weigh
from stream.core.groups import Group, Key, keys
from stream.core.links import Linked, Links
from stream.core.observe import Inbound
from stream.core.score import mass, support
from stream.core.statements import HOUR, Statement, Statements, entries

CATALOGUE = catalogue()
PROBLEM = CATALOGUE.problem
LINK = PROBLEM.link_hours * HOUR
NAMES = ["a", "b", "c", "d", "e", "f", "family"]
GATED = CATALOGUE.indicators["entry"]


@st.composite
def statements(draw: st.DrawFn) -> list[Statement]:
    """Up to 40 statements within two weeks by few voices: dense chains."""
    made = []
    for n in range(draw(st.integers(1, 40))):
        at = START + draw(st.integers(0, 14 * 12)) * 2 * HOUR
        indication = Indication(
            id=f"i{n}",
            message_id=f"m{n}",
            indicator="entry",
            at=instant(at),
            publisher=draw(st.sampled_from("PQR")),
            family=draw(st.sampled_from(["family", "other"])),
            claimant="x",
            voice=draw(st.sampled_from("abcdef")),
            act=draw(st.sampled_from([Act.OBSERVED, Act.CLAIMED, Act.DENIED, Act.ASSESSED])),
            severity=draw(st.integers(1, 3)),
            lang=draw(st.sampled_from(["en", "uk"])),
            facts=Facts(headcount=draw(st.sampled_from([None, None, 9_000]))),
            reliability="B",
            credibility=2,
            fingerprint=draw(st.sampled_from([f"own{n}", f"own{n}", "one", "two"])),
            derived_from=draw(st.sampled_from([None, None, None, "m0", f"m{n}"])),
        )
        grade = draw(st.sampled_from([0.0, 0.2, 0.5, 0.64, 0.9]))
        made.append(Statement(at, f"i{n}", indication, grade, triggered=True))
    return sorted(made, key=lambda s: (s.at, s.id))


def linked(indicator: Indicator, made: Sequence[Statement]) -> list[Chain]:
    """Every chain of statements that all come at once."""
    found: dict[Key, Group] = {}
    for s in made:
        for key in keys(indicator, s):
            found.setdefault(key, Group(LINK, triggered=key[0] is True)).change([], [s])
    return [chain for group in found.values() for chain in chains(group, PROBLEM)]


def plain_independent(group: Sequence[Statement]) -> list[str]:
    kept = []
    for n, s in enumerate(group):
        i = s.indication
        same = [e for e in group[:n] if e.indication.fingerprint == i.fingerprint]
        copied = any(e.indication.publisher != i.publisher and s.at - e.at <= LINK for e in same)
        last = same[-1] if same else None
        again = last and last.indication.publisher == i.publisher and last.at // DAY == s.at // DAY
        line = (i.act, i.facts.headcount)
        elsewhere = [e for e in group[:n] if e.indication.lang != i.lang and s.at - e.at <= DAY]
        translated = i.facts.headcount and line in {
            (e.indication.act, e.indication.facts.headcount) for e in elsewhere
        }
        near = {e.indication.message_id for e in group if abs(e.at - s.at) <= LINK} - {i.message_id}
        if not copied and not again and not translated and i.derived_from not in near:
            kept.append(s.id)
    return kept


def plain_weigh(indicator: Indicator, chain: Chain, without: str | None) -> tuple[str, float] | None:
    """Each statement with all the voices near it, every time anew: what `weigh` is to agree with."""
    supporting = [
        s
        for s in chain.run
        if s.indication.act is not Act.DENIED and without not in {s.indication.voice, s.indication.family}
    ]
    denying = [s for s in chain.run if s.indication.act is Act.DENIED]
    found = []
    for s in supporting:
        near = [n for n in supporting if abs(n.at - s.at) <= LINK]
        weight = mass(
            min(max(n.indication.severity for n in near), indicator.max_severity),
            support(best(near).values(), best=PROBLEM.families_counted),
            support(
                best([d for d in denying if abs(d.at - s.at) <= LINK]).values(),
                best=PROBLEM.families_counted,
            ),
            kappa=PROBLEM.kappa,
        )
        saw = {n.indication.voice for n in near if n.indication.act is Act.OBSERVED}
        if indicator.gate and indicator.gate.families > len(saw):
            weight *= indicator.gate.factor
        if weight > 0:
            found.append((math.log2(weight) + s.at / (indicator.half_life_days * DAY), s.id, weight))
    return max(found)[1:] if found else None


def best(near: Sequence[Statement]) -> dict[str, float]:
    grades: dict[str, float] = {}
    for s in near:
        grades[s.indication.voice] = max(grades.get(s.indication.voice, 0.0), s.grade)
    return grades


def shown(claim: Claim | None) -> tuple[str, float] | None:
    return claim and (claim.id.rstrip("~"), claim.mass)


@given(statements(), st.sampled_from([None, *NAMES]), st.sampled_from(["entry", "group"]))
def test_sliding_weighs_as_the_plain_way_does(made: list[Statement], without: str | None, name: str) -> None:
    indicator = CATALOGUE.indicators[name]
    for chain in linked(indicator, made):
        assert shown(weigh(indicator, chain, PROBLEM, without=without)) == plain_weigh(
            indicator, chain, without
        )


@given(statements(), st.data())
def test_repeats_are_left_out_as_the_plain_way_does_whatever_comes_and_goes(
    made: list[Statement], data: st.DataObject
) -> None:
    group, held = Group(LINK, triggered=True), list[Statement]()
    for _ in range(data.draw(st.integers(1, 4))):
        stay = data.draw(st.sets(st.sampled_from(made)))
        gone, come = [s for s in held if s not in stay], [s for s in stay if s not in held]
        group.change(gone, come)
        held = sorted(stay, key=lambda s: (s.at, s.id))
        assert [s.id for s in group.said] == [s.id for s in held]
        assert [s.id for s in group.independent] == plain_independent(held)


def test_what_is_derived_at_the_very_time_of_its_source_is_counted_with_it() -> None:
    found = said([event("a", "group", 1, derived_from="b"), event("b", "group", 1, summary="the source")])
    _, judged = Statements(CATALOGUE.indicators["group"], CATALOGUE).change([], found, ())
    [chain] = linked(CATALOGUE.indicators["group"], judged)
    assert [s.indication.message_id for s in chain.run] == ["b"]
    assert chain.reports == 2
    assert set(chain.messages) == {"a", "b"}


@given(statements())
def test_without_a_name_only_the_claims_near_it_are_weighed_again(made: list[Statement]) -> None:
    found = [s.indication for s in made]
    kept = Linked(GATED, CATALOGUE)
    kept.change(found, entries(found))
    _, judged = Statements(GATED, CATALOGUE).change([], found, entries(found))
    every = linked(GATED, judged)
    for name in NAMES:
        plain = {p for chain in every if (p := plain_weigh(GATED, chain, name))}
        assert {shown(claim) for claim in kept.without(name)} == plain


@given(events(most=15), st.data())
def test_what_comes_and_goes_links_as_what_is_there_does_at_once(
    made: list[Inbound], data: st.DataObject
) -> None:
    every, links = said(made), Links(CATALOGUE)
    assume(every)
    for _ in range(data.draw(st.integers(2, 4))):
        here = data.draw(st.sets(st.sampled_from(range(len(every)))))
        one_of_each = {
            every[n].id: every[n] for n in here
        }.values()  # a memory shows one version of a message
        found = {name: [i for i in one_of_each if i.indicator == name] for name in CATALOGUE.indicators}
        kept, anew = links.of(found), Links(CATALOGUE).of(found)
        for name in CATALOGUE.indicators:
            assert kept[name].claims == anew[name].claims
            for family in ("alpha", "beta", "wire"):
                assert kept[name].without(family) == anew[name].without(family)


def test_an_entry_observed_renews_the_claims_that_it_fulfils() -> None:
    given: dict[str, Any] = {"act": "predicted", "claimant": "Beta", "publisher": "Wire"}
    foretold = [
        event("old", "alarm", 1, deadline="2022-02-03T00:00:00Z", summary="they come tomorrow", **given),
        event("new", "alarm", 20, summary="now they come again", **given),
    ]
    crossed = [event(p, "entry", 1.5, publisher=p, summary=f"{p} saw them cross") for p in ("Alpha", "Gamma")]
    before = {name: [] for name in CATALOGUE.indicators} | {"alarm": said(foretold)}
    after = before | {"entry": said(crossed)}
    links = Links(CATALOGUE)
    unfulfilled = [claim.mass for claim in links.of(before)["alarm"].claims]
    fulfilled = [claim.mass for claim in links.of(after)["alarm"].claims]
    assert max(fulfilled) == pytest.approx(2 * min(unfulfilled))
    assert fulfilled == [claim.mass for claim in Links(CATALOGUE).of(after)["alarm"].claims]


def said(made: Sequence[Inbound]) -> list[Indication]:
    reports = [OBSERVATION.validate_json(value) for value in observed(made, CATALOGUE)]
    return [i for report in reports if isinstance(report, Report) for i in report.indications]
