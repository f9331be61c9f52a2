"""Many photos, in processes, resumable."""
