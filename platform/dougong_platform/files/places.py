"""Which store a site has, as its settings say."""

from __future__ import annotations

from dougong_platform.files.store import FolderStore, Store
from dougong_platform.settings import Settings


def make_store(settings: Settings) -> Store:
    """The site's store. What speaks S3 is loaded only where the settings name it."""
    if not settings.files_url:
        return FolderStore(settings.data_dir / "files")
    from dougong_platform.files.s3 import S3Store

    return S3Store.of(settings)
