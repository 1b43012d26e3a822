"""Servers on loopback that tests crawl; each keeps a log of what was asked and when."""
