"""The desk in the browser: pages for a person's decisions, laid over Datasette on the same database.

`app` builds it, `guard` lets only named persons in, `visit` is what a page is given, and each file in `pages/` is a page.
"""
