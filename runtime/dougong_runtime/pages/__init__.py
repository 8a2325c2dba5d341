"""What can be shown: faces of values, forms, views, blocks, words, and the templates that draw them.

Everything here takes models and values and gives HTML; nothing knows of HTTP.
"""
