"""The part of StackStorm's Python names that packs import, carried out by Raicho."""
