"""`python -m dougong_platform` is the command `dougong`."""

from dougong_platform.cli.main import main

main()
