"""The demo: the invented area Selmachtal, seeded by real commands, and colleagues who go on working there."""
