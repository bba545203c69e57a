"""Links: every indicator's claims, linked again only where its messages changed.

What a claim weighs when it is made doesn't depend on the time that is asked about, so between messages a tick costs
decay and no more.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.catalogue import Catalogue, Indicator
from schemas.indication import Indication
from stream.core.claims import Chain, Claim, chains, ranked, weigh
from stream.core.groups import Group, Key, keys
from stream.core.statements import HOUR, Entry, Statement, Statements, entries


class Weighed(NamedTuple):
    """A chain, its claim, and the claims without one family's or voice's support that were asked for."""

    chain: Chain
    claim: Claim | None  # None where nothing weighs anything
    lacking: dict[str, Claim | None]


class Linked:
    """The claims of one indicator, as its indications come and go; a chain that stands as it stood is not weighed."""

    def __init__(self, indicator: Indicator, catalogue: Catalogue) -> None:
        self.claims: list[Claim] = []
        self._indicator = indicator
        self._problem = catalogue.problem
        self._found: Sequence[Indication] = ()
        self._held: dict[int, Indication] = {}  # by identity, which nothing else can have while it is held
        self._statements = Statements(indicator, catalogue)
        self._groups: dict[Key, Group] = {}
        self._weighed: dict[Key, list[Weighed]] = {}
        self._without: dict[str, list[Claim]] = {}

    def change(self, found: Sequence[Indication], entry: Entry) -> None:
        """Make it the claims of what is `found` now, in any order."""
        gone, come = [], []
        if found is not self._found:
            held = {id(i): i for i in found}
            gone = [self._held[name] for name in self._held.keys() - held.keys()]
            come = [held[name] for name in held.keys() - self._held.keys()]
            self._held, self._found = held, found
        changed: dict[Key, tuple[list[Statement], list[Statement]]] = defaultdict(lambda: ([], []))
        for n, statements in enumerate(self._statements.change(gone, come, entry)):
            for s in statements:
                for key in keys(self._indicator, s):
                    changed[key][n].append(s)
        for key, (went, came) in changed.items():
            self._link(key, went, came)
        if changed:
            every = (weighed.claim for found in self._weighed.values() for weighed in found)
            self.claims = ranked(self._indicator, (claim for claim in every if claim is not None))
            self._without = {}

    def _link(self, key: Key, went: Sequence[Statement], came: Sequence[Statement]) -> None:
        group = self._groups.setdefault(key, Group(self._problem.link_hours * HOUR, triggered=key[0] is True))
        group.change(went, came)
        if not group.said:
            del self._groups[key]
        known = {weighed.chain.run[0].id: weighed for weighed in self._weighed.pop(key, [])}
        found = [self._weigh(chain, known.get(chain.run[0].id)) for chain in chains(group, self._problem)]
        if found:
            self._weighed[key] = found

    def _weigh(self, chain: Chain, before: Weighed | None) -> Weighed:
        if before and before.chain == chain:
            return before
        return Weighed(chain, weigh(self._indicator, chain, self._problem), {})

    def without(self, name: str) -> list[Claim]:
        """The claims without one family's or voice's support.

        A claim in which that name doesn't stand near the heaviest statement stays as it is: that statement loses
        nothing, and no other can gain.
        """
        if name not in self._without:
            left = (
                self._lacking(weighed, name) if name in weighed.claim.names else weighed.claim
                for found in self._weighed.values()
                for weighed in found
                if weighed.claim is not None
            )
            self._without[name] = ranked(self._indicator, (claim for claim in left if claim is not None))
        return self._without[name]

    def _lacking(self, weighed: Weighed, name: str) -> Claim | None:
        if name not in weighed.lacking:
            weighed.lacking[name] = weigh(self._indicator, weighed.chain, self._problem, without=name)
        return weighed.lacking[name]


class Links:
    """All indicators of a catalogue, each as of the last time it changed."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._entry_indicator = catalogue.problem.entry_indicator
        self._linked = {name: Linked(i, catalogue) for name, i in catalogue.indicators.items()}

    def of(self, found: Mapping[str, Sequence[Indication]]) -> Mapping[str, Linked]:
        """Claims of these indications, by indicator; an entry observed can fulfil any claim."""
        entry = entries(found[self._entry_indicator])
        for name, linked in self._linked.items():
            linked.change(found[name], entry)
        return self._linked
