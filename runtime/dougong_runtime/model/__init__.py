"""The model: linked, frozen documents with lookups precomputed. Everything else takes a model."""
