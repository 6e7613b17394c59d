"""The load driver and the figures. `python -m bench` measures; docs/performance.md says how and what came out."""
