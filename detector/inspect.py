"""`chipwatch inspect`: listings in, judged readings out, nothing stored.

Against a home: its market as known on the listing's day and its forest. Without one: the seeds, and no forest
(`"model": null`). Each listing is judged by itself: copies, sellers and changes are left to `detect`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from detector import others
from detector.features import figures, segment
from detector.judge import Judge, Opinion, with_judgement
from detector.market import Book, answer_for, market_record
from detector.reading.document import parse_time
from detector.reading.read import Reader
from detector.voices import Peer

if TYPE_CHECKING:
    from config.loader import Config
    from detector.model import Model
    from storage.listing import Listing
    from storage.store import Store


class Inspector:
    """Judges single listings under one config, against an open home, or the peers (as `peer_record` gives them) and the forest
    that were taken from one, or nothing."""

    def __init__(
        self, config: Config, store: Store | None = None, *, peers: Iterable[Sequence[Any]] = (), model: Model | None = None
    ) -> None:
        self.config = config
        self.reader, self.judge, self.book = Reader(config), Judge.from_config(config), Book(config.market)
        self.dear = {row.id for row in config.market.region if row.dear_is_normal}
        self.model = model
        self._seller = store.seller_key if store is not None else _no_seller
        if store is not None:
            from detector.run import model_in_force

            self.model = model_in_force(store)
            self.book.take(Peer(*peer) for peer in store.known_peers())
        self.book.take(Peer(*peer) for peer in peers)

    def inspect(self, listing: Listing, today: date) -> dict[str, Any]:
        """The judged reading in the exchange form; `today` dates a listing that has no date."""
        reading = self.reader.read(listing, today)
        moment = parse_time(listing.observed_at) or parse_time(listing.posted_at)
        day, region = (moment.date() if moment else today), self.book.region(listing.country)
        answer = answer_for(listing, reading, self.book, day=day, voice=self._seller(listing))
        opinion: Opinion | None = None
        if self.model is not None and reading.chips:
            from detector.model import Row, opinions_by_row

            row = Row(listing.site, segment(reading, region), figures(listing, reading, answer))
            opinion = opinions_by_row(self.model, [row], self.config.thresholds.score.forest_from)[0]
        young = others.new_seller(listing, self.config.signals.settings)
        judgement = self.judge.judge(
            reading, answer, opinion, [young] if young else (), dear_is_normal=region in self.dear
        )
        versions = {
            "knowledge": self.config.knowledge_version, "model": self.model.version if self.model else None,
            "thresholds": self.config.thresholds_version,
        }  # fmt: skip
        return with_judgement(reading, judgement, versions) | {"market": market_record(answer)}


def _no_seller(listing: Listing) -> str | None:
    return None
