"""What can be shown: faces of values, forms, views, blocks, words, and the templates that draw them.

Everything here takes models and values and gives HTML; nothing knows of HTTP. Importing the package fills the registry
of blocks, `BLOCKS`.
"""

from dougong_runtime.pages import blocks_files, blocks_personal, blocks_talk

__all__ = ["blocks_files", "blocks_personal", "blocks_talk"]
