"""Base classes for the tests of packs, with the names that packs use."""
