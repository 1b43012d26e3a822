"""Typed shapes of the TOML families, one module a family."""
