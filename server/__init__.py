"""The server of Korridor."""
