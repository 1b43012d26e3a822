"""Polite or not at all: who may be asked, when, and when to stop. Pure deciders; the middleware carries them out."""
