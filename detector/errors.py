"""What can go wrong in the detector, in one line each."""

from __future__ import annotations


class DetectError(Exception):
    """Root of the detector's errors; the message is one line for the user."""


class ModelError(DetectError):
    """Raised if a stored forest cannot be used: other features, other versions, unreadable or untrusted content."""
