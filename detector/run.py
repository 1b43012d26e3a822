"""`chipwatch detect`: everything new is read, measured, judged and stored.

The order of the work, and why it is so:
 1. observations   what no reading by these versions was made from yet, in the order in which it became known
 2. reading        what is offered (`detector.reading`); what was recorded together is read together, for its peers
 3. likeness       near-copies among earlier texts, other listings of the seller, the listing's own past
 4. market         the reference as known at the observation's day: earlier recorded peers and those recorded with it
 5. features       figures against that reference and the seller's past
 6. forest         the model in force, or none (cold start); a batch at a time, since trees are fast in batches
 7. judge          signals + price + forest -> score with reasons
 8. alerts         intents: open, open again, update, close; a listing's current page alone moves its alert
 9. store          readings and alerts of a batch in one transaction, so a killed run goes on where it stopped

At the end alerts that stand on a page which came into quarantine meanwhile go back to the page before it, or close.

A rebuild forgets all readings and does the same from the first observation: same versions, same bytes. What was judged before
is no news then; storage knows which observations were, so a rebuild that was killed makes none either.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import groupby
from typing import TYPE_CHECKING, Any

from detector import apply, changes, others
from detector.alerts import KEPT, Facts, Intent, Measure, Mute, Standing, decide, origin
from detector.comparable import unit_price
from detector.contacts import contacts
from detector.errors import DetectError
from detector.features import Figures, figures, segment
from detector.judge import Judge, Judgement, Opinion, nothing_to_judge, with_judgement
from detector.market import Answer, Book, Reference, answer_for, market_record, own_name, peer_of
from detector.memory import Likeness, Memory, peer_record
from detector.neighbours import Text
from detector.prepare import Prepare, Prepared, Preparer, Reads
from detector.voices import Peer
from storage.readings import Judged, version_key

if TYPE_CHECKING:
    from config.loader import Config
    from detector.model import Model, Row
    from detector.reading.model import Reading, Signal
    from storage.judging import Waiting
    from storage.observation import Observation
    from storage.store import Store

BATCH = 500
"""Observations read, judged and stored at a time: one transaction, a second or two of work."""


DRIFT_ROWS = 20_000
"""Offers that are compared with what the forest was fitted on, at most: more tell nothing more of a drift."""

Progress = Callable[[int, int], None]


@dataclass
class Outcome:
    """What a run did. `offers`, `severities` count readings, `alerts` intents; `notes` are lines for the person."""

    judged: int = 0
    fresh: int = 0
    model: str | None = None
    offers: Counter[str] = field(default_factory=Counter)
    severities: Counter[str] = field(default_factory=Counter)
    alerts: Counter[str] = field(default_factory=Counter)
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Read:
    """One observation between reader and market."""

    waiting: Waiting
    observation: Observation
    reading: Reading
    voice: str
    """Whose voice it is in the market."""
    peer: Peer | None
    sketch: bytes | None
    like: Likeness


@dataclass(frozen=True, slots=True)
class _Measured:
    """One observation between market and judge."""

    observation: Observation
    reading: Reading
    answer: Answer
    figures: Figures
    segment: str
    peer: Peer | None
    sketch: bytes | None
    signs: tuple[Signal, ...]
    relist_of: str | None


class Run:
    """One pass over what waits. `model` is the forest in force, None at a cold start."""

    def __init__(
        self,
        store: Store,
        config: Config,
        model: Model | None,
        *,
        now: str,
        reader: Reads | None = None,
        prepare: Prepare | None = None,
    ) -> None:
        self.store, self.config, self.model, self.now = store, config, model, now
        self.prepare, self.judge = prepare or Preparer(config, reader), Judge.from_config(config)
        self.dear = {row.id for row in config.market.region if row.dear_is_normal}
        self.versions = {
            "knowledge": config.knowledge_version, "model": model.version if model else None,
            "thresholds": config.thresholds_version,
        }  # fmt: skip
        self._book = Book(config.market)
        self.rows: deque[Row] = deque(maxlen=DRIFT_ROWS)
        """The latest offers as the forest saw them, while there is one."""
        self.outcome = Outcome(model=self.versions["model"])

    def go(self, *, rebuild: bool = False, progress: Progress | None = None) -> Outcome:
        """Judge what waits; with `rebuild` forget all readings first and judge everything."""
        if rebuild:
            self.store.wipe_readings()
        version = version_key(
            self.config.knowledge_version, self.versions["model"], self.config.thresholds_version
        )
        done, waiting = self.store.take_up(version)
        memory = Memory(
            self.store, self.config, complete=done == 0, start=waiting[0].moment if waiting else None
        )
        self._book = memory.book
        if waiting:
            memory.load(min(one.moment.observed_at for one in waiting))
        groups = [list(group) for _, group in groupby(waiting, key=lambda one: one.window)]
        windows = (self.store.observations([one.moment.observation for one in group]) for group in groups)
        for group, (observations, prepared) in zip(groups, self.prepare(windows), strict=True):
            window = self._read(group, observations, prepared, memory)
            # A killed run writes these rows again: the same key, the same figures.
            self.store.save_market(self._market(window))
            for at in range(0, len(window), BATCH):
                self._batch(window[at : at + BATCH], memory)
                if progress:
                    progress(self.outcome.judged, len(waiting))
        self._settle()
        self.store.forget_versions(version)  # all that may be judged is judged by it now
        return self.outcome

    def _read(
        self,
        group: Sequence[Waiting],
        observations: Sequence[Observation],
        prepared: Sequence[Prepared],
        memory: Memory,
    ) -> list[_Read]:
        """Step 3 for what became known together and was read, and all of its peers into the book."""
        texts = [
            _text(observation, one.bands) for observation, one in zip(observations, prepared, strict=True)
        ]
        likes = memory.likenesses(texts, observations)
        read = []
        for one, o, done, like in zip(group, observations, prepared, likes, strict=True):
            voice = o.seller_key or memory.voices.of(own_name(o.listing), _day(o).toordinal(), like.unnamed)
            peer = self._peer(o, done.reading, voice)
            if peer is not None:
                memory.hear(o.id, peer)
            read.append(_Read(one, o, done.reading, voice, peer, done.bands, like))
        return read

    def _peer(self, o: Observation, reading: Reading, voice: str) -> Peer | None:
        known = self.config.sites.get(o.listing.site)
        allowed = known is None or known.access is None or known.access.statistics
        return peer_of(o.listing, reading, self._book, day=_day(o), voice=voice, statistics=allowed)

    def _market(self, window: Sequence[_Read]) -> list[dict[str, Any]]:
        """What the markets say now to which this window brought an offer, each as of its latest day."""
        days: dict[tuple[str, str], int] = {}
        for peer in filter(None, (one.peer for one in window)):
            key = (peer.kind, peer.chip)
            days[key] = max(peer.day, days.get(key, 0))
        return [
            row for (kind, chip), day in sorted(days.items()) for row in self._book.records(kind, chip, day)
        ]

    def _batch(self, part: Sequence[_Read], memory: Memory) -> None:
        memory.prepare([one.observation for one in part])
        measured = list(self._measure(part, memory))
        judged = [
            (m, self._judge(m, opinion), opinion)
            for m, opinion in zip(measured, self._opinions(measured), strict=True)
        ]
        for m, judgement, _ in judged:
            self.outcome.offers[m.reading.offer] += 1
            self.outcome.severities[judgement.severity] += 1
        self.outcome.judged += len(part)
        self.outcome.fresh += sum(one.waiting.fresh for one in part)
        # What people decide or mute while this runs is seen here, or comes after: alerts are read and changed in one.
        with self.store.transaction():
            intents = self._decided(part, judged)
            self.store.save_judgements([self._row(m, judgement, opinion) for m, judgement, opinion in judged])
            self.outcome.alerts.update(self.store.apply_intents(intents, now=self.now))

    def _decided(self, part: Sequence[_Read], judged: Sequence[tuple[_Measured, Judgement, Opinion | None]]) -> list[Intent]:
        """Step 8: what the batch does to the alerts as they stand."""
        standing = self.store.standing_alerts(
            (name for m, _, _ in judged for name in (m.observation.listing_key, m.relist_of) if name), chain=True
        )
        state, mutes, intents = {name: _standing(row) for name, row in standing.items()}, self._mutes(), list[Intent]()
        for one, (m, judgement, _) in zip(part, judged, strict=True):
            if one.waiting.current:
                intents += self._intents(m, judgement, state, mutes, fresh=one.waiting.fresh)
        return intents

    def _mutes(self) -> list[Mute]:
        return [Mute(m["id"], m["scope"], m["value"], m["expires_at"]) for m in self.store.mutes(self.now)]

    def _measure(self, part: Sequence[_Read], memory: Memory) -> Iterator[_Measured]:
        """Steps 4 and 5."""
        parties = self.store.listed_parties(
            {one.observation.seller_key for one in part if one.observation.seller_key}
        )
        for one in part:
            o = one.observation
            candidates = parties.get(o.seller_key or "", ())
            listed = others.listed_party(candidates, o.recorded_at, o.observed_at[:10]) if candidates else None
            yield self._one(one, memory, listed)

    def _one(self, one: _Read, memory: Memory, listed: Signal | None) -> _Measured:
        observation, reading = one.observation, one.reading
        listing, region = observation.listing, memory.book.region(observation.listing.country)
        history, said = memory.history(observation), changes.Said.of(reading)
        answer = answer_for(listing, reading, memory.book, day=_day(observation), voice=one.voice)
        told = {signal.signal for signal in reading.signals}
        found = (
            others.new_seller(listing, self.config.signals.settings),
            others.repeated_text(one.like.copies),
            others.first_chip_offer(history, bool(reading.chips)),
            others.serial_words_dropped(memory.text_before(observation), listing),
            changes.price_dropped(history.before, said, self.config.signals.settings),
            changes.stock_changed(history.before, said, self.config.signals.settings),
            listed,
        )
        signs = tuple(signal for signal in found if signal is not None and signal.signal not in told)
        memory.take(observation, said)
        return _Measured(
            observation, reading, answer, figures(listing, reading, answer, history), segment(reading, region),
            one.peer, one.sketch, signs, one.like.relist_of,
        )  # fmt: skip

    def _opinions(self, measured: Sequence[_Measured]) -> Iterable[Opinion | None]:
        if self.model is None:
            return [None] * len(measured)
        from detector.model import Row, opinions_by_row

        rows = [
            Row(m.observation.listing.site, m.segment, m.figures) if m.reading.chips else None
            for m in measured
        ]
        self.rows += (row for row in rows if row is not None and row.site in self.model.sites)
        return opinions_by_row(self.model, rows, self.config.thresholds.score.forest_from)

    def _judge(self, m: _Measured, opinion: Opinion | None) -> Judgement:
        region = m.segment.split("/")[1]
        return self.judge.judge(m.reading, m.answer, opinion, m.signs, dear_is_normal=region in self.dear)

    def _row(self, m: _Measured, judgement: Judgement, opinion: Opinion | None) -> Judged:
        document = with_judgement(m.reading, judgement, self.versions) | {"market": market_record(m.answer)}
        features = {
            "figures": {name: None if math.isnan(value) else value for name, value in m.figures.items()},
            "segment": m.segment, "peer": peer_record(m.peer), "replay": self._replay(m, opinion),
            "said": asdict(changes.Said.of(m.reading)),
        }  # fmt: skip
        details = contacts(m.observation.listing, m.reading)
        return Judged.from_document(m.observation, document, features, sketch=m.sketch, contacts=details)

    def _replay(self, m: _Measured, opinion: Opinion | None) -> dict[str, Any] | None:
        """What `chipwatch tune` needs to judge the offer again under other thresholds; None where nothing is judged."""
        if nothing_to_judge(m.reading) is not None:
            return None
        answer = m.answer
        return {
            "offer": m.reading.offer,
            "goods": m.reading.goods,
            "evidence": [[s.signal, s.strength] for s in (*m.reading.signals, *m.signs)],
            "usd": unit_price(m.reading),
            "market": [answer.low, answer.high, answer.spread, answer.n] if isinstance(answer, Reference) else None,
            "tail": opinion.tail if opinion else None,
            "dear": m.segment.split("/")[1] in self.dear,
        }  # fmt: skip

    def _intents(
        self,
        m: _Measured,
        judgement: Judgement,
        state: dict[str, Standing],
        mutes: Sequence[Mute],
        *,
        fresh: bool,
    ) -> list[Intent]:
        listing = m.observation.listing
        facts = Facts(
            m.observation.listing_key, m.observation.id, listing.site, listing.title, judgement.score, judgement.severity,
            tuple(sorted(r.evidence for r in judgement.reasons if r.contribution > 0 and r.evidence != "bias")),
            fresh, listing.country, m.reading.chips[0].chip if m.reading.chips else None, m.observation.seller_key,
            unit_price(m.reading), m.relist_of,
        )  # fmt: skip
        intent = decide(
            facts, state.get(facts.listing), self.config.thresholds.alerts,
            before=origin(m.relist_of, state), mutes=mutes, now=self.now,
        )  # fmt: skip
        if intent is None:
            return []
        state[facts.listing] = _after(intent, state.get(facts.listing))
        return [intent]

    def _settle(self) -> None:
        """Take alerts off pages that are in quarantine: what stands before such a page was judged already, and is no news."""
        with self.store.transaction():
            intents, mutes = list[Intent](), self._mutes()
            for row in self.store.stranded_alerts():
                standing, facts = _standing(row), _facts(row)
                if row["current"] is not None:
                    intent = decide(facts, standing, self.config.thresholds.alerts, mutes=mutes, now=self.now)
                    intents += [intent] if intent else []
                elif standing.state not in (*KEPT, "dismissed", "closed"):
                    intents.append(Intent("closed", facts, False, "the run that had read its page is in quarantine"))
            self.outcome.alerts.update(self.store.apply_intents(intents, now=self.now))


def _facts(row: dict[str, Any]) -> Facts:
    """A stranded alert's listing as its current page was judged; as the alert says where there is none."""
    judged = row["current"]
    if judged is None:
        return Facts(
            row["listing"], row["observation"], row["site"], row["title"], row["score"], row["severity"], tuple(row["signals"]), False,
            row["country"], row["chip"], row["seller"], row["unit_usd"], row["relist_of"],
        )  # fmt: skip
    signals = sorted(
        reason["evidence"]
        for reason in judged["document"]["reasons"]
        if reason["contribution"] > 0 and reason["evidence"] != "bias"
    )
    return Facts(
        row["listing"], judged["observation"], row["site"], judged["title"], judged["score"], judged["severity"], tuple(signals), False,
        judged["country"], judged["chip"], judged["seller"], judged["usd"],
    )  # fmt: skip


def _text(o: Observation, bands: bytes | None) -> Text:
    return Text(o.id, o.listing_key, o.listing.site, o.seller_key, _day(o).toordinal(), bands)


def _day(observation: Observation) -> date:
    return date.fromisoformat(observation.observed_at[:10])


def _standing(row: dict[str, Any]) -> Standing:
    return Standing(
        row["listing"],
        row["state"],
        row["severity"],
        row["score"],
        tuple(row["signals"]),
        row["observation"],
        row.get("unit_usd"),
        row.get("relist_of"),
        Measure(k["severity"], k["score"], tuple(k["signals"]), k["unit_usd"]) if (k := row["measured"]) else None,
    )


def _after(intent: Intent, before: Standing | None) -> Standing:
    """The alert as it will stand once the intent is applied."""
    f = intent.facts
    state = {"opened": "new", "reopened": "new", "closed": "closed"}.get(intent.kind) or (
        before.state if before else "new"
    )
    relist_of = f.relist_of or (before.relist_of if before else None)
    return Standing(f.listing, state, f.severity, f.score, f.signals, f.observation, f.unit_usd, relist_of, intent.known)


def detect(
    store: Store,
    config: Config,
    *,
    now: str,
    rebuild: bool = False,
    progress: Progress | None = None,
    prepare: Prepare | None = None,
) -> Outcome:
    """Bring back alerts whose snooze or mute is over, then judge what waits with the model in force; `prepare` reads elsewhere
    than here. Raises DetectError, StorageError."""
    store.wake(now)
    model = model_in_force(store)
    run = Run(store, config, model, now=now, prepare=prepare)
    outcome = run.go(rebuild=rebuild, progress=progress)
    if apply.found(store) is not None and apply.note_found(store, who="chipwatch detect", now=now):
        outcome.notes.append(
            f"config/thresholds.toml says something else than what was set last ({apply.FOUND}): logged as a version of its own;"
            " `chipwatch tune undo` takes it back"
        )
    if model is None:
        outcome.notes.append(
            "cold start: no forest yet, rules and price alone judge; fit one with `chipwatch detect --refit`"
        )
    elif not rebuild and (drift := moved(model, run.rows, config)):
        words = ", ".join(f"{name.replace('_', ' ')} {index:.2f}" for name, index in list(drift.items())[:3])
        outcome.notes.append(
            f"new offers differ from what the forest was fitted on ({words}): look at `chipwatch detect --refit`"
        )
    return outcome


def moved(model: Model, rows: Sequence[Row], config: Config) -> dict[str, float]:
    """Features that have drifted since the fit, by index; none where `rows` are too few to say."""
    from detector.model import drifted

    options = config.thresholds.forest
    return drifted(model, rows, options.drift) if len(rows) >= options.min_rows else {}


def model_in_force(store: Store) -> Model | None:
    """The forest that judges now, loaded from the home; None at a cold start. Raises ModelError."""
    row = store.active_model()
    if row is None:
        return None
    from detector.model import load

    return load(store.home / "models" / row["file"], row["sha256"])


__all__ = ["DetectError", "Outcome", "Run", "detect", "model_in_force"]
