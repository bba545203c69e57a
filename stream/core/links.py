"""Links: every indicator's claims, linked again only where its messages changed.

What a claim weighs when it is made doesn't depend on the time that is asked about, so between messages a tick costs
decay and no more.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.catalogue import Catalogue, Indicator
from schemas.indication import Indication
from stream.core.claims import Chain, Claim, chains, ranked, weigh
from stream.core.statements import entries, expired, prepare

Entry = Sequence[tuple[float, str]]


class Weighed(NamedTuple):
    """A chain, its claim, and the claims without one family's or voice's support that were asked for."""

    chain: Chain
    claim: Claim
    lacking: dict[str, Claim | None]


class Linked:
    """The claims of one indicator; chains that stand as they stood `before` are not weighed again."""

    def __init__(
        self,
        indicator: Indicator,
        found: Sequence[Indication],
        catalogue: Catalogue,
        entry: Entry,
        before: "Linked | None" = None,
    ) -> None:
        self.found = found
        self._indicator = indicator
        self._problem = catalogue.problem
        penalties = expired(indicator, found, entry, catalogue.problem)
        statements = prepare(indicator, found, catalogue, penalties)
        known = before.weighed if before else {}
        self.weighed: dict[object, Weighed] = {}
        for chain in chains(indicator, statements, self._problem):
            key = _identity(chain)
            weighed = known.get(key)
            if weighed is None and (claim := weigh(indicator, chain, self._problem)) is not None:
                weighed = Weighed(chain, claim, {})
            if weighed is not None:
                self.weighed[key] = weighed
        self.claims = ranked(indicator, (w.claim for w in self.weighed.values()))
        self._without: dict[str, list[Claim]] = {}

    def without(self, name: str) -> list[Claim]:
        """The claims without one family's or voice's support.

        A claim in which that name doesn't stand near the heaviest statement stays as it is: that statement loses
        nothing, and no other can gain.
        """
        if name not in self._without:
            left = (
                self._lacking(w, name) if name in w.claim.names else w.claim for w in self.weighed.values()
            )
            self._without[name] = ranked(self._indicator, (claim for claim in left if claim is not None))
        return self._without[name]

    def _lacking(self, weighed: Weighed, name: str) -> Claim | None:
        if name not in weighed.lacking:
            weighed.lacking[name] = weigh(self._indicator, weighed.chain, self._problem, without=name)
        return weighed.lacking[name]


def _identity(chain: Chain) -> object:
    """All that a chain's weight rests on. Whoever keeps the chain keeps its indications, so none shares an id."""
    said = ((id(s.indication), s.grade) for s in (*chain.supporting, *chain.denying))
    return chain.triggered, chain.reports, chain.messages, len(chain.supporting), *said


class Links:
    """All indicators of a catalogue, each as of the last time it changed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._entry: Entry = []
        self._linked: dict[str, Linked] = {}

    def of(self, found: Mapping[str, Sequence[Indication]]) -> Mapping[str, Linked]:
        """Claims of these indications, by indicator. An entry observed can fulfil any claim, so it renews all."""
        entry = entries(found[self._catalogue.problem.entry_indicator])
        renewed = entry != self._entry
        self._entry = entry
        for name, indicator in self._catalogue.indicators.items():
            if renewed or name not in self._linked or self._linked[name].found != found[name]:
                before = self._linked.get(name)
                self._linked[name] = Linked(indicator, found[name], self._catalogue, entry, before)
        return self._linked
