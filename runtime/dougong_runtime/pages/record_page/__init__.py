"""A record's page as values: head, key facts, stages, tabs, facts by the form's layout, related lists, history."""

from dougong_runtime.pages.record_page.builder import RecordBuilder
from dougong_runtime.pages.record_page.parts import RecordAddress, RefusedMove
from dougong_runtime.pages.record_page.refusals import refused_delete, refused_move

__all__ = ["RecordAddress", "RecordBuilder", "RefusedMove", "refused_delete", "refused_move"]
