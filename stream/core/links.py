"""Links: every indicator's claims, linked again only where its messages changed.

What a claim weighs when it is made doesn't depend on the time that is asked about, so between messages a tick costs
decay and no more.
"""

from collections.abc import Mapping, Sequence

from schemas.catalogue import Catalogue, Indicator
from schemas.indication import Indication
from stream.core.claims import Chain, Claim, chains, ranked, weigh
from stream.core.statements import entries, expired, prepare

Entry = Sequence[tuple[float, str]]


class Linked:
    """The claims of one indicator."""

    def __init__(
        self, indicator: Indicator, found: Sequence[Indication], catalogue: Catalogue, entry: Entry
    ) -> None:
        self.found = found
        self._indicator = indicator
        self._problem = catalogue.problem
        penalties = expired(indicator, found, entry, catalogue.problem)
        statements = prepare(indicator, found, catalogue, penalties)
        self._weighed = [
            (chain, claim)
            for chain in chains(indicator, statements, self._problem)
            if (claim := weigh(indicator, chain, self._problem)) is not None
        ]
        self.claims = ranked(indicator, (claim for _, claim in self._weighed))
        self._without: dict[str, list[Claim]] = {}

    def without(self, name: str) -> list[Claim]:
        """The claims without one family's or voice's support.

        A claim in which that name doesn't stand near the heaviest statement stays as it is: that statement loses
        nothing, and no other can gain.
        """
        if name not in self._without:
            left = (
                self._weigh(chain, name) if name in claim.names else claim for chain, claim in self._weighed
            )
            self._without[name] = ranked(self._indicator, (claim for claim in left if claim is not None))
        return self._without[name]

    def _weigh(self, chain: Chain, without: str) -> Claim | None:
        return weigh(self._indicator, chain, self._problem, without=without)


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
                self._linked[name] = Linked(indicator, found[name], self._catalogue, entry)
        return self._linked
