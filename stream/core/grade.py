"""Grade: whose word an indication is, and how far it is trusted."""

from schemas.article import Article
from schemas.catalogue import Catalogue, EventRule, Indicator, Source
from schemas.event import Event
from schemas.indication import Act, Facts, Indication, Reliability
from schemas.moment import parse
from schemas.report import Heartbeat
from schemas.wire import Instant, instant
from stream.core.fingerprint import fingerprint
from stream.core.match import Match
from stream.core.sources import SourceIndex

EXCERPT = 300
DATASET_NAMES = {"gdelt": "GDELT", "acled": "ACLED", "ucdp": "UCDP GED", "icews": "ICEWS"}


class Grader:
    """Makes indications of matches and coded events: voice, family, Admiralty grade, provenance."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._sources = SourceIndex(catalogue)
        self._heartbeats = {
            self._sources.find(i.heartbeat.source).id: (i.id, i.heartbeat)
            for i in catalogue.indicators.values()
            if i.heartbeat
        }

    def article(self, article: Article, at: float, match: Match) -> Indication:
        """One match in an article."""
        publisher = self._sources.find(article.publisher)
        return self._indication(
            article,
            at,
            publisher,
            self._catalogue.indicators[match.indicator],
            self._sources.find(match.claimant) if match.claimant else publisher,
            act=match.act,
            severity=match.severity,
            credibility=match.credibility,
            facts=match.facts,
            deadline=match.deadline,
            title=article.title,
            excerpt=match.excerpt,
        )

    def event(self, event: Event, at: float) -> tuple[Indication, ...]:
        """Indications of a coded event: an analyst's names its own, a dataset's are mapped by the catalogue.

        Raises
        ------
        KeyError
            where an analyst names an indicator that the catalogue doesn't have.
        """
        dataset = self._sources.find(DATASET_NAMES.get(event.dataset, event.dataset))
        publisher = self._sources.find(event.publisher) if event.publisher else dataset
        if event.dataset == "analyst":
            return (self._analyst(event, at, publisher, self._catalogue.indicators[event.indicator or ""]),)
        return tuple(
            self._indication(
                event,
                at,
                publisher,
                indicator,
                dataset,  # who coded it says what it means: all that one machine codes is one voice
                act=rule.act,
                severity=rule.severity,
                credibility=None,
                facts=event.facts,
                deadline=None,
                title=event.summary,
                excerpt=event.summary,
            )
            for indicator in self._catalogue.indicators.values()
            if (rule := next((r for r in indicator.events if _covers(r, event)), None))
        )

    def heartbeat(
        self, article: Article, source: Source, indications: tuple[Indication, ...]
    ) -> Heartbeat | None:
        """Whether this is a periodic report that is expected to carry a reassurance, and whether it does."""
        if source.id not in self._heartbeats:
            return None
        name, rule = self._heartbeats[source.id]
        title = article.title.casefold()
        if not any(words.casefold() in title for words in rule.title):
            return None
        return Heartbeat(
            indicator=name, source=rule.source, kept=any(i.indicator == name for i in indications)
        )

    def _analyst(self, event: Event, at: float, publisher: Source, indicator: Indicator) -> Indication:
        claimant = self._sources.find(event.claimant) if event.claimant else publisher
        grade = event.grade or f"{publisher.reliability}6"
        deadline = parse(event.deadline, event.tz_assumed, day=False)[0] if event.deadline else None
        made = self._indication(
            event,
            at,
            publisher,
            indicator,
            claimant,
            act=event.act or Act.ASSESSED,
            severity=event.severity or 1,
            credibility=int(grade[1]),
            facts=event.facts,
            deadline=deadline,
            title=event.summary,
            excerpt=event.summary,
        )
        # the analyst has graded it: the catalogue's opinion of the publisher doesn't overrule that
        reliability: Reliability = grade[0]  # type: ignore[assignment] # the schema's pattern holds it to A-F
        return made.model_copy(update={"reliability": reliability, "own_side": False})

    def _indication(  # noqa: PLR0913 - it is the one place where all of an indication comes together
        self,
        body: Article | Event,
        at: float,
        publisher: Source,
        indicator: Indicator,
        claimant: Source,
        *,
        act: Act,
        severity: int,
        credibility: int | None,
        facts: Facts,
        deadline: Instant | None,
        title: str,
        excerpt: str,
    ) -> Indication:
        return Indication(
            id=f"{body.id}#{indicator.id}",
            message_id=body.id,
            indicator=indicator.id,
            at=instant(at),
            publisher=body.publisher or publisher.id,
            family=publisher.family,
            claimant=claimant.id,
            voice=claimant.family,
            act=act,
            severity=min(severity, indicator.max_severity),
            # a quote is no better than whoever quotes it
            reliability=max(publisher.reliability, claimant.reliability, key=self._doubt),
            credibility=credibility or self._catalogue.problem.credibility_by_act[act],
            own_side=publisher.state_media and publisher.side in indicator.own_side,
            derived_from=body.derived_from,
            deadline=deadline,
            facts=facts,
            fingerprint=fingerprint(title, excerpt),
            lang=body.lang if isinstance(body, Article) else "und",
            title=title[:EXCERPT],
            excerpt=excerpt[:EXCERPT],
            url=body.url,
        )

    def _doubt(self, reliability: Reliability) -> float:
        return -self._catalogue.problem.reliability[reliability]


def _covers(rule: EventRule, event: Event) -> bool:
    """Whether a catalogue row covers an event; codes and actors match from their beginning (CAMEO is a tree)."""
    return (
        (not rule.dataset or event.dataset in rule.dataset)
        and _begins(rule.code, event.code)
        and _begins(rule.actor1, event.actor1)
        and _begins(rule.actor2, event.actor2)
        and (not rule.country or event.country in rule.country)
        and event.fatalities >= rule.min_fatalities
    )


def _begins(wanted: tuple[str, ...], given: str) -> bool:
    return not wanted or given.startswith(wanted)
