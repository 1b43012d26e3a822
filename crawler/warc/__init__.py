"""WARC files and WACZ packages, damaged ones too: what `chipwatch scan` and `chipwatch import` read archives by. Nothing here knows which pages matter."""
