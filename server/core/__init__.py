"""The kernel: spaces, commands, the committer and the journal. It knows no slice and no socket."""
