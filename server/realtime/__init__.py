"""Live: connections, seats and what is shown on them. Knows the kernel, and no slice."""
