"""Review: what a person sees and decides, from the morning's digest to the hand-over."""
