"""What can go wrong in the detector, in one line each."""

from __future__ import annotations


class DetectError(Exception):
    """Root of the detector's errors; the message is one line for the user."""


class ChangeError(DetectError):
    """Raised if a change of thresholds is asked for in words that cannot be understood, or of a name that is not there."""


class ColdStart(DetectError):
    """Raised if a forest is asked for where too few offers are known for one: no fault, rules and price alone judge until then."""


class ModelError(DetectError):
    """Raised if a stored forest cannot be used: other features, other versions, unreadable or untrusted content."""
