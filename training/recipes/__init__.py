"""The settings that decide a run, and its weights on disk."""
