"""The formula language: text, syntax tree, typed tree, and the readings of the typed tree."""
