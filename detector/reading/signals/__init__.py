"""Signals that a listing gives by its words and fields: concepts of the lexicons, joined by a small grammar."""

from detector.reading.signals.reader import SignalReader

__all__ = ["SignalReader"]
