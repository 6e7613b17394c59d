"""The vocabulary of Korridor, said once: entities, commands, entries, frames and refusals as msgspec Structs."""
