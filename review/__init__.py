"""Review: what a person sees and decides, from the morning's digest to the hand-over."""


class ReviewError(Exception):
    """Raised if something cannot be shown or written for review; the message says what, where and what to do."""
