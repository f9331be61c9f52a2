"""Landmark models that were trained on 300-W, for research only; `lapland` finds them here."""
