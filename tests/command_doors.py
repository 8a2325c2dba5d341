"""The doors of the command line that speak for a person (`--as`). The others are the host's own, who has the files."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from typer.testing import CliRunner

from api_doors import unpacked
from dougong_platform.cli.main import dougong
from ward import ALL, Door, Ward


def exported(ward: Ward, username: str) -> str:
    """`dougong data export --as`."""
    settings = ward.clinic.site.settings
    environment = {
        "DOUGONG_DATABASE_URL": settings.database_url,
        "DOUGONG_DATA_DIR": str(settings.data_dir),
        "PATH": os.environ["PATH"],
    }
    seen = []
    with TemporaryDirectory() as folder, patch.dict(os.environ, environment, clear=True):
        for entity in ALL:
            file = Path(folder) / f"{entity}.csv"
            answer = CliRunner().invoke(
                dougong, ["data", "export", "clinic", entity, str(file), "--as", username]
            )
            seen.append(f"{answer.output}\n{answer.exception}")
            if file.exists():
                seen.append(unpacked(file.read_bytes()))
    return "\n".join(seen)


COMMAND_DOORS: tuple[Door, ...] = (Door("export by command", (), exported),)
