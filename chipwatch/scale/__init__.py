"""Past one machine: scanning web archives and judging years of history on Dask, through the single machine's own functions."""
