"""Names, metadata, parity and hashes of shipped models."""
